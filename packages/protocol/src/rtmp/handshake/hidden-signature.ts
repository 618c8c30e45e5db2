/*
 * With RTMPE's versions 8 and 9 the signatures at the end of C2 and S2 are encrypted, in four blocks of 8 bytes, each by
 * one of fixed keys that the byte at the same place of the signature's own key chooses. Words are little-endian.
 *
 *   version 8    XTEA        version 9    Blowfish
 *
 * Not in any specification; the keys are common to librtmp and ffmpeg.
 */
import { Blowfish } from './blowfish.js';
import { xteaEncrypt } from './xtea.js';

/** C0 and S0 of RTMPE. 6 hides no signature. */
export type EncryptedVersion = 6 | 8 | 9;

type Block = readonly [number, number];

/** Both programs have a sixteenth key, and choose among these. */
const keyCount = 15;
const blockLength = 8;

const xteaKeys = [
  'bff034b211d9081fccdfb795748de732',
  '086a5eb61743090e6ef05ab8fe5a39e2',
  '7b10956f76ce05212388a73a440149a1',
  'a943f317ebf11bb2a691a5ee17f36339',
  '7a30e00ab529e22ca087aea5c0cb79ac',
  'bdce0c232febdeff1cfaae161123239d',
  '55dd3f7b77e7e62e9bb8c499c9481ee4',
  '407bb6b471e89136a7aebf55ca33b839',
  'fcf6bdc3b63c36977ce4f82504d959b2',
  '28e091fd41954c4c7fb7db00e3a066f8',
  '57845b764f251b0346d45bcda2c30d29',
  '0acceef8da55b546034734525863713b',
  'b82075dca75f1feed84268e8a72a44cc',
  '07cf6e9ea16d7b259fa7ae6cd92f5629',
  'feb1eae48c8c3ce14e0064a76a387c2a',
];

const blowfishKeys = [
  '7934774c67d1383adfb356be8b7bd02438e07358415d6967',
  '46f6b4cc0193e3a19e7d3c655586fd098ff7b3c46f41ca5c',
  '1ae7e2f3f9147994c0d39743087bb384432f9d843f21019b',
  'd3e354b0f71df62b5a434d0483643e0d592f61cbb16a590d',
  'c8c1e9b8165699217b5b36b7b59bdf06492c97f59548857e',
  'ebe5e62ea4bad42cf216e08f6623a94341ce381484950053',
  '66db90f03b4ff56fe49c2089355ed2b2c39e9f7f63b22881',
  'bb20aced2a046a1994989bc8ffcd93efc60d56a7eb13d930',
  'bcf2438209408a8725436de6bba4b944583f217c99bb3f24',
  'ec1aaacdcebd5311d2fb83b6c3baab4f6279e865a9922876',
  'c60c300391182d7b79dae1d564779a12c5b1d7914f964ca3',
  'd77c2abfa6e7857c45adff1294d8dea45c3d79a444025d22',
  '16190d816a4cc7f8b8f94ecd2c9e9084b2082560e11eae18',
  'e97c58261b519e49826061fca0a01bcdf505d6a66d0788a3',
  '2b97118bd94ed9df20e39c10e6a1352111f9130d0b2465b2',
];

/** Encrypts `signature` in place. `signedWith`: the key that it was made with. Both are 32 bytes. */
export function hideSignature(version: EncryptedVersion, signature: Uint8Array, signedWith: Uint8Array): void {
  if (version === 6) return;
  const view = new DataView(signature.buffer, signature.byteOffset, signature.byteLength);
  for (let at = 0; at < signature.length; at += blockLength) {
    const keyIndex = (signedWith[at] as number) % keyCount;
    const block = [view.getUint32(at, true), view.getUint32(at + 4, true)] as const;
    const [first, second] = version === 8 ? byXtea(block, keyIndex) : byBlowfish(block, keyIndex);
    view.setUint32(at, first, true);
    view.setUint32(at + 4, second, true);
  }
}

function byXtea(block: Block, keyIndex: number): Block {
  const key = xteaKeys[keyIndex] as string;
  const word = (at: number): number => Number.parseInt(key.slice(at * 8, at * 8 + 8), 16);
  return xteaEncrypt(block, [word(0), word(1), word(2), word(3)]);
}

function byBlowfish(block: Block, keyIndex: number): Block {
  const key = blowfishKeys[keyIndex] as string;
  return new Blowfish(
    Uint8Array.from({ length: key.length / 2 }, (_, at) => Number.parseInt(key.slice(at * 2, at * 2 + 2), 16)),
  ).encrypt(block);
}
