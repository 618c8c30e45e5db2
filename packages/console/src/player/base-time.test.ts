import { describe, expect, it } from 'vitest';
import { baseTimeMs } from './base-time.js';

describe('baseTimeMs', () => {
  it('reads both spellings, the draft’s first', () => {
    expect(baseTimeMs({ cu_basetime: 5, cubasetime: 6 })).toBe(5);
    expect(baseTimeMs({ cu_basetime: 'x', cubasetime: 6 })).toBe(6);
  });

  it.each([undefined, null, 5, {}, { cu_basetime: 0 }, { cu_basetime: '5' }, { cu_basetime: Number.NaN }])(
    'finds none in %j',
    (metadata) => {
      expect(baseTimeMs(metadata)).toBeUndefined();
    },
  );
});
