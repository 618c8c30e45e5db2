import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NetConnection, SharedObject, type SharedObjectChange, type SharedObjectOptions } from '@millrace/client';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type App, loadApp } from '../src/index.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';

// The objects of this server as @millrace/client has them.

const closers: (() => Promise<unknown> | unknown)[] = [];
let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'millrace-objects-'));
  closers.push(() => rmSync(stateDir, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(app?: App, ...settings: string[]): Promise<TestServer> {
  const all = [`state.dir=${stateDir}`, 'sharedObjects.changesPerSecond=100000', ...settings];
  const server = await startTestServer(all, app);
  closers.push(() => server.close());
  return server;
}

async function connect(url: string, objectEncoding: 0 | 3 = 0): Promise<NetConnection> {
  const connection = await NetConnection.connect(url, { objectEncoding });
  closers.push(() => connection.close());
  return connection;
}

async function use(url: string, options: SharedObjectOptions = {}, objectEncoding: 0 | 3 = 0): Promise<SharedObject> {
  return await SharedObject.getRemote('board', await connect(url, objectEncoding), options);
}

const tcp = (server: TestServer): string => `rtmp://127.0.0.1:${server.port}/live`;
const webSocket = (server: TestServer): string => `ws://127.0.0.1:${server.httpPort}/rtmp/live`;

let settlements = 0;

/** Resolves when all have heard everything that any of them has said so far. */
async function settled(objects: readonly SharedObject[]): Promise<void> {
  settlements += 1;
  const number = settlements;
  const heard = objects.map(
    (object) =>
      new Promise<void>((resolve) => {
        const from = new Set<unknown>();
        const stop = object.on('message', ({ handler, args: [of, who] }) => {
          if (handler !== 'settle' || of !== number) return;
          from.add(who);
          if (from.size < objects.length) return;
          stop();
          resolve();
        });
      }),
  );
  for (const [who, object] of objects.entries()) object.send('settle', number, who);
  await Promise.all(heard);
}

function changesOf(object: SharedObject): SharedObjectChange[] {
  const changes: SharedObjectChange[] = [];
  object.on('sync', (list) => changes.push(...list));
  return changes;
}

describe('shared objects of our client', () => {
  it('are the same for all, whatever they write at once', async () => {
    const server = await start();
    const objects = await Promise.all([
      use(tcp(server)),
      use(tcp(server), {}, 3),
      use(webSocket(server)),
      use(webSocket(server), {}, 3),
    ]);
    const step = fc.record({
      at: fc.nat(objects.length - 1),
      name: fc.constantFrom('a', 'b', 'c'),
      value: fc.oneof(
        fc.nat(),
        fc.record({ x: fc.nat(), list: fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }) }),
      ),
      kind: fc.constantFrom('set', 'set', 'set', 'delete', 'setMany', 'clear'),
      pause: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        for (const { at, name, value, kind, pause } of steps) {
          const object = objects[at];
          if (kind === 'set') object?.set(name, value);
          else if (kind === 'setMany') object?.setMany({ [name]: value, b: 1 });
          else if (kind === 'delete') object?.delete(name);
          else object?.clear();
          if (pause) await new Promise((resolve) => setImmediate(resolve));
        }
        await settled(objects);
        const [first, ...others] = objects.map(({ data }) => ({ ...data }));
        for (const other of others) expect(other).toEqual(first);
        const late = await use(tcp(server));
        expect({ ...late.data }).toEqual(first);
        late.close();
      }),
      { numRuns: 25, seed: 6 },
    );
  });

  it('tell one that it was first, and the other what is there', async () => {
    const server = await start();
    const objects = [await use(tcp(server)), await use(tcp(server))];
    const changes = objects.map(changesOf);
    for (const [at, object] of objects.entries()) object.data.color = at;
    await settled(objects);
    expect(changes.map((list) => list.map(({ type }) => type)).sort()).toEqual([
      // It hears of the other's value as what it is, and then in answer to its own.
      ['reject', 'change'],
      ['success'],
    ]);
    expect(objects[0]?.data).toEqual(objects[1]?.data);
  });

  it('that are persistent are there after a restart, and those that are not are not', async () => {
    const first = await start();
    for (const persistent of [true, false]) {
      const connection = await connect(tcp(first));
      const object = await connection.sharedObject(`kept ${persistent}`, { persistent });
      object.setMany({ a: { b: [1] }, gone: 1 });
      object.delete('gone');
      await settled([object]);
      await connection.close();
    }
    await (await connect(tcp(first))).sharedObject('kept true', { persistent: true });
    const temporary = (await connect(tcp(first))).sharedObject('kept true');
    await expect(temporary).rejects.toMatchObject({ code: 'SharedObject.BadPersistence' });
    await first.close();
    const second = await start();
    const connection = await connect(tcp(second));
    const kept = await connection.sharedObject('kept true', { persistent: true });
    expect(kept.data).toEqual({ a: { b: [1] } });
    expect((await connection.sharedObject('kept false')).data).toEqual({});
  });

  it('are the same for one that did not read for a while, and wrote meanwhile', async () => {
    const server = await start(undefined, 'sharedObjects.queueBytes=4096');
    const proxy = await PausingProxy.start(server.port);
    closers.push(() => proxy.close());
    const [slow, fast] = [await use(`rtmp://127.0.0.1:${proxy.port}/live`), await use(tcp(server))];
    proxy.pause();
    const text = 'x'.repeat(60_000);
    let isSlow = false;
    for (let i = 0; i < 1000 && !isSlow; i += 1) {
      slow.data[`own ${i % 3}`] = i;
      fast.data[`of both ${i % 3}`] = `${i} ${text}`;
      if (i % 10 === 0) slow.data.color = i;
      if (i % 40 === 0) slow.delete('own 1');
      await settled([fast]);
      isSlow = i > 50 && server.running.sharedObjects().some(({ slowMembers }) => slowMembers > 0);
    }
    expect(isSlow).toBe(true);
    for (let i = 0; i < 10; i += 1) slow.setMany({ 'own 0': `late ${i}`, color: 'late' });
    const all = settled([slow, fast]);
    proxy.resume();
    await all;
    expect({ ...slow.data }).toEqual({ ...fast.data });
    expect(slow.data['own 0']).toBe('late 9');
  });
});

describe('examples/whiteboard/app.js', () => {
  it('has boards for strokes, and for nothing else', async () => {
    vi.stubEnv('WHITEBOARD_PORT', '0');
    vi.spyOn(console, 'log').mockReturnValue();
    closers.push(
      () => vi.restoreAllMocks(),
      () => vi.unstubAllEnvs(),
    );
    const app = await loadApp(fileURLToPath(new URL('../../../examples/whiteboard/app.js', import.meta.url)));
    const server = await start(app);
    const connection = await connect(`rtmp://127.0.0.1:${server.port}/whiteboard`);
    await expect(connection.sharedObject('../x')).rejects.toMatchObject({ code: 'SharedObject.NoReadAccess' });
    const board = await connection.sharedObject('board', { persistent: true });
    const statuses: string[] = [];
    board.on('status', ({ code }) => statuses.push(code));
    const stroke = { color: '#0969da', width: 4, points: '1,2 3,4' };
    board.data.good = stroke;
    const bad = ['text', { ...stroke, color: 'url(evil)' }, { ...stroke, width: 1e9 }, { ...stroke, points: '1,2 x' }];
    for (const value of bad) board.data.bad = value;
    await settled([board]);
    expect(board.data).toEqual({ good: stroke });
    expect(statuses).toEqual(bad.map(() => 'SharedObject.NoWriteAccess'));
    board.clear();
    await settled([board]);
    expect(board.data).toEqual({});
  });
});

/** What comes from a server goes no further while this is paused. */
class PausingProxy {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  readonly #upstreams: Socket[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(target: number): Promise<PausingProxy> {
    const server = createServer();
    const proxy = new PausingProxy(server);
    server.on('connection', (socket) => {
      const upstream = connectTcp({ host: '127.0.0.1', port: target });
      for (const each of [socket, upstream]) each.on('error', () => {});
      socket.pipe(upstream);
      upstream.pipe(socket);
      proxy.#sockets.push(socket, upstream);
      proxy.#upstreams.push(upstream);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy does not listen');
    return address.port;
  }

  pause(): void {
    for (const upstream of this.#upstreams) upstream.unpipe().pause();
  }

  resume(): void {
    for (const [at, upstream] of this.#upstreams.entries()) {
      const socket = this.#sockets[2 * at];
      if (socket) upstream.pipe(socket);
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
