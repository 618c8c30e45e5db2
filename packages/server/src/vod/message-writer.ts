import type { LiveMessage, MediaSelection, WireEncoding } from '../live/index.js';
import type { VodPlayerOptions } from './vod-player-options.js';

/** Puts messages into the form of a player, and counts its bytes. */
export class MessageWriter {
  readonly #options: Pick<VodPlayerOptions, 'encoding' | 'selection' | 'sink' | 'totals'>;
  #encoding: WireEncoding;
  #sentBytes = 0;

  constructor(options: Pick<VodPlayerOptions, 'encoding' | 'selection' | 'sink' | 'totals'>) {
    this.#options = options;
    this.#encoding = options.encoding(options.selection);
  }

  /** Bytes that were written. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  select(selection: MediaSelection): void {
    this.#encoding = this.#options.encoding(selection);
  }

  /** In one write. Returns whether the player gets any of them. */
  send(messages: readonly LiveMessage[]): boolean {
    const lengths = messages.map((message) => this.#encoding.encodedLength(message));
    const length = lengths.reduce((sum, one) => sum + one, 0);
    if (length === 0) return false;
    const bytes = Buffer.allocUnsafeSlow(length);
    let at = 0;
    messages.forEach((message, i) => {
      if (lengths[i] !== 0) at = this.#encoding.write(bytes, at, message);
    });
    const { sink, totals } = this.#options;
    this.#sentBytes += length;
    if (totals !== undefined) totals.bytesOut += length;
    sink.write(bytes);
    return true;
  }
}
