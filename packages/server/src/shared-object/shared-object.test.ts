import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ObjectModel } from '../../test/shared-object-model.js';
import type { StoredChange } from './object-change.js';
import { type Action, SharedObject, type SharedObjectOptions } from './shared-object.js';
import type { SharedObjectMember } from './shared-object-member.js';
import { messageData, slotData } from './slot-data.js';

const limits = {
  maxSlots: 5,
  maxValueBytes: 100,
  maxObjectBytes: 300,
  maxDeleted: 2,
  queueBytes: 1000,
  stallTimeoutMs: 5000,
};

const set = (name: string, value: unknown): Action => ({ type: 'set', name, data: slotData(name, value as string) });
const remove = (name: string): Action => ({ type: 'delete', name });
const send = (text: string): Action => ({ type: 'send', data: messageData('say', [text]) });
const clear: Action = { type: 'clear' };

/** A client in memory, whose connection takes what it is given only when it is told to. */
class Client {
  readonly model = new ObjectModel();
  readonly sink = {
    pendingBytes: 0,
    write: (bytes: Uint8Array): void => {
      if (this.isStalled) this.sink.pendingBytes += bytes.length;
      this.model.receive(bytes);
    },
    close: (error: { readonly code: string }): void => {
      this.error = error.code;
    },
  };
  error: string | undefined;
  isStalled = false;
  member: SharedObjectMember;
  readonly #object: SharedObject;

  constructor(object: SharedObject, known = 0, objectEncoding: 0 | 3 = 0) {
    this.#object = object;
    this.member = object.join({ chunkSize: 128, objectEncoding }, this.sink, known);
  }

  /** With the version that it knows, as on the wire. */
  act(...actions: Action[]): void {
    this.#object.act(this.member, actions, this.model.version);
  }

  get slots(): Record<string, unknown> {
    return Object.fromEntries(this.model.slots);
  }
}

function scene(options: Partial<SharedObjectOptions> = {}) {
  const object = new SharedObject({ name: 'board', persistent: false, limits, schedule: () => undefined, ...options });
  let nowMs = 1;
  return {
    object,
    join: (known?: number, objectEncoding?: 0 | 3) => new Client(object, known, objectEncoding),
    flush: (ms = 10) => {
      nowMs += ms;
      return object.flush(nowMs);
    },
  };
}

describe('SharedObject', () => {
  it('tells the setter Success, the others Change, at one version', () => {
    const { join, flush } = scene();
    const [a, b] = [join(), join(0, 3)];
    flush();
    expect([a.model.uses, a.model.clears, a.model.version]).toEqual([1, 1, 0]);
    a.model.wish('x', 1);
    a.act(set('x', 1), set('y', [1, 2]));
    a.model.wish('y', [1, 2]);
    flush();
    expect(a.slots).toEqual({ x: 1, y: [1, 2] });
    expect(b.slots).toEqual(a.slots);
    expect([a.model.version, b.model.version]).toEqual([1, 1]);
  });

  it('gives who lost a race the value of who won', () => {
    const { object, join, flush } = scene();
    const [a, b] = [join(), join()];
    flush();
    b.act(set('x', 'b'));
    a.model.wish('x', 'a');
    a.act(set('x', 'a'), set('z', 'free'));
    a.model.wish('z', 'free');
    flush();
    expect(a.slots).toEqual({ x: 'b', z: 'free' });
    expect(b.slots).toEqual({ x: undefined, z: 'free' });
    expect(object.state.version).toBe(2);
    // Who has not heard of it loses against a deletion and a clearing as well.
    b.act(remove('z'));
    a.act(set('z', 'again'));
    flush();
    expect('z' in a.slots).toBe(false);
    b.act(clear);
    a.act(set('x', 'late'));
    flush();
    expect([a.slots, b.slots]).toEqual([{}, {}]);
  });

  it('lets nobody lose against themselves', () => {
    const { object, join, flush } = scene();
    const [a, b] = [join(), join()];
    flush();
    for (const value of [1, 2, 3]) a.act(set('x', value));
    flush();
    expect(b.slots).toEqual({ x: 3 });
    expect(object.state.version).toBe(3);
  });

  it('sends messages to all, the sender included, in order with changes', () => {
    const { join, flush } = scene();
    const [a, b] = [join(), join(0, 3)];
    flush();
    a.act(set('x', 1), send('one'));
    b.act(send('two'));
    flush();
    const said = [
      ['say', 'one'],
      ['say', 'two'],
    ];
    expect([a.model.messages, b.model.messages]).toEqual([said, said]);
  });

  it('gives late joiners everything, and who comes back what is new, with deletions as far as it remembers', () => {
    const { object, join, flush } = scene({ persistent: true });
    const a = join();
    a.act(set('x', 1), set('y', 2), set('z', 3));
    a.act(remove('y'));
    flush();
    const late = join();
    flush();
    expect([late.slots, late.model.version, late.model.clears]).toEqual([{ x: 1, z: 3 }, 2, 1]);
    const back = join(1);
    back.model.slots.set('x', 1).set('y', 2).set('z', 3);
    flush();
    expect([back.slots, back.model.clears]).toEqual([{ x: 1, z: 3 }, 0]);
    a.act(set('p', 1), set('q', 1));
    a.act(remove('p'));
    a.act(remove('q'));
    flush();
    // The first of three deletions is forgotten.
    const older = join(1);
    flush();
    expect([older.model.clears, older.slots]).toEqual([1, { x: 1, z: 3 }]);
    const future = join(1000);
    flush();
    expect([future.model.clears, object.state.version]).toEqual([1, 5]);
  });

  it('trusts no version of a temporary object', () => {
    const { join, flush } = scene();
    join().act(set('x', 1));
    const back = join(1);
    flush();
    expect([back.model.clears, back.slots]).toEqual([1, { x: 1 }]);
  });

  it.each([
    ['too many slots', 'abcdef'.split('').map((name) => set(name, 1))],
    ['too long a value', [set('x', 'v'.repeat(200))]],
    ['too much in all', 'abcd'.split('').map((name) => set(name, 'v'.repeat(80)))],
    ['a slot without a name', [set('', 1)]],
  ])('refuses %s with a status and what there is instead', (_what, actions) => {
    const { object, join, flush } = scene();
    const [a, b] = [join(), join()];
    a.act(...actions);
    flush();
    expect(a.model.statuses).toEqual(['SharedObject.NoWriteAccess']);
    expect(b.model.statuses).toEqual([]);
    expect(object.state.slots.size).toBe(actions.length - 1);
    expect(a.model.slots.size).toBe(object.state.slots.size);
  });

  it('tells who may not write so, and what there is', () => {
    const { object, join, flush } = scene();
    const [a, b] = [join(), join()];
    b.act(set('x', 'b'));
    flush();
    a.model.slots.set('x', 'mine').set('y', 'mine');
    object.refuse(a.member, [
      { type: 'set', name: 'x' },
      { type: 'set', name: 'y' },
    ]);
    flush();
    expect([a.slots, a.model.statuses]).toEqual([{ x: 'b' }, ['SharedObject.NoWriteAccess']]);
    a.model.slots.clear();
    object.refuse(a.member, [{ type: 'clear' }], 'App.Own');
    flush();
    expect([a.slots, a.model.statuses.at(-1)]).toEqual([{ x: 'b' }, 'App.Own']);
  });

  it('tells of each slot once, however often it was changed in vain', () => {
    const { object, join, flush } = scene();
    const [a, b] = [join(), join()];
    flush();
    b.act(set('x', 'v'.repeat(80)));
    a.act(...Array.from({ length: 1000 }, () => set('x', 1)));
    const written: number[] = [];
    a.sink.write = (bytes) => void written.push(bytes.length);
    flush();
    object.refuse(a.member, [...Array.from({ length: 1000 }, () => clear), set('x', 1)] as never);
    flush();
    expect(Math.max(...written)).toBeLessThan(400);
  });

  it('lets the server change with a lock, announced as one', () => {
    const { object, join, flush } = scene();
    const a = join();
    flush();
    const seen: unknown[] = [];
    const stop = object.onChange((changes) => seen.push(changes.map(({ type }) => type)));
    object.lock();
    object.lock();
    object.do(set('x', 1));
    object.do(set('y', 1));
    object.do(remove('x'));
    object.unlock();
    flush();
    expect(a.slots).toEqual({});
    let unlocked = 0;
    object.whenFree(() => {
      unlocked += 1;
    });
    object.unlock();
    flush();
    expect([a.slots, a.model.version, unlocked]).toEqual([{ y: 1 }, 1, 1]);
    stop();
    object.do(clear);
    object.do(send('hi'));
    flush();
    expect([a.slots, a.model.messages]).toEqual([{}, [['say', 'hi']]]);
    expect(seen).toEqual([['set', 'set', 'delete']]);
    expect(object.do(set('x', 'v'.repeat(200)))).toBe(false);
  });
});

describe('a slow member', () => {
  it('gets the newest state instead of every change, and the newest messages', () => {
    const { object, join, flush } = scene();
    const [slow, quick] = [join(), join()];
    flush();
    slow.sink.pendingBytes = 2000;
    for (let i = 0; i < 100; i += 1) quick.act(set('x', i), ...(i === 50 ? [send('half')] : []));
    quick.act(set('gone', 1));
    quick.act(remove('gone'));
    expect(flush()).toBe(true);
    expect([slow.slots, object.slowMemberCount]).toEqual([{}, 1]);
    slow.sink.pendingBytes = 0;
    flush();
    flush();
    expect([slow.slots, slow.model.messages]).toEqual([{ x: 99 }, [['say', 'half']]]);
    expect(object.slowMemberCount).toBe(0);
    expect(flush()).toBe(false);
  });

  it('is told that its own changes stand, and of those that were refused', () => {
    const { object, join, flush } = scene();
    const [slow, other] = [join(), join()];
    flush();
    slow.sink.pendingBytes = 2000;
    slow.model.wish('mine', 'a');
    slow.act(set('mine', 'a'));
    other.act(set('x', 'theirs'));
    flush();
    slow.sink.pendingBytes = 0;
    flush();
    flush();
    expect(slow.slots).toEqual({ mine: 'a', x: 'theirs' });
    slow.sink.pendingBytes = 2000;
    slow.model.slots.set('x', 'refused');
    object.refuse(slow.member, [{ type: 'set', name: 'x' }]);
    flush();
    slow.sink.pendingBytes = 0;
    flush();
    flush();
    expect(slow.slots).toEqual({ mine: 'a', x: 'theirs' });
    expect(slow.model.statuses).toEqual(['SharedObject.NoWriteAccess']);
  });

  it('is welcomed late where it was slow from the start', () => {
    const { object, join, flush } = scene();
    const slow = join();
    slow.sink.pendingBytes = 2000;
    object.do(set('x', 1));
    flush();
    slow.sink.pendingBytes = 0;
    flush();
    flush();
    expect([slow.model.uses, slow.slots]).toEqual([1, { x: 1 }]);
  });

  it('is no burden where every entry is flushed at once, however many there are', () => {
    const { object, join } = scene({ schedule: (due) => due.flush(1) });
    const slow = Array.from({ length: 5000 }, () => join());
    for (const { sink } of slow) sink.pendingBytes = 2000;
    object.do(set('x', 1));
    for (const { sink } of slow) sink.pendingBytes = 0;
    expect(object.flush(2)).toBe(false);
    for (const client of slow) expect(client.slots).toEqual({ x: 1 });
  });

  it('has a bound of what waits for it, and is let go when it takes nothing', () => {
    const { join, flush } = scene();
    const [slow, quick] = [join(), join()];
    flush();
    slow.isStalled = true;
    for (let i = 0; i < 200; i += 1) {
      quick.act(set('x', i), send('v'.repeat(50)));
      flush(1);
    }
    expect(slow.sink.pendingBytes).toBeLessThan(limits.queueBytes + 200);
    expect(slow.member.droppedMessages).toBeGreaterThan(0);
    flush(limits.stallTimeoutMs);
    flush(limits.stallTimeoutMs);
    expect(slow.error).toBe('ERR_SHARED_OBJECT_STALLED');
    expect(quick.error).toBeUndefined();
  });
});

describe('a persistent object', () => {
  it('tells of nothing that is not stored, and keeps the order meanwhile', () => {
    const done: (() => void)[] = [];
    const saved: StoredChange[] = [];
    const save = (change: StoredChange, stored: () => void): void => {
      saved.push(change);
      done.push(stored);
    };
    const { object, join, flush } = scene({ persistent: true, save });
    const [a, b] = [join(), join()];
    flush();
    a.model.wish('x', 1);
    a.act(set('x', 1));
    b.act(send('behind it'));
    const late = join();
    flush();
    expect([a.slots, b.slots, b.model.messages, late.model.uses, object.isSaving]).toEqual([{}, {}, [], 0, true]);
    done.shift()?.();
    flush();
    expect([a.slots, b.slots, late.slots]).toEqual([{ x: 1 }, { x: 1 }, { x: 1 }]);
    expect(b.model.messages).toHaveLength(1);
    expect(saved).toMatchObject([{ version: 1, horizon: 0, changes: [{ type: 'set', name: 'x' }] }]);
  });

  it('lets members wait where too much is to be stored', () => {
    const done: (() => void)[] = [];
    const save = (_change: StoredChange, stored: () => void): void => void done.push(stored);
    const { object, join, flush } = scene({ persistent: true, save });
    const a = join();
    flush();
    for (let i = 0; i < 1000; i += 1) a.act(set('x', i));
    let isFree = false;
    object.whenFree(() => {
      isFree = true;
    });
    flush();
    expect([object.isBusy, isFree]).toEqual([true, false]);
    for (const stored of done.splice(0)) stored();
    flush();
    expect([object.isBusy, isFree]).toEqual([false, true]);
  });

  it('begins its versions anew after four billion changes', () => {
    const stored = { version: 0xffff_fffe, horizon: 5, slots: [], deleted: [] };
    const { object, join, flush } = scene({ persistent: true, stored });
    const [a, b] = [join(), join()];
    flush();
    a.model.wish('x', 1);
    a.act(set('x', 1));
    flush();
    expect(object.state.version).toBe(1);
    a.act(set('y', 2));
    flush();
    expect([a.slots, b.slots]).toEqual([
      { x: 1, y: undefined },
      { x: 1, y: 2 },
    ]);
  });
});

describe('five clients', () => {
  const names = ['a', 'b', 'c', 'd'];
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant('set' as const), who: fc.nat(4), name: fc.nat(3), more: fc.nat(3) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), who: fc.nat(4), name: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), who: fc.nat(4) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('send' as const), who: fc.nat(4) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('stored' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('slow' as const), who: fc.nat(4), bytes: fc.constantFrom(0, 2000) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('return' as const), who: fc.nat(4) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), who: fc.nat(4), name: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('server' as const), name: fc.nat(3) }) },
  );

  it('converge to the same state in the same order, whatever happens when', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, persistent) => {
        const done: (() => void)[] = [];
        const save = persistent ? (_change: StoredChange, stored: () => void) => done.push(stored) : undefined;
        const { object, flush } = scene({ persistent, save });
        const clients = Array.from({ length: 5 }, (_, i) => new Client(object, 0, i % 2 === 0 ? 0 : 3));
        let counter = 0;
        /** A client that sets shows its value at once, as Flash Player does. */
        const setBy = (client: Client, name: string): Action => {
          counter += 1;
          client.model.wish(name, counter);
          client.model.slots.set(name, counter);
          return set(name, counter);
        };
        for (const now of steps) {
          const client = 'who' in now ? clients[now.who] : undefined;
          const name = 'name' in now ? (names[now.name] ?? '') : '';
          if (now.do === 'flush') flush();
          else if (now.do === 'stored') done.shift()?.();
          else if (now.do === 'server') object.do(set(name, `s${counter++}`));
          else if (client === undefined) throw new Error(now.do);
          else if (now.do === 'set') {
            const others = names.slice(0, now.more).filter((other) => other !== name);
            client.act(...[name, ...others].map((slot) => setBy(client, slot)));
          } else if (now.do === 'delete') {
            client.model.slots.delete(name);
            client.act(remove(name));
          } else if (now.do === 'clear') {
            client.act(clear);
          } else if (now.do === 'send') client.act(send(`${counter++}`));
          else if (now.do === 'slow') client.sink.pendingBytes = now.bytes;
          else if (now.do === 'refuse') {
            client.model.slots.set(name, 'refused');
            object.refuse(client.member, [{ type: 'set', name }]);
          } else {
            object.leave(client.member);
            client.member = object.join({ chunkSize: 128, objectEncoding: 0 }, client.sink, client.model.version);
          }
        }
        for (const { sink } of clients) sink.pendingBytes = 0;
        for (const stored of done.splice(0)) stored();
        for (let i = 0; i < 3; i += 1) flush();
        const reader = new Client(object);
        flush();
        for (const client of clients) {
          expect(client.slots).toEqual(reader.slots);
          expect(client.model.version).toBe(object.state.version);
        }
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('hear the same in the same order', () => {
    const action = fc.record({
      who: fc.nat(4),
      name: fc.constantFrom(...names),
      sends: fc.boolean(),
      flush: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (steps) => {
        const { object, join, flush } = scene();
        const clients = Array.from({ length: 5 }, () => join());
        flush();
        let counter = 0;
        for (const { who, name, sends, flush: now } of steps) {
          counter += 1;
          clients[who]?.model.wish(name, counter);
          clients[who]?.act(set(name, counter), ...(sends ? [send(`${counter}`)] : []));
          if (now) flush();
        }
        flush();
        const [first, ...others] = clients.map(({ model }) => model.messages);
        for (const messages of others) expect(messages).toEqual(first);
        const versions = clients.map(({ model }) => model.heard.map((line) => Number(line.split(':')[0])));
        for (const heard of versions) expect(heard).toEqual([...heard].sort((a, b) => a - b));
        // Those who changed nothing have seen every version.
        const idle = clients.filter((_, i) => steps.every(({ who }) => who !== i));
        for (const { model } of idle) expect(model.version).toBe(object.state.version);
      }),
      { numRuns: 100, seed: 5 },
    );
  });
});
