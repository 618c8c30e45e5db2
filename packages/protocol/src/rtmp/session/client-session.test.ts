import { describe, expect, it } from 'vitest';
import { AmfObject } from '../../amf/index.js';
import { ByteWriter } from '../../bytes/index.js';
import { ChunkEncoder } from '../chunk/index.js';
import { encodeMessage, joinAggregate, type MessageInput, messageTypes, type RawMessage } from '../message/index.js';
import { ClientSession } from './client-session.js';
import type { ClientEvent } from './client-session-event.js';
import type { ClientSessionOptions } from './client-session-options.js';
import { SessionPair } from './session-pair.js';

const control = { timestamp: 0, messageStreamId: 0 } as const;

function video(timestamp: number, payload: Uint8Array, messageStreamId = 0): RawMessage {
  return { messageTypeId: messageTypes.video, timestamp, messageStreamId, payload };
}

/** A client past its handshake, whose server is written by hand: what `say` encodes arrives at once. */
class ScriptedServer {
  readonly client: ClientSession;
  readonly #encoder = new ChunkEncoder();

  constructor(options: Partial<ClientSessionOptions> = {}) {
    const crypto = {
      randomBytes: (count: number) => new Uint8Array(count),
      hmacSha256: () => new Uint8Array(32),
    };
    this.client = new ClientSession({ crypto, nowMs: 0, ...options });
    const handshake = new Uint8Array(1 + 1536 * 2);
    handshake[0] = 3;
    this.client.receive(handshake, 0);
    expect(this.events()).toEqual([{ type: 'handshaken' }]);
  }

  say(...messages: (MessageInput | RawMessage)[]): void {
    const writer = new ByteWriter();
    for (const message of messages) {
      this.#encoder.encode(3, 'type' in message ? encodeMessage(message) : message, writer);
    }
    this.client.receive(writer.finish(), 0);
  }

  command(
    name: string,
    transactionId: number,
    args: readonly (null | string | number | AmfObject)[],
    stream = 0,
  ): void {
    this.say({
      type: 'command',
      encoding: 'amf0',
      timestamp: 0,
      messageStreamId: stream,
      name,
      transactionId,
      commandObject: null,
      args,
    });
  }

  events(): ClientEvent[] {
    const events: ClientEvent[] = [];
    for (let event = this.client.nextEvent(); event; event = this.client.nextEvent()) events.push(event);
    return events;
  }

  /** How many bytes the client answers with. */
  outputBytes(): number {
    let bytes = 0;
    for (let output = this.client.takeOutput(); output; output = this.client.takeOutput()) bytes += output.length;
    return bytes;
  }
}

describe('ClientSession against ServerSession', () => {
  it.each([
    ['simple', Number.POSITIVE_INFINITY],
    ['digest', Number.POSITIVE_INFINITY],
    ['simple', 1],
    ['digest', 1],
    ['simple', 1447],
  ] as const)('connects, publishes and closes: %s handshake, %d bytes at a time', (handshake, pieceBytes) => {
    const pair = new SessionPair({ pieceBytes, client: { handshake } });
    const id = pair.connectAndCreateStream();
    expect(pair.takeEvents()).toMatchObject({
      client: [
        { type: 'handshaken' },
        { type: 'userControl', event: { type: 'streamBegin', messageStreamId: 0 } },
        { type: 'connected', status: { level: 'status', code: 'NetConnection.Connect.Success' } },
        { type: 'call', call: { name: 'onBWDone', transactionId: 0 } },
        { type: 'streamCreated', messageStreamId: 1 },
      ],
      server: [
        { type: 'connect', request: { app: 'live', tcUrl: 'rtmp://127.0.0.1/live', fourCcList: ['*'], capsEx: 14 } },
      ],
    });

    pair.client.releaseStream('test');
    pair.client.fcPublish('test');
    pair.client.publish(id, 'test?key=1');
    pair.run();
    const published = pair.takeEvents();
    expect(published.server).toMatchObject([
      { type: 'publish', request: { streamName: 'test', query: 'key=1', publishType: 'live' } },
    ]);
    expect(published.client.filter((event) => event.type === 'status')).toMatchObject([
      { messageStreamId: id, status: { code: 'NetStream.Publish.Start', level: 'status' } },
    ]);
    expect(published.client.filter((event) => event.type === 'result')).toMatchObject([
      { name: 'releaseStream' },
      { name: 'FCPublish' },
    ]);

    const payload = Uint8Array.from({ length: 70_000 }, (_, index) => index & 0xff);
    pair.client.sendMessage(id, video(40, payload));
    pair.client.sendData(id, 41, ['@setDataFrame', 'onMetaData', { width: 640 }]);
    pair.client.sendMessage(id, { ...video(0xffff_fff0, payload.subarray(0, 10)), messageTypeId: messageTypes.audio });
    pair.run();
    expect(pair.takeEvents().server).toEqual([
      { type: 'media', messageStreamId: id, message: { ...video(40, payload), messageStreamId: id } },
      {
        type: 'media',
        messageStreamId: id,
        message: expect.objectContaining({ messageTypeId: messageTypes.dataAmf0 }),
      },
      { type: 'media', messageStreamId: id, message: expect.objectContaining({ timestamp: 0xffff_fff0 }) },
    ]);

    pair.client.fcUnpublish('test');
    pair.client.deleteStream(id);
    pair.client.close();
    pair.run();
    expect(pair.takeEvents().server).toMatchObject([{ type: 'stopped', messageStreamId: id, role: 'publish' }]);
  });

  it.each([Number.POSITIVE_INFINITY, 1])('plays, pauses and stops: %d bytes at a time', (pieceBytes) => {
    const pair = new SessionPair({ pieceBytes });
    const id = pair.connectAndCreateStream();
    pair.client.setBufferLength(id, 3000);
    pair.client.play(id, 'test', { startMs: -1 });
    pair.run();
    const started = pair.takeEvents();
    expect(started.server).toMatchObject([
      { type: 'connect' },
      { type: 'bufferLength', bufferMs: 3000 },
      { type: 'play', request: { streamName: 'test', start: -1, duration: -1, reset: true } },
    ]);
    const codes = started.client.flatMap((event) => (event.type === 'status' ? [event.status.code] : []));
    expect(codes).toContain('NetStream.Play.Start');
    expect(started.client).toContainEqual({ type: 'userControl', event: { type: 'streamBegin', messageStreamId: id } });

    const payload = Uint8Array.from([0x17, 1, 0, 0, 0, 9]);
    pair.server.sendMessage(6, video(100, payload, id));
    pair.server.sendData(id, 100, ['onMetaData', { width: 640 }]);
    pair.run();
    expect(pair.takeEvents().client).toEqual([
      { type: 'media', messageStreamId: id, message: video(100, payload, id) },
      {
        type: 'data',
        messageStreamId: id,
        message: expect.objectContaining({ messageTypeId: messageTypes.dataAmf0, timestamp: 100 }),
        values: ['onMetaData', new AmfObject([['width', 640]])],
      },
    ]);

    pair.client.pause(id, true, 100);
    pair.client.receiveAudio(id, false);
    pair.client.receiveVideo(id, false);
    pair.client.seek(id, 50);
    pair.client.closeStream(id);
    pair.run();
    expect(pair.takeEvents().server).toMatchObject([
      { type: 'pause', pause: true, timeMs: 100 },
      { type: 'receiveAudio', receive: false },
      { type: 'receiveVideo', receive: false },
      { type: 'seek', request: { messageStreamId: id, timeMs: 50 } },
      { type: 'stopped', role: 'play', reason: 'closeStream' },
    ]);
  });

  it('reports a refused connect, and a refused publish on its stream', () => {
    const refused = new SessionPair({ autoAccept: false });
    refused.client.connect({ app: 'secret', tcUrl: 'rtmp://127.0.0.1/secret', args: ['user', 'password'] });
    refused.run();
    const [event] = refused.takeEvents().server;
    if (event?.type !== 'connect') throw new Error('no connect request');
    expect(event.request.args).toEqual(['user', 'password']);
    refused.server.reject(event.request, { code: 'NetConnection.Connect.Rejected', description: 'no' });
    refused.run();
    expect(refused.takeEvents().client).toMatchObject([
      { type: 'rejected', status: { level: 'error', code: 'NetConnection.Connect.Rejected', description: 'no' } },
    ]);
    expect(refused.client.nextDeadlineMs()).toBeUndefined();

    const pair = new SessionPair();
    const id = pair.connectAndCreateStream();
    pair.takeEvents();
    pair.client.publish(id, '');
    pair.run();
    expect(pair.takeEvents().client).toMatchObject([
      { type: 'status', messageStreamId: id, status: { level: 'error', code: 'NetStream.Publish.BadName' } },
    ]);
  });

  it('gets answers to its calls', () => {
    const pair = new SessionPair();
    pair.connectAndCreateStream();
    pair.takeEvents();
    const sum = pair.client.call('sum', [1, 2]);
    const missing = pair.client.call('missing');
    pair.client.sendCommand(0, 'silent');
    pair.run();
    for (const event of pair.takeEvents().server) {
      if (event.type !== 'call') continue;
      if (event.request.name === 'sum') pair.server.respond(event.request, 3);
      else pair.server.rejectCall(event.request);
    }
    pair.run();
    expect(pair.takeEvents().client).toMatchObject([
      { type: 'result', transactionId: sum, name: 'sum', values: [3] },
      { type: 'error', transactionId: missing, name: 'missing', status: { code: 'NetConnection.Call.Failed' } },
    ]);
  });

  it('answers pings, so that an idle connection lives on', () => {
    const pair = new SessionPair({ server: { limits: { idleTimeoutMs: 1000 } } });
    pair.connectAndCreateStream();
    pair.takeEvents();
    for (let i = 0; i < 10; i += 1) pair.advance(600);
    expect(pair.takeEvents()).toEqual({ client: [], server: [] });
  });

  it('acknowledges every window and changes chunk size in mid-stream', () => {
    const pair = new SessionPair({ server: { windowAckSize: 10_000 } });
    const id = pair.connectAndCreateStream();
    pair.client.play(id, 'test');
    pair.run();
    expect(pair.server.acknowledgedBytes).toBe(0);
    for (let i = 0; i < 5; i += 1) {
      pair.server.sendMessage(6, video(i, new Uint8Array(9_000), id));
      pair.run();
    }
    expect(pair.server.acknowledgedBytes).toBeGreaterThan(40_000);

    const publishing = pair.createStream();
    pair.client.publish(publishing, 'other');
    pair.run();
    pair.takeEvents();
    for (const chunkSize of [128, 1, 65_536]) {
      pair.client.setChunkSize(chunkSize);
      expect(pair.client.chunkSize).toBe(chunkSize);
      pair.client.sendMessage(publishing, video(1, new Uint8Array(1000).fill(7)));
      pair.run();
      expect(pair.takeEvents().server).toMatchObject([
        { type: 'media', message: { payload: new Uint8Array(1000).fill(7) } },
      ]);
    }
  });
});

describe('ClientSession', () => {
  it('splits aggregates and corrects their times', () => {
    const server = new ScriptedServer();
    const parts = [video(1000, Uint8Array.of(1), 1), video(1040, Uint8Array.of(2), 1)] as const;
    server.say({ ...joinAggregate(parts), timestamp: 5000 });
    expect(server.events()).toEqual([
      { type: 'media', messageStreamId: 1, message: video(5000, Uint8Array.of(1), 1) },
      { type: 'media', messageStreamId: 1, message: video(5040, Uint8Array.of(2), 1) },
    ]);
  });

  it('passes data on that it cannot decode', () => {
    const server = new ScriptedServer();
    const message = { messageTypeId: 18, timestamp: 5, messageStreamId: 1, payload: Uint8Array.of(2, 0xff, 0xff) };
    server.say(message);
    expect(server.events()).toEqual([{ type: 'data', messageStreamId: 1, message, values: undefined }]);
  });

  it('shows calls of the server and answers them', () => {
    const server = new ScriptedServer();
    server.outputBytes();
    server.command('onBWDone', 0, [8192]);
    server.command('ask', 7, ['why']);
    const events = server.events();
    expect(events).toMatchObject([
      { type: 'call', call: { name: 'onBWDone', transactionId: 0, args: [8192] } },
      { type: 'call', call: { name: 'ask', transactionId: 7, args: ['why'] } },
    ]);
    for (const event of events) if (event.type === 'call') server.client.rejectCall(event.call);
    expect(server.outputBytes()).toBeGreaterThan(0);
    for (const event of events)
      if (event.type === 'call' && event.call.transactionId === 0) server.client.respond(event.call, 1);
    expect(server.outputBytes()).toBe(0);
  });

  it('answers Set Peer Bandwidth when the window changes', () => {
    const server = new ScriptedServer({ windowAckSize: 1_000_000 });
    server.outputBytes();
    const windowAckSizeBytes = 12 + 4;
    const say = (windowAckSize: number, limitType: 'hard' | 'soft' | 'dynamic'): number => {
      server.say({ type: 'setPeerBandwidth', ...control, windowAckSize, limitType });
      expect(server.events()).toEqual([]);
      return server.outputBytes();
    };
    expect(say(500_000, 'dynamic')).toBe(0);
    expect(say(1_000_000, 'hard')).toBe(0);
    expect(say(500_000, 'hard')).toBe(windowAckSizeBytes);
    expect(say(900_000, 'soft')).toBe(0);
  });

  it('takes a refusal of connect that is a status only', () => {
    const server = new ScriptedServer();
    server.client.connect({ app: 'a', tcUrl: 'rtmp://h/a' });
    const info = new AmfObject([
      ['level', 'error'],
      ['code', 'NetConnection.Connect.InvalidApp'],
    ]);
    server.command('onStatus', 0, [info]);
    server.command('_error', 1, [info]);
    expect(server.events()).toMatchObject([
      { type: 'rejected', status: { code: 'NetConnection.Connect.InvalidApp' } },
      { type: 'error', transactionId: 1, name: undefined },
    ]);
  });

  it.each([['not a number'], [0], [-1], [1.5], [2 ** 32], [null]])(
    'fails when createStream is answered by %s',
    (id) => {
      const server = new ScriptedServer();
      const transactionId = server.client.createStream();
      server.command('_result', transactionId, [id]);
      server.command('onStatus', 0, []);
      expect(server.events()).toMatchObject([{ type: 'failed', error: { code: 'ERR_RTMP_SESSION_STREAM_ID' } }]);
      expect(server.client.ended).toBe(true);
      expect(server.client.nextDeadlineMs()).toBeUndefined();
    },
  );

  it('ends when the server says close', () => {
    const server = new ScriptedServer();
    server.command('close', 0, []);
    server.command('ask', 7, []);
    expect(server.events()).toEqual([{ type: 'closed' }]);
    server.outputBytes();
    server.client.publish(1, 'late');
    server.client.sendMessage(1, video(0, new Uint8Array(5)));
    expect(server.outputBytes()).toBe(0);
  });

  it('fails on a chunk of a size over the limit, and on a bad command', () => {
    const small = new ScriptedServer({ limits: { maxMessageBytes: 1000 } });
    small.say(video(0, new Uint8Array(1001)));
    expect(small.events()).toMatchObject([{ type: 'failed', error: { name: 'RtmpRemoteError' } }]);
    const bad = new ScriptedServer();
    bad.say({ messageTypeId: 20, timestamp: 0, messageStreamId: 0, payload: Uint8Array.of(9, 9, 9) });
    expect(bad.events()).toMatchObject([{ type: 'failed', error: { name: 'RtmpRemoteError' } }]);
  });

  it('times out in the handshake, in connect and, when told, in silence', () => {
    const crypto = { randomBytes: (count: number) => new Uint8Array(count), hmacSha256: () => new Uint8Array(32) };
    const silent = new ClientSession({ crypto, nowMs: 100, limits: { handshakeTimeoutMs: 50 } });
    expect(silent.nextDeadlineMs()).toBe(150);
    silent.checkDeadline(149);
    expect(silent.nextEvent()).toBeUndefined();
    silent.checkDeadline(150);
    expect(silent.nextEvent()).toMatchObject({ type: 'failed', error: { code: 'ERR_RTMP_TIMEOUT_HANDSHAKE' } });

    const server = new ScriptedServer({ limits: { connectTimeoutMs: 70, idleTimeoutMs: 80 } });
    expect(server.client.nextDeadlineMs()).toBe(80);
    server.client.connect({ app: 'a', tcUrl: 'rtmp://h/a' });
    expect(server.client.nextDeadlineMs()).toBe(70);
    server.client.checkDeadline(70);
    expect(server.events()).toMatchObject([{ type: 'failed', error: { code: 'ERR_RTMP_TIMEOUT_CONNECT' } }]);

    const idle = new ScriptedServer({ limits: { idleTimeoutMs: 80 } });
    idle.client.checkDeadline(80);
    expect(idle.events()).toMatchObject([{ type: 'failed', error: { code: 'ERR_RTMP_TIMEOUT_IDLE' } }]);
  });

  it('refuses a second connect and too many calls', () => {
    const server = new ScriptedServer({ limits: { maxPendingCalls: 2 } });
    server.client.connect({ app: 'a', tcUrl: 'rtmp://h/a' });
    expect(() => server.client.connect({ app: 'a', tcUrl: 'rtmp://h/a' })).toThrow(/before/);
    server.client.createStream();
    expect(() => server.client.createStream()).toThrow(expect.objectContaining({ code: 'ERR_RTMP_PENDING_CALLS' }));
  });
});
