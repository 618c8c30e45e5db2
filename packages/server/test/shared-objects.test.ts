import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Amf3Value,
  type AmfInput,
  AmfIntVector,
  AmfObject,
  decodeSharedObject,
  encodeSharedObject,
  type SharedObjectContent,
  type SharedObjectEventInput,
} from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type AppDefinition,
  type AppServer,
  type AppSharedObject,
  defineApp,
  reject,
  StateError,
} from '../src/index.js';
import { gate } from './wire/gate.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import type { WireClient } from './wire/wire-client.js';

let server: TestServer | undefined;
const folders: string[] = [];
afterEach(async () => {
  await server?.close();
  server = undefined;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-objects-'));
  folders.push(folder);
  return folder;
}

async function start(definition: AppDefinition | undefined, ...settings: string[]): Promise<TestServer> {
  const app = definition && defineApp(definition);
  server = await startTestServer(['live.maxWindowMs=0', `state.dir=${stateFolder()}`, ...settings], app);
  return server;
}

/** A client's end of one object, on the wire. */
class Peer {
  readonly client: WireClient;
  readonly name: string;
  readonly persistent: boolean;
  version = 0;

  constructor(client: WireClient, name: string, persistent = false) {
    this.client = client;
    this.name = name;
    this.persistent = persistent;
  }

  static async connect(to: TestServer, name: string, persistent = false, app = 'live', extra = {}): Promise<Peer> {
    const client = await to.handshaken();
    await client.connectApp(app, extra);
    return new Peer(client, name, persistent);
  }

  /** A client that uses the object, and the first thing that it was told. */
  static async using(to: TestServer, name: string, persistent = false, extra = {}): Promise<Peer> {
    const peer = await Peer.connect(to, name, persistent, 'live', extra);
    peer.say({ type: 'use' });
    await peer.heard();
    return peer;
  }

  say(...events: SharedObjectEventInput[]): void {
    const { name, version, persistent } = this;
    const { payload } = encodeSharedObject({ name, version, persistent, events }, 'amf0');
    this.client.sendMessage({ type: 19, payload });
  }

  set(name: string, value: AmfInput): void {
    this.say({ type: 'requestChange', name, value });
  }

  /** What the next message says that was not taken yet. */
  async heard(): Promise<SharedObjectContent['events']> {
    const { type, payload } = await this.client.nextMessage(({ type }) => type === 19 || type === 16);
    const content = decodeSharedObject({ payload, encoding: type === 16 ? 'amf3' : 'amf0' });
    expect([content.name, content.persistent]).toEqual([this.name, this.persistent]);
    this.version = content.version;
    return content.events;
  }

  /** The code of the status that comes next. */
  async status(): Promise<string> {
    const [event] = await this.heard();
    if (event?.type !== 'status') throw new Error(`${event?.type} instead of a status`);
    expect(event.level).toBe('error');
    return event.code;
  }

  /** How many messages of the object have come, taken or not. */
  get count(): number {
    return this.client.received.filter(({ type }) => type === 19 || type === 16).length;
  }
}

describe('a shared object over RTMP', () => {
  it('is used, changed and sent messages as in the example of RTMP §7.3.2', async () => {
    const to = await start(undefined);
    const peer = await Peer.connect(to, 'board');
    peer.say({ type: 'use' });
    expect(await peer.heard()).toEqual([{ type: 'useSuccess' }, { type: 'clear' }]);
    peer.set('x', 1);
    expect(await peer.heard()).toEqual([{ type: 'success', name: 'x' }]);
    expect(peer.version).toBe(1);
    peer.say({ type: 'sendMessage', name: 'say', args: ['hi'] });
    expect(await peer.heard()).toEqual([{ type: 'sendMessage', name: 'say', args: ['hi'] }]);
  });

  it('tells others of changes, in their encoding, and late joiners of everything', async () => {
    const to = await start(undefined);
    const [a, b] = [await Peer.using(to, 'board'), await Peer.using(to, 'board', false, { objectEncoding: 3 })];
    a.say(
      { type: 'requestChange', name: 'x', value: { at: [1, 2] } },
      { type: 'requestChange', name: 'v', value: new Amf3Value(new AmfIntVector([7])) },
    );
    expect(await b.heard()).toEqual([
      { type: 'change', name: 'x', value: new AmfObject([['at', [1, 2]]]) },
      { type: 'change', name: 'v', value: new AmfIntVector([7]) },
    ]);
    await a.heard();
    const late = await Peer.connect(to, 'board');
    late.say({ type: 'use' });
    // Who reads AMF0 alone gets the next best.
    expect(await late.heard()).toEqual([
      { type: 'useSuccess' },
      { type: 'clear' },
      { type: 'change', name: 'x', value: new AmfObject([['at', [1, 2]]]) },
      { type: 'change', name: 'v', value: [7] },
    ]);
    expect(late.version).toBe(1);
    b.say({ type: 'requestRemove', name: 'x' });
    for (const peer of [a, b, late]) expect(await peer.heard()).toEqual([{ type: 'remove', name: 'x' }]);
  });

  it('belongs to the application instance, and is gone with the last who uses it', async () => {
    const to = await start(undefined);
    const a = await Peer.using(to, 'board');
    a.set('x', 1);
    await a.heard();
    const elsewhere = await Peer.connect(to, 'board', false, 'live/room');
    elsewhere.say({ type: 'use' });
    expect(await elsewhere.heard()).toHaveLength(2);
    expect(to.running.sharedObjects()).toMatchObject([
      { app: 'live', name: 'board', members: 1, slots: 1, version: 1 },
      { app: 'live/room', name: 'board', slots: 0 },
    ]);
    a.say({ type: 'release' });
    a.set('x', 2);
    await a.client.barrier();
    expect(to.running.sharedObjects()).toHaveLength(1);
    a.say({ type: 'use' });
    expect(await a.heard()).toEqual([{ type: 'useSuccess' }, { type: 'clear' }]);
    elsewhere.client.destroy();
    await elsewhere.client.closed;
  });

  it('is not to be had with another persistence, a bad name, or beyond the limits', async () => {
    const to = await start(undefined, 'sharedObjects.maxObjects=1', 'sharedObjects.maxMembers=1');
    await Peer.using(to, 'board');
    const statusFor = async (name: string, persistent = false): Promise<string> => {
      const peer = await Peer.connect(to, name, persistent);
      peer.say({ type: 'use' });
      return peer.status();
    };
    expect(await statusFor('board', true)).toBe('SharedObject.BadPersistence');
    expect(await statusFor('board')).toBe('SharedObject.ObjectCreationFailed');
    expect(await statusFor('other')).toBe('SharedObject.ObjectCreationFailed');
    expect(await statusFor('')).toBe('SharedObject.ObjectCreationFailed');
    expect(await statusFor('a\0b')).toBe('SharedObject.ObjectCreationFailed');
    expect(await statusFor('rtmp://other/app/board')).toBe('SharedObject.UriMismatch');
    expect(to.running.sharedObjects()).toHaveLength(1);
  });

  it('refuses what is too long or too much, and lets go who does not stop', async () => {
    const to = await start(undefined, 'sharedObjects.maxValueBytes=100', 'sharedObjects.changesPerSecond=1');
    const a = await Peer.using(to, 'board');
    a.set('long', 'v'.repeat(100));
    expect(await a.status()).toBe('SharedObject.NoWriteAccess');
    // That was the one in this second.
    a.set('x', 1);
    expect(await a.heard()).toEqual([
      { type: 'status', code: 'SharedObject.NoWriteAccess', level: 'error' },
      { type: 'remove', name: 'x' },
    ]);
    for (let i = 0; i < 20; i += 1) a.set('x', 1);
    await a.client.closed;
    expect(to.running.sharedObjects()).toEqual([]);
  });

  it('refuses to be used again and again', async () => {
    const to = await start(undefined, 'sharedObjects.maxPerClient=2', 'sharedObjects.changesPerSecond=2');
    const a = await Peer.connect(to, 'board');
    for (let i = 0; i < 100; i += 1) a.say({ type: 'use' });
    await a.client.closed;
    const heard = a.client.received.flatMap(({ type, payload }) =>
      type === 19 ? decodeSharedObject({ payload, encoding: 'amf0' }).events : [],
    );
    expect(heard).toContainEqual({ type: 'status', code: 'SharedObject.NoReadAccess', level: 'error' });
    expect(heard.filter(({ type }) => type === 'useSuccess').length).toBeLessThan(50);
  });

  it('takes no giants and no thousands of slots', async () => {
    const to = await start(undefined);
    const a = await Peer.using(to, 'board');
    a.client.setChunkSize(65_536);
    a.set('giant', 'x'.repeat(4_000_000));
    expect(await a.heard()).toMatchObject([{ code: 'SharedObject.NoWriteAccess' }, { type: 'remove', name: 'giant' }]);
    a.say(...Array.from({ length: 5000 }, (_, i) => ({ type: 'requestChange', name: `${i}`, value: i }) as const));
    expect((await a.heard())[0]).toMatchObject({ code: 'SharedObject.NoWriteAccess' });
    expect(to.running.sharedObjects()).toMatchObject([{ slots: 0, version: 0 }]);
  });

  it('ends the connection on lying lengths, and nobody else', async () => {
    const to = await start(undefined);
    const [a, b] = [await Peer.using(to, 'board'), await Peer.using(to, 'board')];
    const { payload } = encodeSharedObject(
      { name: 'board', version: 0, persistent: false, events: [{ type: 'use' }] },
      'amf0',
    );
    payload.fill(0xff, payload.length - 4);
    a.client.sendMessage({ type: 19, payload });
    await a.client.closed;
    b.set('x', 1);
    expect(await b.heard()).toEqual([{ type: 'success', name: 'x' }]);
  });

  it('is deaf to what only servers say, and to who does not use it', async () => {
    const to = await start(undefined);
    const a = await Peer.using(to, 'board');
    const other = await Peer.connect(to, 'board');
    other.set('x', 1);
    other.say({ type: 'sendMessage', name: 'say', args: [] });
    a.say(
      { type: 'clear' },
      { type: 'change', name: 'y', value: 1 },
      { type: 'unknown', eventType: 77, data: new Uint8Array(3) },
    );
    await Promise.all([a.client.barrier(), other.client.barrier()]);
    a.set('z', 1);
    expect(await a.heard()).toEqual([{ type: 'success', name: 'z' }]);
    expect(to.running.sharedObjects()).toMatchObject([{ slots: 1, version: 1 }]);
  });

  it('is used anew by its only user without being lost', async () => {
    const to = await start(undefined);
    const a = await Peer.using(to, 'board');
    a.set('x', 1);
    await a.heard();
    a.say({ type: 'use' });
    expect(await a.heard()).toEqual([
      { type: 'useSuccess' },
      { type: 'clear' },
      { type: 'change', name: 'x', value: 1 },
    ]);
    expect(to.running.sharedObjects()).toMatchObject([{ members: 1 }]);
  });

  it('takes use, changes and release of one message in order', async () => {
    const to = await start(undefined);
    const [watcher, a] = [await Peer.using(to, 'board'), await Peer.connect(to, 'board')];
    a.say({ type: 'use' }, { type: 'requestChange', name: 'x', value: 1 }, { type: 'release' });
    expect(await watcher.heard()).toEqual([{ type: 'change', name: 'x', value: 1 }]);
    await a.client.barrier();
    expect(to.running.sharedObjects()).toMatchObject([{ members: 1 }]);
  });
});

describe('an application', () => {
  it('decides who may use and change which object', async () => {
    const seen: unknown[] = [];
    const to = await start({
      onSharedObject(client, object) {
        seen.push(object);
        if (object.name === 'secret' && client.query.get('user') !== 'ann') throw reject('Not yours.');
        if (object.name === 'own') throw reject('No.', 'App.Own');
        if (object.name === 'broken') throw new Error('a bug');
      },
      async onSharedObjectChange(_client, _object, changes) {
        seen.push(changes);
        if (changes.some((change) => change.type === 'set' && change.value === 'bad')) throw reject('Bad.');
      },
    });
    const statusFor = async (name: string): Promise<string> => {
      const peer = await Peer.connect(to, name);
      peer.say({ type: 'use' });
      return peer.status();
    };
    expect(await statusFor('secret')).toBe('SharedObject.NoReadAccess');
    expect(await statusFor('own')).toBe('App.Own');
    expect(await statusFor('broken')).toBe('SharedObject.NoReadAccess');
    const ann = await Peer.using(to, 'secret', false, { tcUrl: 'rtmp://h/live?user=ann' });
    ann.set('x', 'good');
    ann.say({ type: 'requestChange', name: 'y', value: 1 }, { type: 'requestChange', name: 'x', value: 'bad' });
    ann.say(
      { type: 'requestRemove', name: 'x' },
      { type: 'requestClear' },
      { type: 'sendMessage', name: 'm', args: [1] },
    );
    expect(await ann.heard()).toEqual([{ type: 'success', name: 'x' }]);
    expect(await ann.heard()).toEqual([
      { type: 'status', code: 'SharedObject.NoWriteAccess', level: 'error' },
      { type: 'remove', name: 'y' },
      { type: 'change', name: 'x', value: 'good' },
    ]);
    expect(await ann.heard()).toEqual([
      { type: 'remove', name: 'x' },
      { type: 'clear' },
      { type: 'sendMessage', name: 'm', args: [1] },
    ]);
    expect(seen.at(-1)).toEqual([
      { type: 'delete', name: 'x' },
      { type: 'clear' },
      { type: 'send', name: 'm', args: [1] },
    ]);
    expect(seen).toContainEqual({ name: 'secret', persistent: false });
  });

  it('keeps the order of what comes while it decides, and of nobody who has gone', async () => {
    const { passed, open } = gate();
    const to = await start({ onSharedObject: () => passed });
    const [a, gone] = [await Peer.connect(to, 'board'), await Peer.connect(to, 'board')];
    for (const peer of [a, gone]) {
      peer.say({ type: 'use' });
      peer.set('x', 1);
      peer.set('x', 2);
      await peer.client.barrier();
    }
    gone.client.destroy();
    await gone.client.closed;
    open();
    expect(await a.heard()).toHaveLength(2);
    for (const version of [1, 2]) {
      expect(await a.heard()).toEqual([{ type: 'success', name: 'x' }]);
      expect(a.version).toBe(version);
    }
  });

  it('works on the same objects', async () => {
    let board: AppSharedObject | undefined;
    const heard: unknown[] = [];
    const to = await start({
      async onAppStart(own: AppServer) {
        board = await own.sharedObject('live', 'board');
        board.onChange((changes) => heard.push(...changes));
        board.onChange(() => {
          throw new Error('a bug of the application');
        });
        board.set('started', true);
        await expect(own.sharedObject('live', 'board', { persistent: true })).rejects.toMatchObject({
          code: 'SharedObject.BadPersistence',
        });
      },
    });
    if (board === undefined) throw new Error('onAppStart was not called');
    const peer = await Peer.connect(to, 'board');
    peer.say({ type: 'use' });
    expect((await peer.heard())[2]).toEqual({ type: 'change', name: 'started', value: true });
    peer.set('x', [1]);
    await peer.heard();
    expect([board.get('x'), board.has('y'), board.names, board.version, board.members]).toEqual([
      [1],
      false,
      ['started', 'x'],
      2,
      1,
    ]);
    board.lock();
    board.set('a', 1);
    board.delete('started');
    board.send('hello', ['all']);
    peer.set('waits', 1);
    await peer.client.barrier();
    board.unlock();
    expect(await peer.heard()).toEqual([
      { type: 'change', name: 'a', value: 1 },
      { type: 'remove', name: 'started' },
      { type: 'sendMessage', name: 'hello', args: ['all'] },
    ]);
    expect(await peer.heard()).toEqual([{ type: 'success', name: 'waits' }]);
    expect(heard).toEqual([
      { type: 'set', name: 'started', value: true },
      { type: 'set', name: 'x', value: [1] },
      { type: 'set', name: 'a', value: 1 },
      { type: 'delete', name: 'started' },
      { type: 'set', name: 'waits', value: 1 },
    ]);
    expect(() => board?.set('big', 'x'.repeat(70_000))).toThrow(
      expect.objectContaining({ code: 'SharedObject.NoWriteAccess' }),
    );
    peer.say({ type: 'release' });
    await peer.client.barrier();
    expect(to.running.sharedObjects()).toHaveLength(1);
    board.clear();
    board.close();
    board.set('late', 1);
    expect(to.running.sharedObjects()).toEqual([]);
  });
});

describe('a persistent object', () => {
  it('survives the server, with its deletions', async () => {
    const folder = stateFolder();
    const to = await start(undefined, `state.dir=${folder}`);
    const a = await Peer.using(to, 'board', true);
    a.say({ type: 'requestChange', name: 'x', value: { deep: [1] } }, { type: 'requestChange', name: 'y', value: 2 });
    expect(await a.heard()).toEqual([
      { type: 'success', name: 'x' },
      { type: 'success', name: 'y' },
    ]);
    const known = a.version;
    a.say({ type: 'requestRemove', name: 'y' });
    await a.heard();
    await to.close();
    server = undefined;
    const next = await start(undefined, `state.dir=${folder}`);
    const fresh = await Peer.connect(next, 'board', true);
    fresh.say({ type: 'use' });
    const value = new AmfObject([['deep', [1]]]);
    expect(await fresh.heard()).toEqual([
      { type: 'useSuccess' },
      { type: 'clear' },
      { type: 'change', name: 'x', value },
    ]);
    expect(fresh.version).toBe(2);
    const back = await Peer.connect(next, 'board', true);
    back.version = known;
    back.say({ type: 'use' });
    expect(await back.heard()).toEqual([{ type: 'useSuccess' }, { type: 'remove', name: 'y' }]);
  });

  it('keeps the server from starting where what is stored cannot be read', async () => {
    const folder = stateFolder();
    mkdirSync(join(folder, 'shared-objects'));
    writeFileSync(join(folder, 'shared-objects', 'CURRENT'), 'nonsense');
    await expect(start(undefined, `state.dir=${folder}`)).rejects.toBeInstanceOf(StateError);
  });

  it('outlives who uses it', async () => {
    const to = await start(undefined);
    const a = await Peer.using(to, 'board', true);
    a.set('x', 1);
    a.say({ type: 'release' });
    a.say({ type: 'use' });
    const events = await a.heard();
    expect(events.at(-1)).toEqual({ type: 'change', name: 'x', value: 1 });
  });
});
