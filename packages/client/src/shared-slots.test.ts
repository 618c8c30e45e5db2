import { AmfDictionary, AmfObject, AmfObjectVector, type SharedObjectEvent } from '@millrace/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SharedSlots } from './shared-slots.js';
import type { SharedValue } from './shared-value.js';

const change = (name: string, value: number): SharedObjectEvent => ({ type: 'change', name, value });
const success = (name: string): SharedObjectEvent => ({ type: 'success', name });
const remove = (name: string): SharedObjectEvent => ({ type: 'remove', name });
const codes = (slots: SharedSlots, ...events: SharedObjectEvent[]) =>
  slots.apply(events).map((entry) => (entry.type === 'clear' ? 'clear' : `${entry.type} ${entry.name}`));

function set(slots: SharedSlots, name: string, value: SharedValue): void {
  slots.set(new Map([[name, value]]));
}

describe('slots', () => {
  it('show what is set, and what the server has instead', () => {
    const slots = new SharedSlots();
    set(slots, 'a', 1);
    expect(slots.values).toEqual({ a: 1 });
    expect(slots.apply([success('a')])).toEqual([{ type: 'success', name: 'a', oldValue: 1 }]);
    set(slots, 'a', 2);
    expect(slots.apply([change('a', 9)])).toEqual([{ type: 'reject', name: 'a', oldValue: 2 }]);
    expect(codes(slots, change('a', 10), change('b', 1))).toEqual(['change a', 'change b']);
    expect(slots.values).toEqual({ a: 10, b: 1 });
    slots.delete('a');
    expect(slots.values).toEqual({ b: 1 });
    expect(codes(slots, remove('a'), remove('b'))).toEqual(['delete a', 'delete b']);
    set(slots, 'a', 3);
    expect(codes(slots, remove('a'))).toEqual(['reject a']);
    expect(codes(slots, remove('a'))).toEqual(['delete a']);
    expect(slots.values).toEqual({});
  });

  it('call nothing rejected that somebody changes after it has succeeded', () => {
    const slots = new SharedSlots();
    set(slots, 'a', 1);
    expect(codes(slots, success('a'), change('a', 2))).toEqual(['success a', 'change a']);
  });

  it('show the last wish when it succeeds, whatever was said of those before it', () => {
    const slots = new SharedSlots();
    set(slots, 'a', 1);
    slots.delete('a');
    set(slots, 'a', 3);
    expect(codes(slots, success('a'))).toEqual(['success a']);
    expect(slots.values).toEqual({ a: 3 });
    expect(codes(slots, remove('a'), success('a'))).toEqual(['delete a', 'success a']);
    expect(slots.values).toEqual({ a: 3 });
    slots.clear();
    set(slots, 'b', 4);
    expect(slots.values).toEqual({ b: 4 });
    expect(codes(slots, { type: 'clear' }, success('b'))).toEqual(['clear', 'success b']);
    expect(slots.values).toEqual({ b: 4 });
  });

  it('may have any name', () => {
    const slots = new SharedSlots();
    slots.apply([change('__proto__', 1), change('constructor', 2)]);
    expect(Object.entries(slots.values)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ]);
    expect(codes(slots, remove('__proto__'), remove('toString'))).toEqual(['delete __proto__', 'delete toString']);
    expect(Object.keys(slots.values)).toEqual(['constructor']);
  });

  it('are so many and so large', () => {
    const few = new SharedSlots({ maxSlots: 2 });
    few.apply([change('a', 1), change('b', 1), remove('a'), change('c', 1), change('c', 2)]);
    expect(() => few.checkRoom(new Map([['c', 3]]))).not.toThrow();
    expect(() => few.checkRoom(new Map([['d', 3]]))).toThrow(/more than 2 slots/);
    expect(() => few.apply([change('d', 1)])).toThrow(/more than 2 slots/);
    const small = new SharedSlots({ maxBytes: 2000 });
    const text = (length: number): Map<string, SharedValue> => new Map([['a', [{ text: 'x'.repeat(length) }]]]);
    small.checkRoom(text(800));
    for (let i = 0; i < 5; i += 1) small.set(text(800));
    expect(() => small.checkRoom(text(1000))).toThrow(expect.objectContaining({ code: 'ERR_SHARED_OBJECT_FULL' }));
    const large = 'x'.repeat(1000);
    for (const value of [
      large,
      new AmfDictionary([[large, 1]]),
      new AmfObjectVector([new AmfObject([['a', large]])]),
    ]) {
      const slots = new SharedSlots({ maxBytes: 2000 });
      expect(() => slots.apply([{ type: 'change', name: 'b', value }])).toThrow(/2000 bytes/);
    }
    const ring = new AmfObject();
    ring.properties.set('self', ring);
    expect(() => small.apply([{ type: 'change', name: 'a', value: ring }])).not.toThrow();
  });
});

type Step =
  | { readonly type: 'set' | 'delete'; readonly client: number; readonly name: string; readonly value: number }
  | { readonly type: 'clear'; readonly client: number }
  /** The server reads a request of the client, or the client a message of the server. */
  | { readonly type: 'up' | 'down'; readonly client: number };

interface Wire {
  readonly slots: SharedSlots;
  readonly up: { readonly request: SharedObjectEvent; readonly known: number }[];
  readonly down: { readonly event: SharedObjectEvent; readonly version: number }[];
  version: number;
}

/** The rule of Flash Media Server: a change loses where somebody else has written the slot since the sender last heard. */
class VersionedServer {
  readonly values = new Map<string, SharedValue>();
  readonly clients: Wire[];
  readonly #written = new Map<string, { version: number; by: Wire | undefined }>();
  #version = 0;

  constructor(count: number) {
    this.clients = Array.from({ length: count }, () => ({ slots: new SharedSlots(), up: [], down: [], version: 0 }));
  }

  read(from: Wire): void {
    const next = from.up.shift();
    if (next === undefined) return;
    const { request, known } = next;
    if (request.type === 'requestClear') {
      this.#version += 1;
      for (const name of this.#written.keys()) this.#written.set(name, { version: this.#version, by: from });
      this.values.clear();
      this.#tellAll({ type: 'clear' });
    } else if (request.type === 'requestChange' || request.type === 'requestRemove') {
      const { name } = request;
      const last = this.#written.get(name);
      if (last !== undefined && last.version > known && last.by !== from) {
        this.#tell(from, this.#asItIs(name));
        return;
      }
      this.#version += 1;
      this.#written.set(name, { version: this.#version, by: from });
      if (request.type === 'requestRemove') {
        this.values.delete(name);
        this.#tellAll(remove(name));
      } else {
        this.values.set(name, Number(request.value));
        for (const client of this.clients) this.#tell(client, client === from ? success(name) : this.#asItIs(name));
      }
    }
  }

  #asItIs(name: string): SharedObjectEvent {
    const value = this.values.get(name);
    return value === undefined ? remove(name) : change(name, Number(value));
  }

  #tellAll(event: SharedObjectEvent): void {
    for (const client of this.clients) this.#tell(client, event);
  }

  #tell(client: Wire, event: SharedObjectEvent): void {
    client.down.push({ event, version: this.#version });
  }
}

function hear(client: Wire): void {
  const next = client.down.shift();
  if (next === undefined) return;
  client.slots.apply([next.event]);
  client.version = next.version;
}

function take(server: VersionedServer, step: Step): void {
  const client = server.clients[step.client];
  if (client === undefined) return;
  const { slots, up, version: known } = client;
  switch (step.type) {
    case 'set':
      set(slots, step.name, step.value);
      up.push({ request: { type: 'requestChange', name: step.name, value: step.value }, known });
      return;
    case 'delete':
      slots.delete(step.name);
      up.push({ request: { type: 'requestRemove', name: step.name }, known });
      return;
    case 'clear':
      slots.clear();
      up.push({ request: { type: 'requestClear' }, known });
      return;
    case 'up':
      server.read(client);
      return;
    case 'down':
      hear(client);
      return;
    default:
      step satisfies never;
  }
}

it('show the same everywhere once all has been heard', () => {
  const client = fc.integer({ min: 0, max: 2 });
  const name = fc.constantFrom('a', 'b');
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('set' as const), client, name, value: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), client, name, value: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('clear' as const), client }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('up' as const), client }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('down' as const), client }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const server = new VersionedServer(3);
      for (const one of steps) take(server, one);
      for (const wire of server.clients) while (wire.up.length > 0) server.read(wire);
      for (const wire of server.clients) while (wire.down.length > 0) hear(wire);
      const wanted = Object.fromEntries([...server.values].sort());
      for (const { slots } of server.clients) expect(slots.values).toEqual(wanted);
    }),
    { numRuns: 500, seed: 6 },
  );
});
