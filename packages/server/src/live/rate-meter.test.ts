import { describe, expect, it } from 'vitest';
import { RateMeter } from './rate-meter.js';

describe('RateMeter', () => {
  it('averages over the last five whole seconds and forgets what is older', () => {
    const meter = new RateMeter(100);
    for (let ms = 0; ms < 10_000; ms += 100) meter.add(1250, 100 + ms);
    expect(meter.bitsPerSecond(10_100)).toBe(100_000);
    expect(meter.bitsPerSecond(12_100)).toBe(60_000);
    expect(meter.bitsPerSecond(60_000)).toBe(0);
  });

  it('says something sensible in the first second', () => {
    const meter = new RateMeter(0);
    expect(meter.bitsPerSecond(0)).toBe(0);
    meter.add(12_500, 10);
    expect(meter.bitsPerSecond(1000)).toBe(100_000);
  });
});
