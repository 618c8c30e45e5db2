import {
  type EncryptedCrypto,
  EncryptedServerHandshake,
  RtmpRemoteError,
  type SessionCiphers,
} from '@millrace/protocol';
import type { RtmpTransport, TransportEvents } from './rtmp-transport.js';

/** C0, C1 and C2, or S0, S1 and S2. */
const handshakeLength = 1 + 2 * 1536;
const plainVersion = 3;

export interface RtmpeOptions {
  readonly crypto: EncryptedCrypto;
  /** The session's clock, ms. */
  readonly now: () => number;
  /** The handshake's peer is at fault; the transport closes. */
  readonly onFault: (error: RtmpRemoteError) => void;
}

/**
 * RTMPE on another transport. Nothing above knows of it: once the keys have been agreed on, the session gets a plain
 * handshake that nobody has sent, and its answer goes nowhere. What players share is encrypted for each in a copy.
 */
export class RtmpeTransport implements RtmpTransport {
  readonly rtmpe = true;
  readonly #inner: RtmpTransport;
  readonly #events: TransportEvents;
  readonly #options: RtmpeOptions;
  /** `undefined` once it is over. */
  #handshake: EncryptedServerHandshake | undefined;
  #ciphers: SessionCiphers | undefined;
  #swfChallenge: Uint8Array | undefined;
  /** Bytes of the session's handshake that are still to come. */
  #unsent = handshakeLength;

  constructor(open: (events: TransportEvents) => RtmpTransport, events: TransportEvents, options: RtmpeOptions) {
    this.#events = events;
    this.#options = options;
    this.#handshake = new EncryptedServerHandshake({ crypto: options.crypto, nowMs: options.now() });
    this.#inner = open({ ...forwarded(events), received: (bytes) => this.#receive(bytes) });
  }

  get remoteAddress(): string {
    return this.#inner.remoteAddress;
  }

  get localAddress(): string | undefined {
    return this.#inner.localAddress;
  }

  get tls(): boolean {
    return this.#inner.tls;
  }

  get swfChallenge(): Uint8Array | undefined {
    return this.#swfChallenge;
  }

  get pendingBytes(): number {
    return this.#inner.pendingBytes;
  }

  get closeReason(): string | undefined {
    return this.#inner.closeReason;
  }

  setReading(reading: boolean): void {
    this.#inner.setReading(reading);
  }

  write(bytes: Uint8Array): void {
    const plain = bytes.subarray(Math.min(this.#unsent, bytes.length));
    this.#unsent -= bytes.length - plain.length;
    // Bytes that the transport would drop must not move the cipher on; nothing follows them.
    if (plain.length === 0 || this.#ciphers === undefined || this.closeReason !== undefined) return;
    const encrypted = new Uint8Array(plain.length);
    this.#ciphers.outgoing.apply(plain, encrypted);
    this.#inner.write(encrypted);
  }

  end(reason: string): void {
    this.#inner.end(reason);
  }

  close(reason: string): void {
    this.#inner.close(reason);
  }

  destroy(): void {
    this.#inner.destroy();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#handshake === undefined) this.#decrypt(bytes);
    else this.#shakeHands(this.#handshake, bytes);
  }

  #shakeHands(handshake: EncryptedServerHandshake, bytes: Uint8Array): void {
    try {
      handshake.receive(bytes, this.#options.now());
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      this.#handshake = undefined;
      this.#options.onFault(error);
      this.#inner.close(error.code);
      return;
    }
    const output = handshake.takeOutput();
    if (output !== undefined) this.#inner.write(output);
    if (!handshake.done) return;
    this.#handshake = undefined;
    this.#ciphers = handshake.ciphers;
    this.#swfChallenge = handshake.swfChallenge;
    const plainHandshake = new Uint8Array(handshakeLength);
    plainHandshake[0] = plainVersion;
    this.#events.received(plainHandshake);
    this.#decrypt(handshake.takeRemainder());
  }

  /** In place: the bytes came for this connection alone. */
  #decrypt(bytes: Uint8Array): void {
    if (this.#ciphers === undefined || bytes.length === 0 || this.closeReason !== undefined) return;
    this.#ciphers.incoming.apply(bytes, bytes);
    this.#events.received(bytes);
  }
}

function forwarded(events: TransportEvents): Omit<TransportEvents, 'received'> {
  return {
    closing: () => events.closing(),
    failed: (error) => events.failed(error),
    closed: () => events.closed(),
  };
}
