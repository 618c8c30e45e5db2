/*
 * RTMPE: C1 and S1 have a Diffie-Hellman public key (1024 bits, group 2 of RFC 2409 §6.2) in the block that has no digest.
 *
 *   key block    | random | key 128, at (a + b + c + d) mod 632 | random | a, b, c, d 4 |
 *
 * From the last byte of C2 and S2 on both directions are encrypted with RC4. The key of what is sent to a side is the first
 * 16 bytes of HMAC-SHA-256 of that side's public key, under the shared secret; 1536 bytes of either keystream are left out.
 *
 * Not in any specification; these facts are common to librtmp and ffmpeg.
 */
import { RtmpRemoteError } from '../../bytes/index.js';
import type { DigestScheme } from './digest.js';
import { type DiffieHellman, type HandshakeCrypto, type KeyPair, packetLength } from './handshake-packet.js';
import { Rc4 } from './rc4.js';

const publicKeyLength = 128;
const cipherKeyLength = 16;
const blockLength = 764;

/** Both directions of an RTMPE connection. */
export interface SessionCiphers {
  /** Decrypts what the peer sends. */
  readonly incoming: Rc4;
  /** Encrypts what is sent to it. */
  readonly outgoing: Rc4;
}

/** What RTMPE needs beside the rest. */
export type EncryptedCrypto = HandshakeCrypto & { readonly diffieHellman: DiffieHellman };

/** Puts the key into C1 or S1, before the digest is made. */
export function putPublicKey(packet: Uint8Array, scheme: DigestScheme, publicKey: Uint8Array): void {
  packet.set(publicKey, keyOffset(packet, scheme));
}

/** A view of the key in C1 or S1. */
export function publicKeyOf(packet: Uint8Array, scheme: DigestScheme): Uint8Array {
  const offset = keyOffset(packet, scheme);
  return packet.subarray(offset, offset + publicKeyLength);
}

/** @throws RtmpRemoteError `ERR_RTMP_HANDSHAKE_KEY` when the peer's key is not a key. */
export function agreeOnCiphers(crypto: EncryptedCrypto, keys: KeyPair, peerPublicKey: Uint8Array): SessionCiphers {
  const secret = crypto.diffieHellman.secret(keys, peerPublicKey);
  if (secret === undefined) {
    throw new RtmpRemoteError('ERR_RTMP_HANDSHAKE_KEY', "the peer's Diffie-Hellman key is not valid");
  }
  const cipherTo = (publicKey: Uint8Array): Rc4 => {
    const cipher = new Rc4(crypto.hmacSha256(secret, publicKey).subarray(0, cipherKeyLength));
    const unused = new Uint8Array(packetLength);
    cipher.apply(unused, unused);
    return cipher;
  };
  return { incoming: cipherTo(keys.publicKey), outgoing: cipherTo(peerPublicKey) };
}

/** The key is in the block that has no digest: behind it, or before it. */
function keyOffset(packet: Uint8Array, scheme: DigestScheme): number {
  const block = scheme === 8 ? 772 : 8;
  let sum = 0;
  for (let i = blockLength - 4; i < blockLength; i += 1) sum += packet[block + i] as number;
  return block + (sum % 632);
}
