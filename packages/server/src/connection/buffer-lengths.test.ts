import { expect, it } from 'vitest';
import { BufferLengths } from './buffer-lengths.js';

it('are kept of 256 streams, and may change', () => {
  const lengths = new BufferLengths();
  for (let id = 0; id < 256; id += 1) expect(lengths.note(id, 1000)).toBe(true);
  expect(lengths.note(256, 1000)).toBe(false);
  expect(lengths.note(7, 2000)).toBe(true);
  expect([lengths.of(7), lengths.of(8), lengths.of(256)]).toEqual([2000, 1000, undefined]);
});
