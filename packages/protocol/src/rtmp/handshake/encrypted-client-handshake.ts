import { RtmpRemoteError } from '../../bytes/index.js';
import { clientKey, type DigestScheme, findDigest, serverKey, signEcho, signPacket } from './digest.js';
import { HandshakeInput } from './handshake-input.js';
import { createEcho, createPacket, type KeyPair, packetLength } from './handshake-packet.js';
import type { EncryptedVersion } from './hidden-signature.js';
import {
  agreeOnCiphers,
  type EncryptedCrypto,
  publicKeyOf,
  putPublicKey,
  type SessionCiphers,
} from './key-exchange.js';

/** As librtmp says. Servers want 9.0.115 or more for RTMPE. */
const clientVersion = 0x80_00_03_02;
/** Newer players' order of the blocks. */
const scheme: DigestScheme = 772;

/**
 * The client's side of RTMPE's handshake. C0 and C1 are there to send from the start, C2 once S1 is complete. What comes
 * and goes after it is encrypted with `ciphers`. What the server proves in S2 is never checked: the keys are known to all.
 */
export class EncryptedClientHandshake {
  readonly #crypto: EncryptedCrypto;
  readonly #startMs: number;
  readonly #input = new HandshakeInput();
  readonly #keys: KeyPair;
  #output: Uint8Array | undefined;
  #ciphers: SessionCiphers | undefined;
  #failure: RtmpRemoteError | undefined;

  /** `nowMs` is any clock's reading, in milliseconds; only its low 32 bits go on the wire. */
  constructor(options: {
    readonly crypto: EncryptedCrypto;
    readonly nowMs: number;
    readonly version?: EncryptedVersion;
  }) {
    const { crypto, nowMs, version = 6 } = options;
    this.#crypto = crypto;
    this.#startMs = nowMs;
    this.#keys = crypto.diffieHellman.createKeys();
    const packet = createPacket(crypto, nowMs, clientVersion);
    putPublicKey(packet, scheme, this.#keys.publicKey);
    signPacket(crypto, packet, scheme, clientKey);
    const output = new Uint8Array(1 + packetLength);
    output[0] = version;
    output.set(packet, 1);
    this.#output = output;
  }

  /** For what comes after the handshake; `undefined` until S1 is complete. */
  get ciphers(): SessionCiphers | undefined {
    return this.#ciphers;
  }

  /** S2 is complete: what follows are chunks, encrypted. C2 must have been sent before ours. */
  get done(): boolean {
    return this.#input.complete;
  }

  /**
   * Takes bytes in pieces of any size and copies them. `nowMs`: when they were read, by the clock of the constructor.
   * @throws RtmpRemoteError when the server does not answer with RTMPE, or S1 has no digest or no key; then the
   * connection is over
   */
  receive(bytes: Uint8Array, nowMs: number = this.#startMs): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#input.push(bytes);
    const { version, firstPacket } = this.#input;
    try {
      if (version === undefined) return;
      // A server may choose another of them: librtmp's does.
      if (version !== 6 && version !== 8 && version !== 9) {
        const reason = `the server answered with version ${version}, RTMPE was asked for`;
        throw new RtmpRemoteError('ERR_RTMP_HANDSHAKE_VERSION', reason, { offset: 0 });
      }
      if (this.#ciphers === undefined && firstPacket !== undefined) this.#answer(version, firstPacket, nowMs);
    } catch (error) {
      if (error instanceof RtmpRemoteError) this.#failure = error;
      throw error;
    }
  }

  /** What is to be sent now, each byte once: C0 and C1, later C2. C0 and C1 are to be taken before `receive`. */
  takeOutput(): Uint8Array | undefined {
    const output = this.#output;
    this.#output = undefined;
    return output;
  }

  /** Bytes received after S2, once, as they came: encrypted. */
  takeRemainder(): Uint8Array {
    return this.#input.takeRemainder();
  }

  #answer(version: EncryptedVersion, serverPacket: Uint8Array, nowMs: number): void {
    const found = findDigest(this.#crypto, serverPacket, serverKey);
    if (found === undefined) {
      throw new RtmpRemoteError('ERR_RTMP_HANDSHAKE_DIGEST', 'S1 has no digest, which RTMPE needs', { offset: 1 });
    }
    this.#ciphers = agreeOnCiphers(this.#crypto, this.#keys, publicKeyOf(serverPacket, found.scheme));
    const echo = createEcho(serverPacket, nowMs);
    signEcho(this.#crypto, echo, found.digest, clientKey, version);
    this.#output = echo;
  }
}
