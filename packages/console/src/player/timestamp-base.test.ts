import { describe, expect, it } from 'vitest';
import { timestampBaseMs } from './timestamp-base.js';

function player(base: unknown) {
  const remuxer = { base, getTimestampBase: () => remuxer.base };
  return { _player_engine: { _transmuxer: { _controller: { _remuxer: remuxer } } } };
}

describe('timestampBaseMs', () => {
  it('finds it', () => {
    expect(timestampBaseMs(player(0))).toBe(0);
    expect(timestampBaseMs(player(4000))).toBe(4000);
  });

  it.each([
    {},
    { _player_engine: null },
    { _player_engine: { _transmuxer: { _controller: { _remuxer: {} } } } },
    player(undefined),
    player(Infinity),
    player('1'),
  ])('does without', (other) => {
    expect(timestampBaseMs(other)).toBeUndefined();
  });
});
