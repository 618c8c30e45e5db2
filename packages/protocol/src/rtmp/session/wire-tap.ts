import { ChunkDecoder, defaultChunkLimits } from '../chunk/index.js';
import type { RawMessage } from '../message/index.js';

interface Receiver {
  receive(bytes: Uint8Array, nowMs: number): void;
}

const handshakeBytes = 1 + 1536 * 2;

/** For tests: the messages that a session is sent, as they are on the wire. Not part of the package. */
export class WireTap {
  readonly #decoder = new ChunkDecoder(defaultChunkLimits);
  #skip = handshakeBytes;

  /** To be set before the first byte comes. */
  static on(session: Receiver): WireTap {
    const tap = new WireTap();
    const receive = session.receive.bind(session);
    session.receive = (bytes, nowMs) => {
      tap.#push(bytes);
      receive(bytes, nowMs);
    };
    return tap;
  }

  /** Those since the last call. */
  take(): RawMessage[] {
    const messages: RawMessage[] = [];
    for (let message = this.#decoder.next(); message; message = this.#decoder.next()) messages.push(message);
    return messages;
  }

  #push(bytes: Uint8Array): void {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    if (skipped < bytes.length) this.#decoder.push(bytes.slice(skipped));
  }
}
