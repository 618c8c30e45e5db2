import { describe, expect, it } from 'vitest';
import { formatLatency, formatPublishToPlay, publishLatency } from './latency.js';

describe('formatLatency', () => {
  it.each([
    [-1, '< 0 ms'],
    [0, '0 ms'],
    [41.4, '41 ms'],
    [999, '999 ms'],
    [999.6, '1.0 s'],
    [1234, '1.2 s'],
    [12_400, '12 s'],
  ])('%d: %s', (ms, text) => {
    expect(formatLatency(ms)).toBe(text);
  });
});

describe('publishLatency', () => {
  it('prefers the base time, which every frame has', () => {
    expect(publishLatency(null)).toBeUndefined();
    expect(publishLatency({ currentTimeMs: 7 })).toEqual({ ms: 7 });
    expect(publishLatency({ currentTimeMs: 1200, seiMs: 43, baseTimeMs: 41 })).toEqual({
      ms: 41,
      others: 'SEI 43 ms · currentTime 1.2 s',
    });
  });
});

describe('formatPublishToPlay', () => {
  const nowMs = 1_700_000_000_000;

  it('is exact where the time of what is shown is known', () => {
    const shown = { publishedAtMs: nowMs - 1234, behindSeconds: 9 };
    expect(formatPublishToPlay({ baseTimeMs: 41 }, shown, nowMs)).toBe('1.2 s');
    expect(formatPublishToPlay(null, shown, nowMs)).toBe('1.2 s');
    expect(formatPublishToPlay(null, shown, nowMs + 2 * 2 ** 32)).toBe('1.2 s');
  });

  it.each([
    ['the server’s clock is not known', nowMs - 1234, undefined],
    ['the publisher tells no base time', undefined, nowMs],
    ['its base time is nonsense', nowMs - 600_001, nowMs],
  ])('is about the sum where %s', (_why, publishedAtMs, serverNowMs) => {
    const shown = { publishedAtMs, behindSeconds: 0.8 };
    expect(formatPublishToPlay({ seiMs: 40 }, shown, serverNowMs)).toBe('≈ 840 ms');
    expect(formatPublishToPlay(null, shown, serverNowMs)).toBeUndefined();
    expect(formatPublishToPlay({ seiMs: 40 }, { ...shown, behindSeconds: undefined }, serverNowMs)).toBeUndefined();
  });
});
