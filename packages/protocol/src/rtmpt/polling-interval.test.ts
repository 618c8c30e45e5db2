import { expect, it } from 'vitest';
import { PollingInterval, pollingDelayMs } from './index.js';

function answers(interval: PollingInterval, count: number, hasTraffic: boolean): number[] {
  return Array.from({ length: count }, () => interval.next(hasTraffic));
}

it('grows with every ten empty answers, to half a second', () => {
  const all = answers(new PollingInterval(), 80, false);
  expect(all.slice(0, 9)).toEqual(Array(9).fill(1));
  // The steps of SPEC-RTMPT.
  expect([...new Set(all)]).toEqual([1, 3, 5, 9, 0x11, 0x21]);
  expect(all.at(-1)).toBe(0x21);
  expect(pollingDelayMs(0x21)).toBeCloseTo(515.6, 1);
});

it('begins again with traffic', () => {
  const interval = new PollingInterval();
  expect(answers(interval, 100, false).at(-1)).toBe(0x21);
  expect(interval.next(true)).toBe(1);
  expect(answers(interval, 9, false)).toEqual(Array(9).fill(1));
  expect(interval.next(false)).toBe(3);
});
