import { RtmpRemoteError } from '../../bytes/index.js';
import { clientKey, type DigestScheme, findDigest, serverKey, signEcho, signPacket } from './digest.js';
import { EncryptedHandshake } from './encrypted-handshake.js';
import { createEcho, createPacket, packetLength, swfChallenge } from './handshake-packet.js';
import { agreeOnCiphers, type EncryptedCrypto, publicKeyOf, putPublicKey } from './key-exchange.js';

/** As in the handshake that is not encrypted. */
const serverVersion = 0x03_05_01_01;
/** Players look in both places; ffmpeg that publishes looks for the key only where this puts it. */
const serverScheme: DigestScheme = 8;

/**
 * The server's side of RTMPE's handshake. S0, S1 and S2 go out together once C1 is complete; what the client says in C2 is
 * never checked.
 */
export class EncryptedServerHandshake extends EncryptedHandshake {
  /** `nowMs` is any clock's reading, in milliseconds; only its low 32 bits go on the wire. */
  constructor({ crypto, nowMs }: { readonly crypto: EncryptedCrypto; readonly nowMs: number }) {
    super({
      nowMs,
      wrongVersion: (version) => `version ${version} is not of RTMPE`,
      answer: (version, clientPacket, readMs) => {
        const found = findDigest(crypto, clientPacket, clientKey);
        if (found === undefined) {
          throw new RtmpRemoteError('ERR_RTMP_HANDSHAKE_DIGEST', 'C1 has no digest, which RTMPE needs', { offset: 1 });
        }
        const keys = crypto.diffieHellman.createKeys();
        const ciphers = agreeOnCiphers(crypto, keys, publicKeyOf(clientPacket, found.scheme));
        const packet = createPacket(crypto, nowMs, serverVersion);
        putPublicKey(packet, serverScheme, keys.publicKey);
        signPacket(crypto, packet, serverScheme, serverKey);
        const echo = createEcho(clientPacket, readMs);
        signEcho(crypto, echo, found.digest, serverKey, version);
        const output = new Uint8Array(1 + 2 * packetLength);
        output[0] = version;
        output.set(packet, 1);
        output.set(echo, 1 + packetLength);
        return { output, ciphers, swfChallenge: swfChallenge(packet) };
      },
    });
  }
}
