import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SequenceOrder } from './index.js';

function takeAll<T>(order: SequenceOrder<T>): T[] {
  const items: T[] = [];
  for (let item = order.take(); item !== undefined; item = order.take()) items.push(item);
  return items;
}

it('gives back in order what came in any, once', () => {
  const numbers = Array.from({ length: 16 }, (_, at) => at);
  const shuffled = fc.shuffledSubarray(numbers, { minLength: 16 });
  fc.assert(
    fc.property(shuffled, fc.array(fc.nat(15)), (arrivals, repeats) => {
      const order = new SequenceOrder<number>({ first: 0, maxWaiting: 16 });
      const taken: number[] = [];
      for (const number of arrivals) {
        expect(order.add(number, number)).toBe('placed');
        taken.push(...takeAll(order));
        for (const repeat of repeats) if (taken.includes(repeat)) expect(order.add(repeat, repeat)).toBe('taken');
      }
      expect(taken).toEqual(numbers);
    }),
    { numRuns: 100, seed: 7 },
  );
});

it('has room for so many, and no further ahead', () => {
  const order = new SequenceOrder<string>({ first: 0, maxWaiting: 3 });
  expect(order.add(3, 'd')).toBe('full');
  expect(order.add(2, 'c')).toBe('placed');
  expect(order.add(2, 'again')).toBe('waiting');
  expect(order.replace(2, 'C')).toBe('c');
  expect(order.replace(1, 'B')).toBeUndefined();
  expect(order.waitingCount).toBe(1);
  expect(order.take()).toBeUndefined();
  expect(order.add(0, 'a')).toBe('placed');
  expect(takeAll(order)).toEqual(['a']);
  expect(order.next).toBe(1);
  expect(order.add(3, 'd')).toBe('placed');
  order.add(1, 'b');
  expect(takeAll(order)).toEqual(['b', 'C', 'd']);
});

it('gives up on a gap', () => {
  const order = new SequenceOrder<string>({ first: 0, maxWaiting: 8 });
  order.skipGap();
  expect(order.next).toBe(0);
  order.add(5, 'f');
  order.add(2, 'c');
  order.skipGap();
  expect(takeAll(order)).toEqual(['c']);
  expect(order.clear()).toEqual(['f']);
  expect(order.waitingCount).toBe(0);
});
