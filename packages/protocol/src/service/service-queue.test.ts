import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpUsageError } from '../bytes/index.js';
import { type PushResult, ServiceQueue, type ServiceQueueLimits } from './service-queue.js';

interface Message {
  readonly id: number;
  readonly priority: number;
  readonly abandon: boolean;
  readonly bytes: number;
}

function drain<Item>(queue: { shift(): Item | undefined }): Item[] {
  const items: Item[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

/** What the class comment says, in the plainest way: one list, looked through from end to end. */
class PlainQueue {
  waiting: Message[] = [];
  dropped: Message[] = [];
  readonly #limits: ServiceQueueLimits;

  constructor(limits: ServiceQueueLimits) {
    this.#limits = limits;
  }

  push(message: Message): PushResult {
    const dropped: Message[] = [];
    let left = this.waiting;
    const fits = () =>
      left.length < this.#limits.maxMessages &&
      left.reduce((sum, { bytes }) => sum + bytes, message.bytes) <= this.#limits.maxBytes;
    while (!fits()) {
      const droppable = left.filter((one) => one.abandon && (!message.abandon || one.priority >= message.priority));
      const victim = droppable.toSorted((a, b) => b.priority - a.priority || a.id - b.id)[0];
      if (victim === undefined) {
        if (message.abandon) this.dropped.push(message);
        return message.abandon ? 'dropped' : 'full';
      }
      dropped.push(victim);
      left = left.filter((one) => one !== victim);
    }
    this.waiting = [...left, message];
    this.dropped.push(...dropped);
    return 'queued';
  }

  shift(): Message | undefined {
    const next = this.waiting.toSorted((a, b) => a.priority - b.priority || a.id - b.id)[0];
    this.waiting = this.waiting.filter((one) => one !== next);
    return next;
  }
}

describe('ServiceQueue', () => {
  const must = (priority: number) => ({ priority, abandon: false });
  const may = (priority: number) => ({ priority, abandon: true });

  it('gives the highest priority first, and what is equal in the order of arrival', () => {
    const queue = new ServiceQueue<string>();
    queue.push('a', may(4), 1);
    queue.push('b', must(4), 1);
    queue.push('c', must(7), 1);
    queue.push('d', may(4), 1);
    queue.push('e', must(0), 1);
    expect([queue.length, queue.bytes]).toEqual([5, 5]);
    expect(drain(queue)).toEqual(['e', 'a', 'b', 'd', 'c']);
    expect([queue.length, queue.bytes, queue.droppedMessages]).toEqual([0, 0, 0]);
  });

  it('drops the lowest priority first, and the oldest of it', () => {
    const queue = new ServiceQueue<string>({ maxMessages: 4 });
    for (const [name, priority] of Object.entries({ a: 3, b: 5, c: 5, d: 2 })) queue.push(name, may(priority), 10);
    expect(queue.push('e', may(4), 10)).toBe('queued');
    expect(queue.push('f', may(5), 10)).toBe('queued');
    expect(queue.push('g', may(6), 10)).toBe('dropped');
    expect([queue.droppedMessages, queue.droppedBytes]).toEqual([3, 30]);
    expect(drain(queue)).toEqual(['d', 'a', 'e', 'f']);
  });

  it('is full for what must not be dropped, and then unchanged', () => {
    const queue = new ServiceQueue<string>({ maxMessages: 2, maxBytes: 10 });
    expect(queue.push('a', must(7), 6)).toBe('queued');
    expect(queue.push('b', may(0), 2)).toBe('queued');
    expect(queue.push('c', must(0), 5)).toBe('full');
    expect([queue.length, queue.bytes, queue.droppedMessages]).toEqual([2, 8, 0]);
    expect(queue.push('d', must(7), 4)).toBe('queued');
    expect([queue.length, queue.bytes, queue.droppedMessages]).toEqual([2, 10, 1]);
    expect(queue.push('e', must(0), 0)).toBe('full');
    expect(queue.push('f', may(0), 0)).toBe('dropped');
    expect(drain(queue)).toEqual(['a', 'd']);
  });

  it('takes nothing longer than it may be, whatever it would have to drop', () => {
    const queue = new ServiceQueue<string>({ maxBytes: 10 });
    queue.push('a', may(7), 1);
    expect(queue.push('b', may(0), 11)).toBe('dropped');
    expect(queue.push('c', must(0), 11)).toBe('full');
    expect(drain(queue)).toEqual(['a']);
  });

  it('does what the plain one does', () => {
    const message = fc.record({
      priority: fc.oneof(fc.nat(7), fc.constantFrom(3, 4)),
      abandon: fc.boolean(),
      bytes: fc.nat(12),
    });
    const steps = fc.array(fc.oneof({ arbitrary: message, weight: 3 }, fc.constant(undefined)), { maxLength: 120 });
    let drops = 0;
    let full = 0;
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 60 }),
        (all, maxMessages, maxBytes) => {
          const queue = new ServiceQueue<Message>({ maxMessages, maxBytes });
          const plain = new PlainQueue({ maxMessages, maxBytes });
          for (const [id, step] of all.entries()) {
            if (step === undefined) {
              expect(queue.shift()).toEqual(plain.shift());
            } else {
              const result = queue.push({ id, ...step }, step, step.bytes);
              expect(result).toBe(plain.push({ id, ...step }));
              if (result === 'full') full += 1;
            }
            expect(queue.length).toBe(plain.waiting.length);
            expect(queue.bytes).toBe(plain.waiting.reduce((sum, { bytes }) => sum + bytes, 0));
            expect(queue.length).toBeLessThanOrEqual(maxMessages);
            expect(queue.bytes).toBeLessThanOrEqual(maxBytes);
          }
          expect(queue.droppedMessages).toBe(plain.dropped.length);
          expect(queue.droppedBytes).toBe(plain.dropped.reduce((sum, { bytes }) => sum + bytes, 0));
          expect(plain.dropped.filter(({ abandon }) => !abandon)).toEqual([]);
          expect(drain(queue)).toEqual(drain(plain));
          drops += plain.dropped.length;
        },
      ),
      { seed: 20261121, numRuns: 300 },
    );
    expect(drops).toBeGreaterThan(100);
    expect(full).toBeGreaterThan(100);
  });

  it.each([{ maxMessages: 0 }, { maxBytes: 1.5 }, { maxBytes: Number.NaN }])('refuses the limits %j', (limits) => {
    expect(() => new ServiceQueue(limits)).toThrow(RtmpUsageError);
  });

  it.each<[number, number]>([
    [8, 1],
    [-1, 1],
    [0.5, 1],
    [0, -1],
    [0, Number.NaN],
  ])('refuses priority %d with %d bytes', (priority, bytes) => {
    expect(() => new ServiceQueue<string>().push('a', must(priority), bytes)).toThrow(RtmpUsageError);
  });
});
