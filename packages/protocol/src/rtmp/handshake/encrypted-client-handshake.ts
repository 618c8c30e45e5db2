import { RtmpRemoteError } from '../../bytes/index.js';
import { clientKey, type DigestScheme, findDigest, serverKey, signEcho, signPacket } from './digest.js';
import { EncryptedHandshake } from './encrypted-handshake.js';
import { createEcho, createPacket, packetLength, swfChallenge } from './handshake-packet.js';
import type { EncryptedVersion } from './hidden-signature.js';
import { agreeOnCiphers, type EncryptedCrypto, publicKeyOf, putPublicKey } from './key-exchange.js';

/** As librtmp says. Servers want 9.0.115 or more for RTMPE. */
const clientVersion = 0x80_00_03_02;
/** Newer players' order of the blocks. */
const scheme: DigestScheme = 772;

/**
 * The client's side of RTMPE's handshake. C0 and C1 are there to send from the start, C2 once S1 is complete. What the
 * server proves in S2 is never checked: the keys are known to all.
 */
export class EncryptedClientHandshake extends EncryptedHandshake {
  /** `nowMs` is any clock's reading, in milliseconds; only its low 32 bits go on the wire. */
  constructor(options: {
    readonly crypto: EncryptedCrypto;
    readonly nowMs: number;
    readonly version?: EncryptedVersion;
  }) {
    const { crypto, nowMs, version: asked = 6 } = options;
    const keys = crypto.diffieHellman.createKeys();
    const packet = createPacket(crypto, nowMs, clientVersion);
    putPublicKey(packet, scheme, keys.publicKey);
    signPacket(crypto, packet, scheme, clientKey);
    const output = new Uint8Array(1 + packetLength);
    output[0] = asked;
    output.set(packet, 1);
    super({
      nowMs,
      output,
      wrongVersion: (version) => `the server answered with version ${version}, RTMPE was asked for`,
      answer: (version, serverPacket, readMs) => {
        const found = findDigest(crypto, serverPacket, serverKey);
        if (found === undefined) {
          throw new RtmpRemoteError('ERR_RTMP_HANDSHAKE_DIGEST', 'S1 has no digest, which RTMPE needs', { offset: 1 });
        }
        const ciphers = agreeOnCiphers(crypto, keys, publicKeyOf(serverPacket, found.scheme));
        const echo = createEcho(serverPacket, readMs);
        signEcho(crypto, echo, found.digest, clientKey, version);
        return { output: echo, ciphers, swfChallenge: swfChallenge(serverPacket) };
      },
    });
  }
}
