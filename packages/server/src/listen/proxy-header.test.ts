import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProxyHeader } from './proxy-header.js';
import { binaryHeaders, textHeaders } from './proxy-header.vectors.js';

const headers = [
  ...textHeaders.map(([text, result]) => [text, Buffer.from(text, 'latin1'), result] as const),
  ...binaryHeaders.map(([hex, result]) => [hex, Buffer.from(hex, 'hex'), result] as const),
];

describe('parseProxyHeader', () => {
  it.each(headers)('%j', (_name, bytes, result) => {
    expect(parseProxyHeader(bytes)).toEqual(result);
  });

  it.each(headers.filter(([, , result]) => typeof result === 'object'))(
    '%j in pieces, and with more',
    (_name, bytes, result) => {
      for (let length = 0; length < bytes.length; length += 1) {
        expect(parseProxyHeader(bytes.subarray(0, length))).toBe('incomplete');
      }
      expect(parseProxyHeader(Buffer.concat([bytes, Buffer.from([3, 0, 0])]))).toEqual(result);
    },
  );

  it('takes any bytes, and never waits for more than 2 KiB', () => {
    const start = fc.constantFrom(...headers.map(([, bytes]) => bytes));
    fc.assert(
      fc.property(start, fc.nat(60), fc.uint8Array({ maxLength: 80 }), (header, keep, noise) => {
        const bytes = Buffer.concat([header.subarray(0, keep), noise]);
        const result = parseProxyHeader(bytes);
        if (typeof result === 'object') expect(result.length).toBeLessThanOrEqual(bytes.length);
        expect(parseProxyHeader(Buffer.concat([bytes, Buffer.alloc(2048, 0x41)]))).not.toBe('incomplete');
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
