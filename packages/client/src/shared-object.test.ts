import {
  AmfDate,
  AmfObject,
  type ServerEvent,
  type ServerSession,
  type SharedObjectContentInput,
  type SharedObjectEvent,
  type SharedObjectEventInput,
} from '@millrace/protocol';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { acceptAll, ScriptedServer } from '../test/scripted-server.js';
import { WebSocketFront } from '../test/web-socket-front.js';
import { NetConnection } from './net-connection.js';
import { SharedObject, type SharedObjectListeners, type SharedObjectOptions } from './shared-object.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Answer = (event: SharedObjectEvent, tell: (...events: SharedObjectEventInput[]) => void) => void;

const welcome: readonly SharedObjectEventInput[] = [
  { type: 'useSuccess' },
  { type: 'clear' },
  { type: 'change', name: 'color', value: 'red' },
  { type: 'change', name: 'line', value: new AmfObject([['points', [1, 2]]]) },
];

/** Lets everybody in at version 4; `answer` says what becomes of everything else, a version later. */
function objects(answer: Answer = () => {}): (event: ServerEvent, session: ServerSession) => void {
  return (event, session) => {
    acceptAll(event, session);
    if (event.type !== 'sharedObject') return;
    const { name, persistent, version, events } = event.content;
    const tell = (...told: SharedObjectEventInput[]): void =>
      session.sendSharedObject({ name, persistent, version: version === 0 ? 4 : version + 1, events: told });
    for (const one of events) {
      if (one.type === 'use') tell(...welcome);
      else answer(one, tell);
    }
  };
}

const succeed: Answer = (event, tell) => {
  if (event.type === 'requestChange') tell({ type: 'success', name: event.name });
};

async function connect(script = objects(), options: Parameters<typeof NetConnection.connect>[1] = {}) {
  const server = await ScriptedServer.start(script);
  closers.push(() => server.close());
  const connection = await NetConnection.connect(server.url, options);
  closers.push(() => connection.close());
  /** What the server was told so far, in its messages. */
  const asked = () => server.peer.events.flatMap((event) => (event.type === 'sharedObject' ? [event.content] : []));
  const tell = (...events: SharedObjectEventInput[]): void => {
    const content: SharedObjectContentInput = { name: 'board', persistent: false, version: 9, events };
    server.peer.session.sendSharedObject(content);
    server.peer.flush();
  };
  return { server, connection, asked, tell };
}

interface Board {
  color?: string;
  line?: { readonly points: readonly number[] };
  [name: string]: unknown;
}

async function use(answer?: Answer, options: SharedObjectOptions = {}, objectEncoding: 0 | 3 = 0) {
  const scene = await connect(objects(answer), { objectEncoding });
  return { ...scene, board: await SharedObject.getRemote<Board>('board', scene.connection, options) };
}

function next<Type extends keyof SharedObjectListeners>(
  object: { on(type: Type, listener: SharedObjectListeners[Type]): () => void },
  type: Type,
): Promise<Parameters<SharedObjectListeners[Type]>[0]> {
  return new Promise((resolve) => {
    const stop = object.on(type, ((event: Parameters<SharedObjectListeners[Type]>[0]) => {
      stop();
      resolve(event);
    }) as SharedObjectListeners[Type]);
  });
}

describe('using a shared object', () => {
  it('resolves with its state', async () => {
    const changes: unknown[] = [];
    const { asked, board } = await use(undefined, { persistent: true, on: { sync: (list) => changes.push(...list) } });
    expect(asked()).toEqual([{ name: 'board', version: 0, persistent: true, events: [{ type: 'use' }] }]);
    expect(board).toMatchObject({ name: 'board', persistent: true, version: 4, closed: false });
    expect(board.data).toEqual({ color: 'red', line: { points: [1, 2] } });
    expect(Object.keys(board.data)).toEqual(['color', 'line']);
    expect(changes).toEqual([
      { type: 'clear' },
      { type: 'change', name: 'color', oldValue: undefined },
      { type: 'change', name: 'line', oldValue: undefined },
    ]);
  });

  it.each(['SharedObject.NoReadAccess', 'SharedObject.BadPersistence'])('reports %s', async (code) => {
    const { connection } = await connect((event, session) => {
      acceptAll(event, session);
      if (event.type !== 'sharedObject') return;
      const { content } = event;
      session.sendSharedObject({ ...content, events: [{ type: 'status', code, level: 'error' }] });
    });
    await expect(connection.sharedObject('board')).rejects.toMatchObject({
      ...{ name: 'RtmpCommandError', code, message: `the use of board was refused: ${code}` },
    });
    // The name is free again.
    await expect(connection.sharedObject('board')).rejects.toMatchObject({ code });
  });

  it('gives up on a server that does not answer, is closed or breaks off', async () => {
    const silent = await connect(acceptAll);
    await expect(silent.connection.sharedObject('board', { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_RTMP_TIMEOUT_COMMAND',
    });
    const aborted = silent.connection.sharedObject('board', { signal: AbortSignal.timeout(20) });
    await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
    const lost = silent.connection.sharedObject('board');
    silent.server.peer.socket.destroy();
    await expect(lost).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
    await expect(silent.connection.sharedObject('other')).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
  });

  it('takes a name once, and no name that cannot be sent', async () => {
    const { connection, board } = await use();
    await expect(connection.sharedObject('board')).rejects.toMatchObject({ code: 'ERR_SHARED_OBJECT_IN_USE' });
    expect(board.closed).toBe(false);
    const tooLong = 'x'.repeat(65_536);
    for (let i = 0; i < 2; i += 1) {
      await expect(connection.sharedObject(tooLong)).rejects.toMatchObject({ code: 'ERR_RTMP_SHARED_OBJECT_NAME' });
    }
  });

  it('again does not listen to what was said to who used it before', async () => {
    const { connection, board, asked } = await use((event, tell) => {
      if (event.type !== 'requestChange') return;
      tell({ type: 'status', code: 'SharedObject.NoWriteAccess', level: 'error' });
      tell({ type: 'change', name: 'old', value: 1 });
    });
    board.set('color', 'blue');
    board.close();
    const again = await connection.sharedObject('board');
    expect(again.data).toEqual({ color: 'red', line: { points: [1, 2] } });
    expect(asked().map(({ events }) => events[0]?.type)).toEqual(['use', 'requestChange', 'release', 'use']);
  });

  it('works over a WebSocket', async () => {
    const server = await ScriptedServer.start(objects(succeed));
    closers.push(() => server.close());
    const front = await WebSocketFront.before(server.port);
    closers.push(() => front.close());
    const connection = await NetConnection.connect(front.url);
    closers.push(() => connection.close());
    const board = await connection.sharedObject('board');
    const synced = next(board, 'sync');
    board.set('color', 'blue');
    expect(await synced).toMatchObject([{ type: 'success', name: 'color' }]);
  });
});

describe.each([0, 3] as const)('data with object encoding %s', (objectEncoding) => {
  it('is set at once, asked for with the version that is known, and confirmed', async () => {
    const { board, asked } = await use(succeed, {}, objectEncoding);
    const synced = next(board, 'sync');
    const points = [3];
    expect(board.set('line', { points })).toBe(true);
    points.push(4);
    expect(board.data.line).toEqual({ points: [3] });
    expect(await synced).toEqual([{ type: 'success', name: 'line', oldValue: { points: [3] } }]);
    expect(asked().at(-1)).toEqual({
      ...{ name: 'board', persistent: false, version: 4 },
      events: [{ type: 'requestChange', name: 'line', value: new AmfObject([['points', [3]]]) }],
    });
    expect(board.version).toBe(5);
  });

  it('can be assigned to and deleted from', async () => {
    const { server, board, asked } = await use(undefined, {}, objectEncoding);
    board.data.color = 'blue';
    delete board.data.line;
    board.set('__proto__', 5);
    expect(Object.entries(board.data)).toEqual([
      ['color', 'blue'],
      ['__proto__', 5],
    ]);
    await server.until(() => asked().length === 4);
    expect(asked().flatMap(({ events }) => events)).toEqual([
      { type: 'use' },
      { type: 'requestChange', name: 'color', value: 'blue' },
      { type: 'requestRemove', name: 'line' },
      { type: 'requestChange', name: '__proto__', value: 5 },
    ]);
    expect(() => Object.assign(board.data, { [Symbol('s')]: 1 })).toThrow(TypeError);
    expect(() => Object.defineProperty(board.data, 'color', { value: 1 })).toThrow(TypeError);
    expect(() => Object.freeze(board.data)).toThrow(TypeError);
    expect(() => Object.setPrototypeOf(board.data, {})).toThrow(TypeError);
  });

  it('keeps what JavaScript has a word for, frozen', async () => {
    const { board, tell } = await use(undefined, {}, objectEncoding);
    const when = new Date(5);
    const own = { when, list: [1, null, 'x', true], inner: { a: undefined } };
    board.set('own', own);
    expect(board.data.own).toEqual(own);
    const synced = next(board, 'sync');
    tell({ type: 'change', name: 'theirs', value: [new AmfDate(5), new AmfObject([['a', 1]])] });
    await synced;
    expect(board.data.theirs).toEqual([when, { a: 1 }]);
    for (const value of [board.data.own, board.data.theirs, board.data.line]) expect(Object.isFrozen(value)).toBe(true);
    expect(Object.isFrozen(board.data.line?.points)).toBe(true);
  });

  it('changes together what is set together', async () => {
    const { server, board, asked } = await use(undefined, {}, objectEncoding);
    board.setMany({ color: 'blue', line: { points: [] } });
    board.setMany({});
    board.clear();
    expect(board.data).toEqual({});
    await server.until(() => asked().length === 3);
    expect(asked().map(({ events }) => events.length)).toEqual([1, 2, 1]);
    expect(asked().at(-1)?.events).toEqual([{ type: 'requestClear' }]);
  });
});

describe('a shared object', () => {
  it('follows the server, and says what has happened', async () => {
    const { board, tell } = await use();
    board.set('color', 'blue');
    let synced = next(board, 'sync');
    tell({ type: 'change', name: 'color', value: 'green' }, { type: 'change', name: 'n', value: 1 });
    expect(await synced).toEqual([
      { type: 'reject', name: 'color', oldValue: 'blue' },
      { type: 'change', name: 'n', oldValue: undefined },
    ]);
    expect(board.data).toMatchObject({ color: 'green', n: 1 });
    synced = next(board, 'sync');
    tell({ type: 'remove', name: 'n' });
    expect(await synced).toEqual([{ type: 'delete', name: 'n', oldValue: 1 }]);
    synced = next(board, 'sync');
    tell({ type: 'clear' });
    expect(await synced).toEqual([{ type: 'clear' }]);
    expect(board.data).toEqual({});
  });

  it('sends messages and hears them', async () => {
    const { board, server, asked, tell } = await use((event, answer) => {
      if (event.type === 'sendMessage') answer(event);
    });
    const heard = next(board, 'message');
    board.send('cursor', { x: 1 }, 'alice');
    expect(await heard).toEqual({ handler: 'cursor', args: [{ x: 1 }, 'alice'] });
    expect(asked().at(-1)?.version).toBe(4);
    // Says nothing of the state, so the version that is known is the same.
    tell({ type: 'sendMessage', name: 'bare', args: [] });
    expect(await next(board, 'message')).toEqual({ handler: 'bare', args: [] });
    board.send('again');
    await server.until(() => asked().length === 3);
    expect(asked().at(-1)?.version).toBe(4);
  });

  it('passes on statuses, and takes back what was refused', async () => {
    const { board } = await use((event, tell) => {
      if (event.type !== 'requestChange') return;
      const status = { type: 'status', code: 'SharedObject.NoWriteAccess', level: 'error' } as const;
      tell(status, { type: 'change', name: event.name, value: 'red' });
    });
    const status = next(board, 'status');
    const synced = next(board, 'sync');
    board.data.color = 'blue';
    expect(await status).toEqual({ code: 'SharedObject.NoWriteAccess', level: 'error' });
    expect(await synced).toEqual([{ type: 'reject', name: 'color', oldValue: 'blue' }]);
    expect(board.data.color).toBe('red');
  });

  it('shows nothing of what cannot be sent', async () => {
    const { board } = await use(undefined, { limits: { maxSlots: 3 } });
    const before = { ...board.data };
    expect(() => board.set('bytes', Uint8Array.of(1))).toThrow(/AMF/);
    expect(() => board.set('x'.repeat(65_536), 1)).toThrow(
      expect.objectContaining({ code: 'ERR_RTMP_SHARED_OBJECT_NAME' }),
    );
    const deep = JSON.parse('{"a":'.repeat(100) + 1 + '}'.repeat(100));
    expect(() => board.set('deep', deep)).toThrow(expect.objectContaining({ code: 'ERR_SHARED_OBJECT_VALUE' }));
    expect(() => board.setMany({ a: 1, b: 2 })).toThrow(expect.objectContaining({ code: 'ERR_SHARED_OBJECT_FULL' }));
    expect(board.data).toEqual(before);
  });

  it('holds bytes with object encoding 3', async () => {
    const { board } = await use(undefined, {}, 3);
    board.set('bytes', Uint8Array.of(1, 2));
    expect(board.data.bytes).toEqual(Uint8Array.of(1, 2));
  });

  it('is let go when the server sends too much for it', async () => {
    const { board, server, asked, connection, tell } = await use(undefined, { limits: { maxSlots: 2 } });
    const closed = next(board, 'close');
    tell({ type: 'change', name: 'third', value: 1 });
    expect(await closed).toMatchObject({ name: 'RtmpRemoteError', code: 'ERR_SHARED_OBJECT_FULL' });
    expect(board.closed).toBe(true);
    await server.until(() => asked().at(-1)?.events[0]?.type === 'release');
    await expect(connection.sharedObject('board', { limits: { maxSlots: 1 } })).rejects.toMatchObject({
      code: 'ERR_SHARED_OBJECT_FULL',
    });
    await expect(connection.createStream()).resolves.toBeDefined();
  });

  it('is released when it is closed, and then says nothing more', async () => {
    const { board, server, asked, tell, connection } = await use();
    const heard: unknown[] = [];
    for (const type of ['sync', 'close'] as const) board.on(type, (event: unknown) => heard.push(event));
    board.close();
    board.close();
    tell({ type: 'change', name: 'late', value: 1 });
    await connection.createStream();
    expect(() => board.set('color', 'blue')).toThrow(expect.objectContaining({ code: 'ERR_SHARED_OBJECT_CLOSED' }));
    expect(() => board.send('hello')).toThrow(/closed/);
    expect(board.data.color).toBe('red');
    expect(heard).toEqual([]);
    await server.until(() => asked().length === 2);
    expect(asked()[1]).toMatchObject({ version: 4, events: [{ type: 'release' }] });
  });

  it('ends with the connection', async () => {
    const { board, server } = await use();
    const closed = next(board, 'close');
    server.peer.socket.destroy();
    expect(await closed).toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
    expect(board.closed).toBe(true);
    expect(() => board.clear()).toThrow(/connection/);
    await expect(board.drained()).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
  });

  it('is closed with the connection by us, which is no error', async () => {
    const { board, connection, server, asked } = await use();
    const heard: unknown[] = [];
    board.on('close', (error) => heard.push(error));
    await connection.close();
    expect(board.closed).toBe(true);
    expect(heard).toEqual([]);
    await server.until(() => asked().at(-1)?.events[0]?.type === 'release');
  });

  it('has the types that it is said to have', async () => {
    const { connection } = await connect();
    const typed = await connection.sharedObject<{ score: number }>('board');
    expectTypeOf(typed.data.score).toEqualTypeOf<number | undefined>();
    expectTypeOf(typed.set<'score'>)
      .parameter(1)
      .toEqualTypeOf<number>();
    // @ts-expect-error there is no such slot
    typed.set('goals', 1);
    // @ts-expect-error a score is a number
    typed.data.score = 'two';
  });
});
