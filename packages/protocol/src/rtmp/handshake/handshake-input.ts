import { packetLength } from './handshake-packet.js';

const inputLength = 1 + 2 * packetLength;

/** Collects a peer's version byte and two packets from pieces of any size, and what comes after them. */
export class HandshakeInput {
  readonly #bytes = new Uint8Array(inputLength);
  #length = 0;
  #remainder = new Uint8Array(0);

  /** Copies all of `bytes`. */
  push(bytes: Uint8Array): void {
    const taken = Math.min(bytes.length, inputLength - this.#length);
    this.#bytes.set(bytes.subarray(0, taken), this.#length);
    this.#length += taken;
    if (taken === bytes.length) return;
    const joined = new Uint8Array(this.#remainder.length + bytes.length - taken);
    joined.set(this.#remainder);
    joined.set(bytes.subarray(taken), this.#remainder.length);
    this.#remainder = joined;
  }

  /** C0 or S0. */
  get version(): number | undefined {
    return this.#length === 0 ? undefined : this.#bytes[0];
  }

  /** C1 or S1, a view, once it is complete. */
  get firstPacket(): Uint8Array | undefined {
    return this.#length > packetLength ? this.#bytes.subarray(1, 1 + packetLength) : undefined;
  }

  /** C2 or S2 has come too. */
  get complete(): boolean {
    return this.#length === inputLength;
  }

  takeRemainder(): Uint8Array {
    const remainder = this.#remainder;
    this.#remainder = new Uint8Array(0);
    return remainder;
  }
}
