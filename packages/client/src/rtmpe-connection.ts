import {
  EncryptedClientHandshake,
  type EncryptedCrypto,
  type EncryptedVersion,
  type SessionCiphers,
} from '@millrace/protocol';
import type { ByteConnection, ByteConnectionHandlers } from './byte-connection.js';

/** C0, C1 and C2, or S0, S1 and S2. */
const handshakeLength = 1 + 2 * 1536;
const plainVersion = 3;
const serverPacketEnd = 1 + 1536;

/**
 * RTMPE on another connection. Nothing above knows of it: the session's handshake goes nowhere, and once the keys have
 * been agreed on it gets the answer of a plain server.
 */
export class RtmpeConnection implements ByteConnection {
  readonly #inner: ByteConnection;
  /** `undefined` once it is over. */
  #handshake: EncryptedClientHandshake | undefined;
  #ciphers: SessionCiphers | undefined;
  /** Bytes of the session's handshake that are still to come. */
  #unsent = handshakeLength;
  #fault: Error | undefined;

  /** The connection belongs to this object from here on. */
  constructor(inner: ByteConnection, crypto: EncryptedCrypto, version: EncryptedVersion = 6) {
    this.#inner = inner;
    this.#handshake = new EncryptedClientHandshake({ crypto, nowMs: performance.now(), version });
  }

  get closed(): boolean {
    return this.#inner.closed;
  }

  get behind(): boolean {
    return this.#inner.behind;
  }

  start(handlers: ByteConnectionHandlers): void {
    this.#inner.start({
      onBytes: (bytes) => this.#receive(bytes, handlers),
      onDrain: () => handlers.onDrain(),
      onClose: (cause) => handlers.onClose(this.#fault ?? cause),
    });
    this.#sendHandshake();
  }

  write(bytes: Uint8Array): void {
    const plain = bytes.subarray(Math.min(this.#unsent, bytes.length));
    this.#unsent -= bytes.length - plain.length;
    if (plain.length === 0 || this.#ciphers === undefined) return;
    const encrypted = new Uint8Array(plain.length);
    this.#ciphers.outgoing.apply(plain, encrypted);
    this.#inner.write(encrypted);
  }

  setReading(reading: boolean): void {
    this.#inner.setReading(reading);
  }

  end(): void {
    this.#inner.end();
  }

  destroy(): void {
    this.#inner.destroy();
  }

  #sendHandshake(): void {
    const output = this.#handshake?.takeOutput();
    if (output !== undefined) this.#inner.write(output);
  }

  #receive(bytes: Uint8Array, handlers: ByteConnectionHandlers): void {
    const handshake = this.#handshake;
    if (handshake === undefined) {
      this.#decrypt(bytes, handlers);
      return;
    }
    try {
      handshake.receive(bytes);
    } catch (error) {
      this.#handshake = undefined;
      this.#fault = error instanceof Error ? error : new Error(String(error));
      this.#inner.destroy();
      return;
    }
    this.#sendHandshake();
    if (!handshake.done) return;
    this.#handshake = undefined;
    this.#ciphers = handshake.ciphers;
    const plainHandshake = new Uint8Array(handshakeLength);
    plainHandshake[0] = plainVersion;
    // The session answers SWF verification by the end of the S1 that it sees.
    if (handshake.swfChallenge)
      plainHandshake.set(handshake.swfChallenge, serverPacketEnd - handshake.swfChallenge.length);
    handlers.onBytes(plainHandshake);
    this.#decrypt(handshake.takeRemainder(), handlers);
  }

  /** In place: the bytes came for this connection alone. */
  #decrypt(bytes: Uint8Array, handlers: ByteConnectionHandlers): void {
    if (this.#ciphers === undefined || bytes.length === 0) return;
    this.#ciphers.incoming.apply(bytes, bytes);
    handlers.onBytes(bytes);
  }
}
