import { createServer } from 'node:net';
import { AmfObject, messageTypes, type ServerEvent, type ServerSession } from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { acceptAll, ScriptedServer } from '../test/scripted-server.js';
import { NetConnection } from './net-connection.js';
import type { NetStreamEvent } from './net-stream-event.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(script?: (event: ServerEvent, session: ServerSession) => void): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(script);
  closers.push(() => server.close());
  return server;
}

async function connect(url: string, options?: Parameters<typeof NetConnection.connect>[1]): Promise<NetConnection> {
  const connection = await NetConnection.connect(url, options);
  closers.push(() => connection.close());
  return connection;
}

describe('NetConnection', () => {
  it.each(['simple', 'digest'] as const)('connects with the %s handshake and closes in order', async (handshake) => {
    const server = await serve();
    const connection = await connect(`${server.url.replace('//', '//user:secret@')}/test?key=1`, { handshake });
    expect(connection.status?.code).toBe('NetConnection.Connect.Success');
    expect(connection.properties).toBeInstanceOf(AmfObject);
    expect(connection.url.streamName).toBe('test?key=1');
    expect(server.peer.events).toMatchObject([
      { type: 'connect', request: { app: 'live', tcUrl: server.url, args: ['user', 'secret'] } },
    ]);
    await connection.close();
    await connection.close();
    await server.until(() => server.connections === 0);
    expect(await connection.closed).toMatchObject({ code: 'ERR_RTMP_CONNECTION_CLOSED' });
    await expect(connection.createStream()).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_CLOSED' });
    await expect(connection.drained()).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_CLOSED' });
  });

  it.each([undefined, 0, 3] as const)('sends values by the object encoding agreed on: %s asked for', async (asked) => {
    const server = await serve((event, session) => {
      acceptAll(event, session);
      if (event.type === 'call') session.respond(event.request, ...event.request.args);
    });
    const connection = await connect(server.url, asked === undefined ? {} : { objectEncoding: asked });
    expect(connection.objectEncoding).toBe(asked ?? 0);
    const stream = await connection.createStream();
    await stream.publish('test');
    stream.sendData(5, ['onText', { a: 1 }]);
    expect(await connection.call('echo', [{ a: [1] }])).toEqual(new AmfObject([['a', [1]]]));
    const media = server.peer.events.flatMap((event) => (event.type === 'media' ? [event.message] : []));
    expect(media).toMatchObject([{ messageTypeId: asked === 3 ? messageTypes.dataAmf3 : messageTypes.dataAmf0 }]);
    const bytes = connection.call('echo', [Uint8Array.of(1)]);
    if (asked === 3) expect(await bytes).toEqual(Uint8Array.of(1));
    else await expect(bytes).rejects.toMatchObject({ code: 'ERR_AMF0_NOT_ENCODABLE' });
  });

  it('reports a server that refuses', async () => {
    const server = await serve((event, session) => {
      if (event.type !== 'connect') return;
      session.reject(event.request, { code: 'NetConnection.Connect.InvalidApp', description: 'no such app' });
    });
    await expect(NetConnection.connect(server.url)).rejects.toMatchObject({
      name: 'RtmpCommandError',
      code: 'NetConnection.Connect.InvalidApp',
      message: 'connect was refused: NetConnection.Connect.InvalidApp: no such app',
      status: { level: 'error' },
    });
    await server.until(() => server.connections === 0);
  });

  it('reports a server that is not there', async () => {
    const placeholder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => placeholder.once('listening', resolve));
    const address = placeholder.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await new Promise((resolve) => placeholder.close(resolve));
    await expect(NetConnection.connect(`rtmp://127.0.0.1:${port}/live`)).rejects.toMatchObject({
      name: 'RtmpConnectionError',
      code: 'ERR_RTMP_CONNECT_FAILED',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('reports a server that hangs up, that speaks something else, and that says nothing', async () => {
    const hangsUp = await ScriptedServer.startRaw((socket) => socket.end());
    closers.push(() => hangsUp.close());
    await expect(NetConnection.connect(hangsUp.url)).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });

    const http = await ScriptedServer.startRaw((socket) =>
      socket.write(`HTTP/1.1 400 Bad Request\r\n${' '.repeat(4000)}`),
    );
    closers.push(() => http.close());
    await expect(NetConnection.connect(http.url)).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECTION_LOST',
      cause: { name: 'RtmpRemoteError' },
    });

    const silent = await ScriptedServer.startRaw(() => {});
    closers.push(() => silent.close());
    await expect(NetConnection.connect(silent.url, { limits: { handshakeTimeoutMs: 20 } })).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECTION_LOST',
      cause: { code: 'ERR_RTMP_TIMEOUT_HANDSHAKE' },
    });
    const aborting = new AbortController();
    const connecting = NetConnection.connect(silent.url, { signal: aborting.signal });
    aborting.abort(new Error('changed my mind'));
    await expect(connecting).rejects.toThrow('changed my mind');
  });

  it('refuses what is no URL', async () => {
    await expect(NetConnection.connect('http://127.0.0.1/live')).rejects.toMatchObject({
      code: 'ERR_RTMP_URL_INVALID',
    });
  });

  it('calls the server and answers its calls', async () => {
    const server = await serve((event, session) => {
      acceptAll(event, session);
      if (event.type !== 'call') return;
      if (event.request.name === 'echo') session.respond(event.request, event.request.args[0]);
      else session.rejectCall(event.request, 'never heard of it');
    });
    const called: string[] = [];
    const connection = await connect(server.url, {
      onCall: (call) => {
        called.push(`${call.name} ${call.transactionId}`);
        return null;
      },
    });
    expect(await connection.call('echo', ['hello'])).toBe('hello');
    await expect(connection.call('other')).rejects.toMatchObject({
      name: 'RtmpCommandError',
      code: 'NetConnection.Call.Failed',
      status: { description: 'never heard of it' },
    });
    server.peer.session.sendCommand('tellMe', 0, []);
    server.peer.flush();
    await connection.call('echo', ['after it']);
    expect(called).toEqual(['onBWDone 0', 'tellMe 0']);
  });

  it('gives up on a call that is not answered', async () => {
    const server = await serve();
    const connection = await connect(server.url);
    await expect(connection.call('nothing', [], { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'ERR_RTMP_TIMEOUT_COMMAND',
    });
    const aborting = new AbortController();
    const waiting = connection.call('nothing', [], { signal: aborting.signal });
    aborting.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const lost = connection.call('nothing');
    server.peer.socket.destroy();
    await expect(lost).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
    expect(await connection.closed).toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
  });
});

describe('createStream', () => {
  it('refuses a message stream id that is in use, as nginx-rtmp and SRS give', async () => {
    // `_result` of transaction 3, the second createStream, made to say 1 again.
    const server = await serve();
    const connection = await connect(server.url);
    const stream = await connection.createStream();
    const again = connection.createStream();
    server.peer.session.sendCommand('_result', 3, [stream.id]);
    server.peer.flush();
    await expect(again).rejects.toMatchObject({ code: 'ERR_RTMP_STREAM_ID_IN_USE' });
    stream.close();
    expect((await connection.createStream()).id).toBeGreaterThan(0);
  });
});

describe('NetStream', () => {
  it('publishes: what is sent arrives, and closing says goodbye', async () => {
    const server = await serve();
    const connection = await connect(server.url);
    const stream = await connection.createStream();
    expect(await stream.publish('test?key=1')).toMatchObject({ code: 'NetStream.Publish.Start' });
    stream.sendData(0, ['@setDataFrame', 'onMetaData', { width: 640 }]);
    stream.sendAudio(10, Uint8Array.of(0xaf, 0));
    stream.sendVideo(0xffff_ffff, new Uint8Array(100_000).fill(5));
    await stream.drained();
    stream.close();
    stream.close();
    expect(() => stream.sendAudio(11, Uint8Array.of(0xaf))).toThrow(/closed/);
    await server.until(() => server.peer.events.some((event) => event.type === 'stopped'));
    expect(server.peer.events.slice(1)).toMatchObject([
      { type: 'publish', request: { streamName: 'test', query: 'key=1', publishType: 'live' } },
      { type: 'media', messageStreamId: stream.id, message: { messageTypeId: messageTypes.dataAmf0, timestamp: 0 } },
      { type: 'media', message: { messageTypeId: messageTypes.audio, timestamp: 10 } },
      {
        type: 'media',
        message: {
          messageTypeId: messageTypes.video,
          timestamp: 0xffff_ffff,
          payload: new Uint8Array(100_000).fill(5),
        },
      },
      { type: 'stopped', role: 'publish' },
    ]);
  });

  it('reports a refused name, and may try another', async () => {
    const server = await serve((event, session) => {
      if (event.type === 'publish' && event.request.streamName === 'taken') {
        session.reject(event.request, { code: 'NetStream.Publish.BadName', description: 'taken' });
      } else acceptAll(event, session);
    });
    const connection = await connect(server.url);
    const stream = await connection.createStream();
    const refused = stream.publish('taken');
    await expect(stream.publish('meanwhile')).rejects.toMatchObject({ code: 'ERR_RTMP_STREAM_BUSY' });
    await expect(refused).rejects.toMatchObject({ name: 'RtmpCommandError', code: 'NetStream.Publish.BadName' });
    await stream.publish('free', 'record', { fcPublish: false });
    expect(server.peer.events.at(-1)).toMatchObject({ request: { streamName: 'free', publishType: 'record' } });
  });

  it('plays on two streams of a connection at once', async () => {
    const server = await serve();
    const connection = await connect(server.url);
    const first = await connection.createStream();
    const second = await connection.createStream();
    expect(first.id).not.toBe(second.id);
    await first.play('one', { bufferMs: 500 });
    await second.play('two', { startMs: -1 });
    const { session, flush } = server.peer;
    for (const id of [second.id, first.id]) {
      const payload = Uint8Array.of(0x17, id);
      session.sendMessage(6, { messageTypeId: messageTypes.video, timestamp: 40, messageStreamId: id, payload });
    }
    session.sendData(first.id, 41, ['onMetaData', { width: 640 }]);
    session.sendStatus(first.id, 'NetStream.Play.UnpublishNotify', 'gone');
    flush();
    const media: NetStreamEvent[] = [];
    for await (const event of first) {
      if (event.type === 'userControl' || (event.type === 'data' && event.values?.[0] === '|RtmpSampleAccess'))
        continue;
      if (event.type === 'status' && event.status.code !== 'NetStream.Play.UnpublishNotify') continue;
      media.push(event);
      if (event.type === 'status') break;
    }
    expect(media).toMatchObject([
      { type: 'video', timestamp: 40, payload: Uint8Array.of(0x17, first.id) },
      { type: 'data', timestamp: 41, values: ['onMetaData', new AmfObject([['width', 640]])] },
      { type: 'status', status: { level: 'status', description: 'gone' } },
    ]);

    await connection.close();
    const left: string[] = [];
    for await (const event of second) left.push(event.type);
    expect(left).toContain('video');
    expect(first.closed).toBe(true);
  });

  it('throws from the iteration when the connection is lost', async () => {
    const server = await serve();
    const connection = await connect(server.url);
    const stream = await connection.createStream();
    await stream.play('test');
    const reading = (async () => {
      for await (const _event of stream);
    })();
    server.peer.socket.destroy();
    await expect(reading).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
    expect(() => stream.sendAudio(0, Uint8Array.of(1))).toThrow(
      expect.objectContaining({ code: 'ERR_RTMP_CONNECTION_LOST' }),
    );
  });

  it('makes the sender wait while the server does not read', async () => {
    const server = await serve();
    const connection = await connect(server.url);
    const stream = await connection.createStream();
    await stream.publish('test');
    server.peer.socket.pause();
    const payload = new Uint8Array(1_000_000);
    let timestamp = 0;
    while (stream.sendVideo(timestamp, payload)) timestamp += 1;
    let drained = false;
    const draining = stream.drained().then(() => {
      drained = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(drained).toBe(false);
    server.peer.socket.resume();
    await draining;
    await server.until(() => server.peer.events.filter(({ type }) => type === 'media').length === timestamp + 1);
  });

  it('stops reading while what it has read is not taken, and goes on when it is', async () => {
    const server = await serve((event, session) => {
      acceptAll(event, session);
      if (event.type === 'call') session.respond(event.request, 'answer');
    });
    const connection = await connect(server.url, { maxQueuedBytes: 200_000 });
    const stream = await connection.createStream();
    await stream.play('test');
    const { session, flush } = server.peer;
    const count = 400;
    for (let timestamp = 0; timestamp < count; timestamp += 1) {
      const payload = new Uint8Array(100_000);
      session.sendMessage(6, { messageTypeId: messageTypes.video, timestamp, messageStreamId: stream.id, payload });
      flush();
    }
    // 40 MB fit neither in the queue nor in the system's buffers: the answer stands behind what is not read.
    await expect(connection.call('ask', [], { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_RTMP_TIMEOUT_COMMAND',
    });
    let frames = 0;
    for await (const event of stream) {
      if (event.type === 'video') frames += 1;
      if (frames === count) break;
    }
    expect(frames).toBe(count);
    expect(await connection.call('ask')).toBe('answer');
  });
});
