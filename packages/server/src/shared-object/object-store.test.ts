import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AmfIntVector, type AmfValue } from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { explainStartError } from '../cli/start-error.js';
import { silentLogger } from '../log/index.js';
import type { ObjectChange } from './object-change.js';
import { ObjectStore } from './object-store.js';
import { SharedObjectState } from './shared-object-state.js';
import { slotData, slotValue } from './slot-data.js';
import { StateError } from './state-error.js';
import type { StoredObject } from './stored-object.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-store-'));
  closers.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function open(stateDir: string): ObjectStore {
  const store = new ObjectStore(stateDir, silentLogger);
  closers.push(() => store.close());
  return store;
}

const key = { app: 'live', name: 'board' };
const set = (name: string, value: AmfValue): ObjectChange => ({ type: 'set', name, data: slotData(name, value) });

function saved(object: StoredObject, version: number, changes: readonly ObjectChange[], horizon = 0): Promise<void> {
  return new Promise((resolve) => object.save({ version, horizon, changes }, resolve));
}

/** What the next start finds. */
async function reload(stateDir: string, store: ObjectStore, of = key) {
  await store.close();
  const next = open(stateDir);
  const { version, horizon, slots, deleted } = (await next.load(of)).takeState();
  const values = [...slots].map(([name, slot]) => [name, slot.version, slotValue(slot.data)]);
  return { next, state: { version, horizon, values, deleted: [...deleted] } };
}

async function complaint(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StateError);
  return explainStartError(error, undefined) ?? '';
}

describe('ObjectStore', () => {
  it('makes nothing until it is needed', async () => {
    const dir = folder();
    const store = open(dir);
    expect(store.exists).toBe(false);
    expect(readdirSync(dir)).toEqual([]);
    await store.load(key);
    expect(store.exists).toBe(true);
  });

  it('keeps slots of every kind, versions and deletions', async () => {
    const dir = folder();
    const store = open(dir);
    const object = await store.load(key);
    expect(object.takeState()).toMatchObject({ version: 0, horizon: 0, slots: [], deleted: [] });
    await saved(object, 1, [set('a', 1), set('vector', new AmfIntVector([1])), set('\0odd/é', 'x')]);
    await saved(object, 2, [{ type: 'delete', name: 'a' }, set('b', null)]);
    const { state } = await reload(dir, store);
    expect(state).toEqual({
      version: 2,
      horizon: 0,
      values: [
        ['\0odd/é', 1, 'x'],
        ['b', 2, null],
        ['vector', 1, new AmfIntVector([1])],
      ],
      deleted: [['a', 2]],
    });
  });

  it('keeps objects apart, also those with names that begin alike', async () => {
    const dir = folder();
    const store = open(dir);
    const keys = [key, { app: 'live', name: 'boar' }, { app: 'live/board', name: 'board' }, { app: 'liv', name: 'e' }];
    for (const [index, one] of keys.entries()) await saved(await store.load(one), 1, [set('x', index)]);
    for (const [index, one] of keys.entries()) {
      const { slots } = (await store.load(one)).takeState();
      expect([...slots].map(([, { data }]) => slotValue(data))).toEqual([index]);
    }
  });

  it('forgets what was cleared, and deletions that nobody is told of', async () => {
    const dir = folder();
    const store = open(dir);
    const object = await store.load(key);
    await saved(object, 1, [set('a', 1), set('b', 1), set('c', 1)]);
    await saved(object, 2, [{ type: 'delete', name: 'a' }]);
    await saved(object, 3, [{ type: 'delete', name: 'b' }], 2);
    const first = await reload(dir, store);
    expect(first.state).toEqual({ version: 3, horizon: 2, values: [['c', 1, 1]], deleted: [['b', 3]] });
    await saved(await first.next.load(key), 4, [{ type: 'clear' }, set('d', 1)], 4);
    const second = await reload(dir, first.next);
    expect(second.state).toEqual({ version: 4, horizon: 4, values: [['d', 4, 1]], deleted: [] });
  });

  it('tells of changes in order, when they are stored, and writes many at once', async () => {
    const dir = folder();
    const store = open(dir);
    const object = await store.load(key);
    const told: number[] = [];
    const all = Array.from({ length: 1000 }, (_, i) =>
      saved(object, i + 1, [set('x', i)]).then(() => void told.push(i)),
    );
    expect(told).toEqual([]);
    await Promise.all(all);
    expect(told).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const { state } = await reload(dir, store);
    expect(state).toMatchObject({ version: 1000, values: [['x', 1000, 999]] });
  });

  it('gives a state that goes on where it was', async () => {
    const dir = folder();
    const store = open(dir);
    const object = await store.load(key);
    await saved(object, 7, [set('x', 1), set('y', 1)]);
    await saved(object, 8, [{ type: 'delete', name: 'y' }]);
    await store.close();
    const limits = { maxSlots: 9, maxValueBytes: 99, maxObjectBytes: 999, maxDeleted: 9 };
    const state = new SharedObjectState(limits, (await open(dir).load(key)).takeState());
    expect([state.version, state.since(7).deleted, state.since(8).slots]).toEqual([8, ['y'], []]);
    expect(state.apply(set('x', 2), {}, 6)).toBe('lost');
    expect(state.apply(set('y', 2), {}, 7)).toBe('lost');
    expect(state.apply(set('x', 2), {}, 8)).toBe('accepted');
  });

  it('says in one line what to do where it cannot be read', async () => {
    const dir = folder();
    const store = open(dir);
    await saved(await store.load(key), 1, [set('x', 1)]);
    await store.close();
    const own = join(dir, 'shared-objects');
    writeFileSync(join(own, 'CURRENT'), 'nonsense\n');
    const line = await complaint(open(dir).open());
    expect(line).toContain(`cannot read the shared objects in ${own} (state.dir): `);
    expect(line).toContain('Put back a copy of the folder');
    expect(line).not.toContain('\n');
    expect(open(dir).exists).toBe(true);
  });

  it('says so where another process has it, or another version has made it', async () => {
    const dir = folder();
    await open(dir).open();
    expect(await complaint(open(dir).open())).toMatch(/are in use by another process: stop it, or choose another/);
    const other = folder();
    const store = open(other);
    await store.open();
    await store.close();
    const { ClassicLevel } = await import('classic-level');
    const database = new ClassicLevel(join(other, 'shared-objects'));
    await database.put('f', '2');
    await database.close();
    expect(await complaint(open(other).load(key))).toMatch(/of another version of millrace \(format "2"\)/);
  });

  it('says so where a file stands in its place', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'shared-objects'), '');
    expect(await complaint(open(dir).open())).toMatch(/cannot read the shared objects in .*EEXIST/);
  });
});
