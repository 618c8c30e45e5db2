import { getDiffieHellman } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodeCrypto } from './node-crypto.js';

const { diffieHellman } = nodeCrypto;
const keys = diffieHellman.createKeys();
const prime = BigInt(`0x${getDiffieHellman('modp2').getPrime('hex')}`);

function secretWith(publicKey: bigint): Uint8Array | undefined {
  return diffieHellman.secret(keys, Buffer.from(publicKey.toString(16).padStart(256, '0'), 'hex'));
}

describe('nodeCrypto', () => {
  it('agrees with the other side on a secret', () => {
    const other = diffieHellman.createKeys();
    const secret = diffieHellman.secret(keys, other.publicKey);
    expect(secret).toHaveLength(128);
    expect(secret).toEqual(diffieHellman.secret(other, keys.publicKey));
  });

  it.each<[string, bigint]>([
    ['0', 0n],
    ['1', 1n],
    ['p − 1', prime - 1n],
    ['p', prime],
    ['p + 1', prime + 1n],
    ['p + 2', prime + 2n],
    ['the largest', 2n ** 1024n - 1n],
  ])('takes no public key that is none: %s', (_name, key) => {
    expect(secretWith(key)).toBeUndefined();
  });

  it('takes the smallest and the largest that are', () => {
    expect(secretWith(2n)).toBeDefined();
    expect(secretWith(prime - 2n)).toBeDefined();
  });
});
