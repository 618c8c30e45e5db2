import { RtmpRemoteError } from '../../bytes/index.js';
import { HandshakeInput } from './handshake-input.js';
import type { EncryptedVersion } from './hidden-signature.js';
import type { SessionCiphers } from './key-exchange.js';

/** What a side of the handshake makes of the other's first packet. */
export interface EncryptedAnswer {
  readonly output: Uint8Array;
  readonly ciphers: SessionCiphers;
  /** The last 32 bytes of S1. */
  readonly swfChallenge: Uint8Array;
}

interface EncryptedHandshakeOptions {
  /** Any clock's reading, in milliseconds. */
  readonly nowMs: number;
  /** What there is to send from the start. */
  readonly output?: Uint8Array;
  /** `peerPacket` is a view. Throws `RtmpRemoteError` for one without a digest or a key. */
  readonly answer: (version: EncryptedVersion, peerPacket: Uint8Array, nowMs: number) => EncryptedAnswer;
  readonly wrongVersion: (version: number) => string;
}

/** Either side of RTMPE's handshake: what comes and goes after it is encrypted with `ciphers`. */
export class EncryptedHandshake {
  readonly #options: EncryptedHandshakeOptions;
  readonly #input = new HandshakeInput();
  #output: Uint8Array | undefined;
  #ciphers: SessionCiphers | undefined;
  #swfChallenge: Uint8Array | undefined;
  #failure: RtmpRemoteError | undefined;

  protected constructor(options: EncryptedHandshakeOptions) {
    this.#options = options;
    this.#output = options.output;
  }

  /** For what comes after the handshake; `undefined` until the peer's first packet is complete. */
  get ciphers(): SessionCiphers | undefined {
    return this.#ciphers;
  }

  /** The last 32 bytes of S1, which SWF verification is made with; `undefined` as `ciphers`. */
  get swfChallenge(): Uint8Array | undefined {
    return this.#swfChallenge;
  }

  /** The peer's second packet is complete: what follows are chunks, encrypted. A client must have sent C2 before its own. */
  get done(): boolean {
    return this.#input.complete;
  }

  /**
   * Takes bytes in pieces of any size and copies them. `nowMs`: when they were read, by the clock of the constructor.
   * @throws RtmpRemoteError when the peer does not speak RTMPE, or its first packet has no digest or no key; then the
   * connection is over
   */
  receive(bytes: Uint8Array, nowMs: number = this.#options.nowMs): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#input.push(bytes);
    const { version, firstPacket } = this.#input;
    try {
      if (version === undefined) return;
      // A server may choose another of them than was asked for: librtmp's does.
      if (version !== 6 && version !== 8 && version !== 9) {
        const reason = this.#options.wrongVersion(version);
        throw new RtmpRemoteError('ERR_RTMP_HANDSHAKE_VERSION', reason, { offset: 0 });
      }
      if (this.#ciphers !== undefined || firstPacket === undefined) return;
      const { output, ciphers, swfChallenge } = this.#options.answer(version, firstPacket, nowMs);
      this.#output = output;
      this.#ciphers = ciphers;
      this.#swfChallenge = swfChallenge;
    } catch (error) {
      if (error instanceof RtmpRemoteError) this.#failure = error;
      throw error;
    }
  }

  /** What is to be sent now, each byte once. A client's C0 and C1 are to be taken before `receive`. */
  takeOutput(): Uint8Array | undefined {
    const output = this.#output;
    this.#output = undefined;
    return output;
  }

  /** Bytes received after the peer's second packet, once, as they came: encrypted. */
  takeRemainder(): Uint8Array {
    return this.#input.takeRemainder();
  }
}
