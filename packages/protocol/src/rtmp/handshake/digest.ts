/*
 * The digest handshake signs C1 and S1 with keys that only Adobe's software was meant to know. After time and version a
 * packet has two blocks of 764 bytes, in either order: one hides the digest, the other a key (of use to RTMPE only).
 *
 *   digest block    | a, b, c, d 4 | (a + b + c + d) mod 728 random bytes | digest 32 | random |
 *
 *   digest of C1, S1    HMAC-SHA-256 of the other 1504 bytes, key: the sender's name
 *   digest of C2, S2    at the packet's end: HMAC-SHA-256 of the 1504 bytes before it,
 *                       key: HMAC-SHA-256 of the digest in the peer's C1 or S1 under the sender's whole key
 *
 * Not in any specification; these facts are common to librtmp, ffmpeg, nginx-rtmp and SRS.
 */
import { type HandshakeCrypto, packetLength } from './handshake-packet.js';
import { type EncryptedVersion, hideSignature } from './hidden-signature.js';

const digestLength = 32;

/** Where the digest block starts: the order of the blocks. Flash Player 9 and ffmpeg begin at 8, newer players at 772. */
export type DigestScheme = 8 | 772;

interface GenuineKey {
  /** Signs C1 or S1. */
  readonly name: Uint8Array;
  /** Name and 32 secret bytes: makes the key for S2 or C2. */
  readonly whole: Uint8Array;
}

const secret = [
  0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec, 0x5d,
  0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
];

function genuineKey(text: string): GenuineKey {
  const name = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return { name, whole: Uint8Array.from([...name, ...secret]) };
}

export const serverKey = genuineKey('Genuine Adobe Flash Media Server 001');
export const clientKey = genuineKey('Genuine Adobe Flash Player 001');

function digestOffset(packet: Uint8Array, scheme: DigestScheme): number {
  let sum = 0;
  for (let i = 0; i < 4; i += 1) sum += packet[scheme + i] as number;
  return scheme + 4 + (sum % 728);
}

function packetDigest(crypto: HandshakeCrypto, packet: Uint8Array, offset: number, key: GenuineKey): Uint8Array {
  const signed = new Uint8Array(packetLength - digestLength);
  signed.set(packet.subarray(0, offset));
  signed.set(packet.subarray(offset + digestLength), offset);
  return crypto.hmacSha256(key.name, signed);
}

/** Looks in both places for a digest made with `key`; `undefined`: neither has one. The digest is a copy. */
export function findDigest(
  crypto: HandshakeCrypto,
  packet: Uint8Array,
  key: GenuineKey,
): { readonly scheme: DigestScheme; readonly digest: Uint8Array } | undefined {
  for (const scheme of [8, 772] as const) {
    const offset = digestOffset(packet, scheme);
    const digest = packetDigest(crypto, packet, offset, key);
    if (digest.every((byte, i) => byte === packet[offset + i])) return { scheme, digest };
  }
  return undefined;
}

/** Puts the digest into C1 or S1 and returns it. */
export function signPacket(
  crypto: HandshakeCrypto,
  packet: Uint8Array,
  scheme: DigestScheme,
  key: GenuineKey,
): Uint8Array {
  const offset = digestOffset(packet, scheme);
  const digest = packetDigest(crypto, packet, offset, key);
  packet.set(digest, offset);
  return digest;
}

/** Ends C2 or S2 with the proof that its sender holds `key` and read `peerDigest`. */
export function signEcho(
  crypto: HandshakeCrypto,
  echo: Uint8Array,
  peerDigest: Uint8Array,
  key: GenuineKey,
  version: 3 | EncryptedVersion = 3,
): void {
  const signed = packetLength - digestLength;
  const signedWith = crypto.hmacSha256(key.whole, peerDigest);
  echo.set(crypto.hmacSha256(signedWith, echo.subarray(0, signed)), signed);
  if (version !== 3) hideSignature(version, echo.subarray(signed), signedWith);
}
