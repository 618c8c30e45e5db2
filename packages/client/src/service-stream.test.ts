import {
  AmfObject,
  formatCapability,
  formatServiceHeader,
  parseDanmu,
  parseServiceHeader,
  responseHeader,
  type ServerEvent,
  type ServerSession,
  type ServiceCall,
  serviceMessageName,
} from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { acceptAll, ScriptedServer } from '../test/scripted-server.js';
import { NetConnection } from './net-connection.js';
import type { ServiceStreamEvent } from './service-event.js';
import type { ServeOptions, ServiceStream } from './service-stream.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Script = (event: ServerEvent, session: ServerSession) => void;

/** Attaches everyone, echoes danmu to who sent it, and answers what `onService` does not. */
function rooms(onService: (call: ServiceCall, session: ServerSession) => void = echo): Script {
  return (event, session) => {
    acceptAll(event, session);
    if (event.type === 'serve') {
      session.accept(event.request, { code: 'NetStream.Serve.Attache', description: 'attached' });
    }
    if (event.type === 'service') onService(event.call, session);
  };
}

function echo({ messageStreamId, header, args }: ServiceCall, session: ServerSession): void {
  session.sendCommand(serviceMessageName, 0, args, messageStreamId, header);
}

async function connect(script: Script, objectEncoding: 0 | 3 = 0) {
  const server = await ScriptedServer.start(script);
  closers.push(() => server.close());
  const connection = await NetConnection.connect(server.url, { objectEncoding });
  closers.push(() => connection.close());
  return { server, connection };
}

async function join(script: Script, options?: ServeOptions, objectEncoding: 0 | 3 = 0) {
  const { server, connection } = await connect(script, objectEncoding);
  return { server, connection, room: await connection.serve('room', options) };
}

async function nextOf(room: ServiceStream, count: number): Promise<ServiceStreamEvent[]> {
  const events: ServiceStreamEvent[] = [];
  for await (const event of room) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

const texts = (events: readonly ServiceStreamEvent[]) =>
  events.map((event) => (event.type === 'danmu' ? event.danmu.content : event.type));

describe('serving', () => {
  it.each([
    ['NetStream.Serve.Create', 'created'],
    ['NetStream.Serve.Attache', 'attached'],
    ['NetStream.Serve.Attach', 'attached'],
  ])('resolves on %s', async (code, outcome) => {
    const { server, connection } = await connect((event, session) => {
      acceptAll(event, session);
      if (event.type === 'serve') session.accept(event.request, { code, description: '' });
    });
    const room = await connection.serve('房间 1');
    expect(room).toMatchObject({ name: '房间 1', outcome, closed: false });
    expect(server.peer.events.at(-1)).toMatchObject({ type: 'serve', request: { streamName: '房间 1' } });
  });

  it.each<[string, (session: ServerSession, id: number) => void]>([
    ['onStatus', (session, id) => session.sendCommand('onStatus', 0, ['NetStream.Serve.Create'], id)],
    ['Onstatus', (session, id) => session.sendCommand('Onstatus', 0, ['NetStream.Serve.Create'], id)],
    ['Onstatus', (session, id) => session.sendCommand('Onstatus', 0, [], id, 'NetStream.Serve.Create')],
  ])("takes the draft's bare string in %s", async (_name, answer) => {
    const { connection } = await connect((event, session) => {
      acceptAll(event, session);
      if (event.type === 'serve') answer(session, event.request.messageStreamId);
    });
    expect((await connection.serve('room')).outcome).toBe('created');
  });

  it('reports a refusal and gives the stream back', async () => {
    const { server, connection } = await connect((event, session) => {
      acceptAll(event, session);
      if (event.type !== 'serve') return;
      session.reject(event.request, { code: 'NetStream.Serve.Error', description: 'the room is full' });
    });
    await expect(connection.serve('room')).rejects.toMatchObject({
      name: 'RtmpCommandError',
      code: 'NetStream.Serve.Error',
      message: 'serve was refused: NetStream.Serve.Error: the room is full',
      status: { level: 'error' },
    });
    // Only one more stream fits if the first was not given back.
    const ids = new Set<number>();
    for (let i = 0; i < 3; i += 1) ids.add((await connection.createStream()).id);
    expect(ids.size).toBe(3);
    expect(server.connections).toBe(1);
  });

  it('gives up on a server that does not answer, and at once on one that knows no services', async () => {
    const silent = await connect(acceptAll);
    await expect(silent.connection.serve('room', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_RTMP_TIMEOUT_COMMAND',
    });
    const other = await connect((event, session) => {
      acceptAll(event, session);
      if (event.type === 'serve') session.sendStatus(event.request.messageStreamId, 'NetStream.Failed', 'what?');
    });
    await expect(other.connection.serve('room')).rejects.toMatchObject({ code: 'NetStream.Failed' });
  });

  it('refuses names that no service can have', async () => {
    const { connection } = await connect(rooms());
    await expect(connection.serve('')).rejects.toMatchObject({ code: 'ERR_SERVICE_NAME' });
    await expect(connection.serve('a\nb')).rejects.toMatchObject({ code: 'ERR_SERVICE_NAME' });
  });
});

describe.each([0, 3] as const)('messages with object encoding %s', (objectEncoding) => {
  it('sends danmu with what was given and defaults for the rest, and receives them in order', async () => {
    const calls: ServiceCall[] = [];
    const script = rooms((call, session) => {
      calls.push(call);
      echo(call, session);
    });
    const sender = { userId: 'alice', deviceType: 1 };
    const { room } = await join(script, { sender, networkId: 'net-01' }, objectEncoding);
    const beforeMs = Date.now();
    const ids = [
      room.danmu('你好'),
      room.danmu({ content: 'second', userId: 'bob', priority: 0, abandon: false, timeStampMs: 5 }),
    ];
    const events = await nextOf(room, 2);
    expect(texts(events)).toEqual(['你好', 'second']);
    expect(new Set(ids).size).toBe(2);
    expect(calls.map(({ header }) => parseServiceHeader(header))).toEqual([
      {
        ...{ version: 0, transimitType: 'broadcast', serviceType: 0, priority: 4, abandon: true },
        ...{ messageId: ids[0], networkId: 'net-01' },
      },
      expect.objectContaining({ priority: 0, abandon: false, messageId: ids[1] }),
    ]);
    const [first, second] = calls.map(({ args }) => parseDanmu(args[0] ?? null));
    expect(first).toMatchObject({ userId: 'alice', userLevel: '', deviceType: 1, roomId: 'room', danmuType: 0 });
    expect(first?.timeStampMs).toBeGreaterThanOrEqual(beforeMs);
    expect(second).toMatchObject({ userId: 'bob', timeStampMs: 5 });
  });

  it('passes on messages of other service types', async () => {
    const { room } = await join(rooms(), {}, objectEncoding);
    const messageId = room.send({ serviceType: 77, transimitType: 'origin', priority: 7 }, { angle: 3, on: [true] });
    const [event] = await nextOf(room, 1);
    expect(event).toMatchObject({
      type: 'message',
      message: { header: { serviceType: 77, transimitType: 'origin', priority: 7, abandon: false, messageId } },
    });
    const content = event?.type === 'message' ? event.message.content : undefined;
    expect(content instanceof AmfObject && content.get('angle')).toBe(3);
  });

  it('matches answers to capability queries by their id', async () => {
    const capability = { networkName: 'net', live: 'rtmp', rtc: 'no', service: 0, danmu: 'danmu' } as const;
    const asked: ServiceCall[] = [];
    const { room } = await join(
      rooms((call, session) => {
        asked.push(call);
        if (asked.length < 2) return;
        // In the wrong order, after one that nobody asked for.
        const stranger = { ...responseHeader(parseServiceHeader(call.header)), messageId: 'stranger' };
        const answers = asked.reverse().map(({ header }) => responseHeader(parseServiceHeader(header)));
        for (const [i, header] of [stranger, ...answers].entries()) {
          const content = formatCapability({ ...capability, service: i });
          const value = formatServiceHeader(header);
          session.sendCommand(serviceMessageName, 0, [content], call.messageStreamId, value);
        }
      }),
      {},
      objectEncoding,
    );
    const answers = await Promise.all([room.queryCapability(), room.queryCapability()]);
    expect(answers).toEqual([
      { ...capability, service: 2 },
      { ...capability, service: 1 },
    ]);
    expect(asked.map(({ args }) => args[0])).toEqual([null, null]);
    expect(await nextOf(room, 1)).toMatchObject([{ type: 'message', message: { header: { messageId: 'stranger' } } }]);
  });
});

describe('a service stream', () => {
  it('says what may not be sent', async () => {
    const { room } = await join(rooms());
    expect(() => room.danmu('x'.repeat(501))).toThrow(/content is 501 characters long/);
    expect(() => room.danmu({ content: 'x', priority: 8 })).toThrow(/priority is 8/);
    expect(() => room.send({ serviceType: -1 }, null)).toThrow(/serviceType/);
  });

  it('reports messages that do not have the format, and goes on', async () => {
    const { room } = await join(
      rooms((call, session) => {
        const { messageStreamId: id } = call;
        session.sendCommand(serviceMessageName, 0, [null], id, { version: 9 });
        session.sendCommand(serviceMessageName, 0, [{ content: 5 }], id, call.header);
        session.sendCommand(serviceMessageName, 0, [], id);
        echo(call, session);
      }),
    );
    room.danmu('fine');
    const events = await nextOf(room, 4);
    expect(texts(events)).toEqual(['invalid', 'invalid', 'invalid', 'fine']);
    expect(events.flatMap((event) => (event.type === 'invalid' ? [event.error.code] : []))).toEqual([
      'ERR_SERVICE_HEADER',
      'ERR_SERVICE_DANMU',
      'ERR_SERVICE_HEADER',
    ]);
  });

  it('gives up on a query without an answer, and on a bad one', async () => {
    const silent = await join(rooms(() => {}));
    await expect(silent.room.queryCapability({ timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_RTMP_TIMEOUT_COMMAND',
    });
    const bad = await join(
      rooms(({ header, messageStreamId }, session) => {
        const value = formatServiceHeader(responseHeader(parseServiceHeader(header)));
        session.sendCommand(serviceMessageName, 0, [{ networkName: 'n', live: 'hls' }], messageStreamId, value);
      }),
    );
    await expect(bad.room.queryCapability()).rejects.toMatchObject({ code: 'ERR_SERVICE_CAPABILITY' });
  });

  it('uses another name for messages where it is told to', async () => {
    const { server, connection } = await connect(rooms());
    const room = await connection.serve('room', { messageName: 'cdnunion2030' });
    room.danmu('hello');
    await server.until(() => server.peer.events.at(-1)?.type === 'call');
    expect(server.peer.events.at(-1)).toMatchObject({ request: { name: 'cdnunion2030', messageStreamId: room.id } });
  });

  it('detaches when it is closed, and leaves the connection', async () => {
    const { server, connection, room } = await join(rooms(() => {}));
    const query = room.queryCapability();
    room.close();
    room.close();
    await expect(query).rejects.toMatchObject({ code: 'ERR_RTMP_STREAM_CLOSED' });
    expect(() => room.danmu('too late')).toThrow(/has been closed/);
    for await (const event of room) throw new Error(`unexpected ${event.type}`);
    await server.until(() => server.peer.events.some(({ type }) => type === 'stopped'));
    expect(server.peer.events.at(-1)).toMatchObject({ type: 'stopped', role: 'serve', reason: 'deleteStream' });
    await expect(connection.createStream()).resolves.toBeDefined();
  });

  it('ends with the connection', async () => {
    const { server, room } = await join(rooms(() => {}));
    const query = room.queryCapability();
    server.peer.socket.destroy();
    await expect(query).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
    await expect(nextOf(room, 1)).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
    expect(room.closed).toBe(true);
    expect(() => room.danmu('too late')).toThrow(/connection/);
  });

  it('tells a listener instead of queueing', async () => {
    const events: ServiceStreamEvent[] = [];
    let told = (): void => {};
    const both = new Promise<void>((resolve) => {
      told = resolve;
    });
    const { room } = await join(rooms(), {
      onEvent: (event) => {
        events.push(event);
        if (events.length === 2) told();
      },
    });
    room.danmu('one');
    room.danmu('two');
    await both;
    expect(texts(events)).toEqual(['one', 'two']);
  });

  it('stops reading the connection while nobody takes what came', async () => {
    const { server, connection, room } = await join((event, session) => {
      rooms()(event, session);
      if (event.type === 'call') session.respond(event.request, 'answer');
    });
    const header = formatServiceHeader({
      ...{ version: 0, transimitType: 'broadcast', serviceType: 5, priority: 0, abandon: true },
      ...{ messageId: 'm', networkId: '' },
    });
    const { session, flush } = server.peer;
    const count = 600;
    for (let i = 0; i < count; i += 1) {
      session.sendCommand(serviceMessageName, 0, [{ text: 'x'.repeat(60_000) }], room.id, header);
      flush();
    }
    await expect(connection.call('ask', [], { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'ERR_RTMP_TIMEOUT_COMMAND',
    });
    expect(texts(await nextOf(room, count))).toHaveLength(count);
    expect(await connection.call('ask')).toBe('answer');
  });
});
