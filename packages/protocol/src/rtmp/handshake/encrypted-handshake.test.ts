import { createDiffieHellman, createHmac, getDiffieHellman } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError } from '../../bytes/index.js';
import { Blowfish } from './blowfish.js';
import { EncryptedClientHandshake } from './encrypted-client-handshake.js';
import { blowfishBlocks, hiddenSignatures, rc4Keystreams, xteaBlocks } from './encrypted-handshake.vectors.js';
import { EncryptedServerHandshake } from './encrypted-server-handshake.js';
import { ffmpegClientPacket } from './handshake.vectors.js';
import { type EncryptedVersion, hideSignature } from './hidden-signature.js';
import type { EncryptedCrypto, SessionCiphers } from './key-exchange.js';
import { Rc4 } from './rc4.js';
import { xteaEncrypt } from './xtea.js';

const versions = [6, 8, 9] as const satisfies readonly EncryptedVersion[];
const modp2 = getDiffieHellman('modp2');
const group = createDiffieHellman(modp2.getPrime(), modp2.getGenerator());

/** Random bytes that differ from call to call, and are the same in every run. */
function testCrypto(seed: number): EncryptedCrypto {
  let state = seed;
  const randomBytes = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 16;
    });
  return {
    hmacSha256: (key, data) => new Uint8Array(createHmac('sha256', key).update(data).digest()),
    randomBytes,
    diffieHellman: {
      createKeys() {
        const privateKey = randomBytes(32);
        group.setPrivateKey(privateKey);
        return { privateKey, publicKey: group.generateKeys() };
      },
      secret({ privateKey }, peerPublicKey) {
        group.setPrivateKey(privateKey);
        try {
          return group.computeSecret(peerPublicKey);
        } catch {
          return undefined;
        }
      },
    },
  };
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function wordsOf(hex: string): readonly [number, number] {
  const view = new DataView(fromHex(hex).buffer);
  return [view.getUint32(0), view.getUint32(4)];
}

function hexOf(words: readonly number[]): string {
  return words.map((word) => word.toString(16).padStart(8, '0')).join('');
}

function concat(...parts: readonly (Uint8Array | undefined)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...(part ?? [])]));
}

function server(seed = 1): EncryptedServerHandshake {
  return new EncryptedServerHandshake({ crypto: testCrypto(seed), nowMs: 1000 });
}

function client(version: EncryptedVersion, seed = 2): EncryptedClientHandshake {
  return new EncryptedClientHandshake({ crypto: testCrypto(seed), nowMs: 5000, version });
}

function ciphersOf(side: { readonly ciphers: SessionCiphers | undefined }): SessionCiphers {
  if (side.ciphers === undefined) throw new Error('no keys have been agreed on');
  return side.ciphers;
}

function encrypted(cipher: Rc4, bytes: Uint8Array): Uint8Array {
  const output = new Uint8Array(bytes.length);
  cipher.apply(bytes, output);
  return output;
}

function failureOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error instanceof RtmpRemoteError ? error.code : error;
  }
  return undefined;
}

describe('the ciphers', () => {
  it.each(rc4Keystreams)('RC4 with key $key, from byte $at', ({ key, at, bytes }) => {
    const keystream = encrypted(new Rc4(fromHex(key)), new Uint8Array(at + 16));
    expect(Buffer.from(keystream.subarray(at)).toString('hex')).toBe(bytes);
  });

  it('RC4 goes on where it was, in pieces of any size, in place too', () => {
    const plain = Uint8Array.from({ length: 1000 }, (_, at) => at);
    const whole = encrypted(new Rc4(fromHex('0102030405')), plain);
    const cipher = new Rc4(fromHex('0102030405'));
    const inPlace = plain.slice();
    for (const [from, to] of [
      [0, 1],
      [1, 1],
      [1, 500],
      [500, 1000],
    ] as const) {
      const piece = inPlace.subarray(from, to);
      cipher.apply(piece, piece);
    }
    expect(inPlace).toEqual(whole);
  });

  it.each(xteaBlocks)('XTEA with key %s', (key, plain, cipher) => {
    const [a, b] = wordsOf(key);
    const [c, d] = wordsOf(key.slice(16));
    expect(hexOf(xteaEncrypt(wordsOf(plain), [a, b, c, d]))).toBe(cipher);
  });

  it.each(blowfishBlocks)('Blowfish with key %s', (key, plain, cipher) => {
    expect(hexOf(new Blowfish(fromHex(key)).encrypt(wordsOf(plain)))).toBe(cipher);
  });

  it.each(hiddenSignatures)('the signature of version %i is that of librtmp', (version, expected) => {
    const signature = Uint8Array.from({ length: 32 }, (_, at) => at * 7 + 3);
    hideSignature(
      version,
      signature,
      Uint8Array.from({ length: 32 }, (_, at) => at * 29 + 200),
    );
    expect(Buffer.from(signature).toString('hex')).toBe(expected);
  });
});

describe('the encrypted handshakes', () => {
  it.each(versions)('of version %i agree on keys for both directions', (version) => {
    const [a, b] = [server(), client(version)];
    const c0c1 = b.takeOutput();
    expect(c0c1).toHaveLength(1537);
    expect(c0c1?.[0]).toBe(version);
    a.receive(concat(c0c1));
    expect(a.done).toBe(false);
    const s0s1s2 = a.takeOutput();
    expect(s0s1s2).toHaveLength(3073);
    expect(s0s1s2?.[0]).toBe(version);
    b.receive(concat(s0s1s2));
    expect(b.done).toBe(true);
    const [toServer, toClient] = [fromHex('01020304'), fromHex('05060708090a')];
    a.receive(concat(b.takeOutput(), encrypted(ciphersOf(b).outgoing, toServer)));
    expect(a.done).toBe(true);
    expect(encrypted(ciphersOf(a).incoming, a.takeRemainder())).toEqual(toServer);
    const sent = encrypted(ciphersOf(a).outgoing, toClient);
    expect(sent).not.toEqual(toClient);
    expect(encrypted(ciphersOf(b).incoming, sent)).toEqual(toClient);
    expect([a.takeOutput(), b.takeOutput()]).toEqual([undefined, undefined]);
  });

  it('do so with bytes in any pieces', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...versions),
        fc.array(fc.integer({ min: 1, max: 1600 }), { minLength: 1 }),
        (version, sizes) => {
          const [a, b] = [server(3), client(version, 4)];
          const feed = (to: { receive(bytes: Uint8Array): void }, bytes: Uint8Array): void => {
            for (let at = 0, i = 0; at < bytes.length; i += 1) {
              const size = sizes[i % sizes.length] ?? 1;
              to.receive(bytes.slice(at, at + size));
              at += size;
            }
          };
          feed(a, concat(b.takeOutput()));
          feed(b, concat(a.takeOutput()));
          feed(a, concat(b.takeOutput(), Uint8Array.of(1, 2, 3)));
          expect([a.done, b.done]).toEqual([true, true]);
          expect(a.takeRemainder()).toHaveLength(3);
        },
      ),
      { numRuns: 20, seed: 5 },
    );
  });

  it('use the key block that goes with the place of the digest: of an older player too', () => {
    // ffmpeg's C1 has its digest in the first block; what stands at the place of the key is random.
    const a = server();
    a.receive(concat(Uint8Array.of(6), Buffer.from(ffmpegClientPacket, 'base64')));
    expect(a.takeOutput()).toHaveLength(3073);
    expect(a.ciphers).toBeDefined();
  });

  it('fail with what is not RTMPE', () => {
    expect(failureOf(() => server().receive(Uint8Array.of(3)))).toBe('ERR_RTMP_HANDSHAKE_VERSION');
    expect(failureOf(() => server().receive(concat(Uint8Array.of(6), new Uint8Array(1536))))).toBe(
      'ERR_RTMP_HANDSHAKE_DIGEST',
    );
    const plain = client(6);
    plain.takeOutput();
    expect(failureOf(() => plain.receive(Uint8Array.of(3)))).toBe('ERR_RTMP_HANDSHAKE_VERSION');
    expect(failureOf(() => plain.receive(Uint8Array.of(0)))).toBe('ERR_RTMP_HANDSHAKE_VERSION');
    const noDigest = concat(Uint8Array.of(9), new Uint8Array(3072));
    expect(failureOf(() => client(9).receive(noDigest))).toBe('ERR_RTMP_HANDSHAKE_DIGEST');
  });

  it.each([
    ['0', new Uint8Array(128)],
    ['1', concat(new Uint8Array(127), Uint8Array.of(1))],
  ])('fail with the key %s, which lets everybody know the secret', (_name, publicKey) => {
    const weak = testCrypto(1);
    const crypto = {
      ...weak,
      diffieHellman: { ...weak.diffieHellman, createKeys: () => ({ publicKey, privateKey: publicKey }) },
    };
    const b = new EncryptedClientHandshake({ crypto, nowMs: 0 });
    expect(failureOf(() => server().receive(concat(b.takeOutput())))).toBe('ERR_RTMP_HANDSHAKE_KEY');
    const a = new EncryptedServerHandshake({ crypto: testCrypto(5), nowMs: 0 });
    a.receive(concat(client(6).takeOutput()));
    expect(a.takeOutput()).toBeDefined();
  });

  it('take any bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...versions),
        fc.uint8Array({ maxLength: 64 }),
        fc.nat(1536),
        (version, noise, at) => {
          const packet = concat(client(version, 9).takeOutput());
          packet.set(noise.subarray(0, Math.max(0, packet.length - at)), at);
          const code = failureOf(() => server(8).receive(packet));
          expect(code === undefined || typeof code === 'string').toBe(true);
        },
      ),
      { numRuns: 60, seed: 11 },
    );
  });
});
