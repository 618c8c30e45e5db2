import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AmfDictionary,
  AmfExternalizable,
  AmfObject,
  AmfUnsupported,
  type AmfValue,
  type SharedObjectContent,
  type SharedObjectContentInput,
  type SharedObjectEvent,
} from '@millrace/protocol';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ObjectModel } from '../../test/shared-object-model.js';
import { loadConfig } from '../config/index.js';
import { silentLogger } from '../log/index.js';
import type { AccessVerdict, SharedObjectAccess } from './shared-object-access.js';
import { SharedObjectClient } from './shared-object-client.js';
import { SharedObjects } from './shared-objects.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function scene(settings: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-clients-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const config = loadConfig({ set: ['live.maxWindowMs=0', `state.dir=${folder}`, ...settings] });
  let nowMs = 1;
  const now = (): number => nowMs;
  const objects = new SharedObjects({ config, now, log: silentLogger });
  closers.push(() => objects.close());
  return {
    objects,
    advance(ms: number) {
      nowMs += ms;
    },
    connect(access?: Partial<SharedObjectAccess>) {
      const model = new ObjectModel();
      const said: SharedObjectContentInput[] = [];
      let error: string | undefined;
      let resumed = 0;
      const client = new SharedObjectClient({
        objects,
        limits: config.sharedObjects,
        app: () => 'live',
        format: () => ({ chunkSize: 128, objectEncoding: 0 }),
        sink: {
          pendingBytes: 0,
          write: (bytes) => model.receive(bytes),
          close: ({ code }) => {
            error = code;
          },
        },
        access: () => access && { mayUse: () => undefined, mayChange: () => undefined, ...access },
        say: (content) => said.push(content),
        resume: () => {
          resumed += 1;
        },
        now,
      });
      const take = (...events: SharedObjectEvent[]): void =>
        client.take({ name: 'board', version: model.version, persistent: false, events });
      return {
        client,
        model,
        said,
        take,
        get error() {
          return error;
        },
        get resumed() {
          return resumed;
        },
      };
    },
  };
}

const set = (name: string, value: AmfValue): SharedObjectEvent => ({ type: 'requestChange', name, value });

describe('SharedObjectClient', () => {
  it('waits for decisions in order, for each object by itself, and says when it goes on', async () => {
    const decisions: ((verdict: AccessVerdict) => void)[] = [];
    const mayChange = (): Promise<AccessVerdict> => new Promise((resolve) => decisions.push(resolve));
    const one = scene().connect({ mayChange });
    one.take({ type: 'use' });
    one.take(set('x', 1));
    one.take(set('x', 2), { type: 'release' });
    one.take(set('x', 3));
    expect([one.client.isWaiting, decisions.length]).toEqual([true, 1]);
    one.client.take({ name: 'other', version: 0, persistent: false, events: [{ type: 'use' }] });
    expect(one.model.uses).toBe(2);
    decisions[0]?.(undefined);
    await expect.poll(() => decisions.length).toBe(2);
    decisions[1]?.('App.No');
    await expect.poll(() => one.client.isWaiting).toBe(false);
    expect([one.model.statuses, one.resumed, decisions.length]).toEqual([['App.No'], 2, 2]);
  });

  it('does nothing for who has gone while it was decided', async () => {
    const { objects, connect } = scene();
    let decide: (verdict: AccessVerdict) => void = () => undefined;
    const mayUse = (): Promise<AccessVerdict> =>
      new Promise((resolve) => {
        decide = resolve;
      });
    const gone = connect({ mayUse });
    gone.take({ type: 'use' });
    gone.client.closed();
    decide(undefined);
    await Promise.resolve();
    await Promise.resolve();
    expect([objects.snapshot(), gone.said, gone.model.uses]).toEqual([[], [], 0]);
  });

  it('goes on after a lock, with others that have waited', async () => {
    const { objects, connect } = scene();
    const [a, b] = [connect(), connect()];
    const board = await objects.forApp.sharedObject('/live/', 'board');
    a.take({ type: 'use' });
    board.lock();
    b.take({ type: 'use' });
    a.take(set('x', 'a'));
    expect([a.client.isWaiting, b.model.uses, board.get('x')]).toEqual([false, 0, undefined]);
    a.take(set('y', 'a'));
    expect(a.client.isWaiting).toBe(true);
    board.unlock();
    await expect.poll(() => board.get('y')).toBe('a');
    expect([b.model.uses, board.members]).toEqual([1, 2]);
    b.client.closed();
    expect(board.members).toBe(1);
  });

  it('has more to say when time has passed', () => {
    const { advance, connect } = scene(['sharedObjects.changesPerSecond=2']);
    const one = connect();
    one.take({ type: 'use' });
    for (let i = 0; i < 3; i += 1) one.take(set('x', i));
    expect(one.model.statuses).toHaveLength(1);
    advance(1000);
    one.take(set('x', 4));
    expect([one.model.statuses.length, one.error]).toEqual([1, undefined]);
    for (let i = 0; i < 50; i += 1) one.take(set('x', i));
    expect(one.error).toBe('ERR_SHARED_OBJECT_FLOOD');
  });

  it('takes whatever a client says', () => {
    const loop = new AmfObject();
    loop.properties.set('self', loop);
    const value = fc.oneof(
      fc.string(),
      fc.double(),
      fc.constantFrom<AmfValue>(
        undefined,
        null,
        loop,
        new AmfUnsupported(),
        new AmfDictionary([[loop, loop]]),
        new AmfExternalizable('nobody.Knows', 1),
        Uint8Array.of(1, 2),
        [loop, [loop]],
      ),
    );
    const name = fc.constantFrom('', 'a', 'b', '__proto__', 'é'.repeat(300), '\0');
    const event: fc.Arbitrary<SharedObjectEvent> = fc.oneof(
      fc.record({
        type: fc.constantFrom('use', 'release', 'requestClear', 'clear', 'useSuccess'),
      }) as fc.Arbitrary<SharedObjectEvent>,
      fc.record({ type: fc.constantFrom('requestChange', 'change'), name, value }) as fc.Arbitrary<SharedObjectEvent>,
      fc.record({
        type: fc.constantFrom('requestRemove', 'remove', 'success'),
        name,
      }) as fc.Arbitrary<SharedObjectEvent>,
      fc.record({ type: fc.constant('sendMessage' as const), name, args: fc.array(value, { maxLength: 3 }) }),
    );
    const content: fc.Arbitrary<SharedObjectContent> = fc.record({
      name: fc.constantFrom('a', 'a', 'b', '', 'rtmp://x/y', '__proto__'),
      version: fc.constantFrom(0, 1, 5, 0xffff_ffff),
      persistent: fc.constant(false),
      events: fc.array(event, { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), content), { maxLength: 30 }), (messages) => {
        const { objects, connect } = scene(['sharedObjects.maxSlots=2']);
        const clients = [connect(), connect(), connect()];
        for (const [who, said] of messages) clients[who]?.client.take(said);
        for (const { slots } of objects.snapshot()) expect(slots).toBeLessThanOrEqual(2);
        for (const { client } of clients) client.closed();
        expect(objects.snapshot()).toEqual([]);
      }),
      { numRuns: 100, seed: 6 },
    );
  });
});
