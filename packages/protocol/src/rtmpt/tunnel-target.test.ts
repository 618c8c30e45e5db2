import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { formatTunnelTarget, parseTunnelTarget } from './index.js';
import { brokenTargets, oddTargets, otherTargets, targets } from './tunnel-target.vectors.js';

describe('parseTunnelTarget', () => {
  it.each(targets)('%s', (target, result) => {
    expect(parseTunnelTarget(target)).toEqual(result);
  });

  it.each(oddTargets)('%s, as odd peers write it', (target, result) => {
    expect(parseTunnelTarget(target)).toEqual(result);
  });

  it.each(otherTargets)('leaves %j to others', (target) => {
    expect(parseTunnelTarget(target)).toBeUndefined();
  });

  it.each(brokenTargets)('refuses %s', (target) => {
    expect(() => parseTunnelTarget(target)).toThrow(RtmpRemoteError);
  });

  it('throws nothing else, whatever the target', () => {
    const part = fc.oneof(fc.constantFrom('open', 'send', 'idle', 'close', 'fcs', 'ident2', ''), fc.string());
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        try {
          parseTunnelTarget(`/${parts.join('/')}`);
        } catch (error) {
          expect(error).toBeInstanceOf(RtmpRemoteError);
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe('formatTunnelTarget', () => {
  it.each(targets.filter(([target]) => target !== '/fcs/ident'))('writes %s', (target, result) => {
    if (result !== undefined) expect(formatTunnelTarget(result)).toBe(target);
  });

  it.each([
    ['', 0],
    ['a/b', 0],
    ['x', -1],
    ['x', 1.5],
    ['x', 2 ** 32],
  ])('refuses the id %j with %d', (id, sequence) => {
    expect(() => formatTunnelTarget({ command: 'send', id, sequence })).toThrow(RtmpUsageError);
  });
});
