import { expect, it } from 'vitest';
import { SeenIds } from './seen-ids.js';

it('knows what it has seen, and forgets the oldest', () => {
  const seen = new SeenIds(2);
  expect(['a', 'a', 'b', 'c', 'c', 'b', 'a'].map((id) => seen.add(id))).toEqual([
    ...[true, false, true, true, false, false, true],
  ]);
});
