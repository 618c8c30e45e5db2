import { RtmpRemoteError } from '../../bytes/index.js';
import { clientKey, type DigestScheme, findDigest, serverKey, signEcho, signPacket } from './digest.js';
import { HandshakeInput } from './handshake-input.js';
import { createEcho, createPacket, packetLength } from './handshake-packet.js';
import type { EncryptedVersion } from './hidden-signature.js';
import {
  agreeOnCiphers,
  type EncryptedCrypto,
  publicKeyOf,
  putPublicKey,
  type SessionCiphers,
} from './key-exchange.js';

/** As in the handshake that is not encrypted. */
const serverVersion = 0x03_05_01_01;
/** Players look in both places; ffmpeg that publishes looks for the key only where this puts it. */
const serverScheme: DigestScheme = 8;

/**
 * The server's side of RTMPE's handshake. S0, S1 and S2 go out together once C1 is complete; what the client says in C2 is
 * never checked. What comes and goes after it is encrypted with `ciphers`.
 */
export class EncryptedServerHandshake {
  readonly #crypto: EncryptedCrypto;
  readonly #startMs: number;
  readonly #input = new HandshakeInput();
  #output: Uint8Array | undefined;
  #ciphers: SessionCiphers | undefined;
  #failure: RtmpRemoteError | undefined;

  /** `nowMs` is any clock's reading, in milliseconds; only its low 32 bits go on the wire. */
  constructor(options: { readonly crypto: EncryptedCrypto; readonly nowMs: number }) {
    this.#crypto = options.crypto;
    this.#startMs = options.nowMs;
  }

  /** For what comes after the handshake; `undefined` until C1 is complete. */
  get ciphers(): SessionCiphers | undefined {
    return this.#ciphers;
  }

  /** C2 is complete: what follows are chunks, encrypted. */
  get done(): boolean {
    return this.#input.complete;
  }

  /**
   * Takes bytes in pieces of any size and copies them. `nowMs`: when they were read, by the clock of the constructor.
   * @throws RtmpRemoteError when C0 is not of RTMPE, or C1 has no digest or no key; then the connection is over
   */
  receive(bytes: Uint8Array, nowMs: number = this.#startMs): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#input.push(bytes);
    const { version, firstPacket } = this.#input;
    try {
      if (version === undefined) return;
      if (version !== 6 && version !== 8 && version !== 9) {
        throw new RtmpRemoteError('ERR_RTMP_HANDSHAKE_VERSION', `version ${version} is not of RTMPE`, { offset: 0 });
      }
      if (this.#ciphers === undefined && firstPacket !== undefined) this.#answer(version, firstPacket, nowMs);
    } catch (error) {
      if (error instanceof RtmpRemoteError) this.#failure = error;
      throw error;
    }
  }

  /** S0, S1 and S2, once, as soon as C1 has come. */
  takeOutput(): Uint8Array | undefined {
    const output = this.#output;
    this.#output = undefined;
    return output;
  }

  /** Bytes received after C2, once, as they came: encrypted. */
  takeRemainder(): Uint8Array {
    return this.#input.takeRemainder();
  }

  #answer(version: EncryptedVersion, clientPacket: Uint8Array, nowMs: number): void {
    const crypto = this.#crypto;
    const found = findDigest(crypto, clientPacket, clientKey);
    if (found === undefined) {
      throw new RtmpRemoteError('ERR_RTMP_HANDSHAKE_DIGEST', 'C1 has no digest, which RTMPE needs', { offset: 1 });
    }
    const keys = crypto.diffieHellman.createKeys();
    this.#ciphers = agreeOnCiphers(crypto, keys, publicKeyOf(clientPacket, found.scheme));
    const packet = createPacket(crypto, this.#startMs, serverVersion);
    putPublicKey(packet, serverScheme, keys.publicKey);
    signPacket(crypto, packet, serverScheme, serverKey);
    const echo = createEcho(clientPacket, nowMs);
    signEcho(crypto, echo, found.digest, serverKey, version);
    const output = new Uint8Array(1 + 2 * packetLength);
    output[0] = version;
    output.set(packet, 1);
    output.set(echo, 1 + packetLength);
    this.#output = output;
  }
}
