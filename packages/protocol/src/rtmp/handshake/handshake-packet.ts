/*
 * C0 and S0 are one byte, the version; C1, S1, C2 and S2 are packets of 1536 bytes. [RTMP §5.2]
 *
 *   C1, S1          | time 4 | version 4: 0 | random 1528 |                              simple
 *                   | time 4 | version 4    | block 764 | block 764 |                    digest: see digest.ts
 *   C2, S2          | time of the peer's packet 4 | time it was read 4 | echo 1528 |     simple
 *                   | the same 8                  | echo 1496 | digest 32 |            digest
 */

export const packetLength = 1536;

/** Versions of C0 and S0. 6, 8 and 9 are RTMPE: the digest handshake with a key exchange in it. [RTMP §5.2.2] */
export const handshakeVersions = { plain: 3, encrypted: 6, encryptedXtea: 8, encryptedBlowfish: 9 } as const;

export type HandshakeKind = 'simple' | 'digest';

export interface KeyPair {
  /** 128 bytes, big-endian. */
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** Diffie-Hellman in the group of 1024 bits that is the second of RFC 2409 (§6.2). */
export interface DiffieHellman {
  createKeys(): KeyPair;
  /** The shared secret, 128 bytes with zeros in front; `undefined` where the peer's key, 128 bytes, is none. */
  secret(keys: KeyPair, peerPublicKey: Uint8Array): Uint8Array | undefined;
}

/** The cryptography the handshakes need; the library has nothing of its own that is safe. */
export interface HandshakeCrypto {
  /** HMAC-SHA-256: 32 bytes. Must not write to its arguments or keep them. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** `count` random bytes in memory of their own. */
  randomBytes(count: number): Uint8Array;
  /** For RTMPE; absent: there is none. */
  readonly diffieHellman?: DiffieHellman;
}

/** C1 or S1 before any digest. `version` 0 asks for the simple handshake. */
export function createPacket(crypto: HandshakeCrypto, time: number, version: number): Uint8Array {
  const packet = new Uint8Array(packetLength);
  const view = new DataView(packet.buffer);
  view.setUint32(0, time);
  view.setUint32(4, version);
  packet.set(crypto.randomBytes(packetLength - 8), 8);
  return packet;
}

/** C2 or S2 before any digest: the peer's S1 or C1, with the time it was read in place of its version. */
export function createEcho(packet: Uint8Array, readTime: number): Uint8Array {
  const echo = new Uint8Array(packet);
  new DataView(echo.buffer).setUint32(4, readTime);
  return echo;
}

/** The last 32 bytes of S1: what SWF verification makes its proof with. A copy. */
export function swfChallenge(serverPacket: Uint8Array): Uint8Array {
  return serverPacket.slice(packetLength - 32, packetLength);
}

export function packetVersion(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset).getUint32(4);
}
