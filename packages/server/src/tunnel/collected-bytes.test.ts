import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CollectedBytes } from './collected-bytes.js';

describe('CollectedBytes', () => {
  it('are what was put in, however it was cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 20 }), (pieces) => {
        const whole = Buffer.concat(pieces);
        const collected = new CollectedBytes(whole.length);
        for (const piece of pieces) collected.push(piece);
        expect(collected.length).toBe(whole.length);
        expect(whole.equals(collected.take())).toBe(true);
        expect(collected.length).toBe(0);
      }),
      { numRuns: 50, seed: 7 },
    );
  });

  it('share one place of memory, of twice their size at most', () => {
    const collected = new CollectedBytes(1_000_000);
    for (let count = 0; count < 70_000; count += 1) collected.push(Uint8Array.of(count));
    const bytes = collected.take();
    expect(bytes).toHaveLength(70_000);
    expect(bytes.buffer.byteLength).toBeLessThanOrEqual(140_000);
  });
});
