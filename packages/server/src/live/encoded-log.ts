import type { LiveMessage } from './live-message.js';
import type { MessageLog } from './message-log.js';
import type { WireEncoding } from './wire-encoding.js';

/** One memory block of encoded bytes; `start` is the position of its first byte in the whole log. */
interface Slab {
  readonly start: number;
  readonly buffer: Buffer;
  used: number;
}

/**
 * Big enough that a window of messages rarely crosses into a second slab (which costs a second write), small enough
 * that a stalled player, whose pending write pins one slab, does not hold much.
 */
const slabBytes = 256 * 1024;

/**
 * A broadcast's messages in one encoding, each encoded once, back to back in shared memory. Players are given views of
 * it, so what is written here is never written again.
 */
export class EncodedLog {
  readonly #encoding: WireEncoding;
  readonly #messages: MessageLog;
  readonly #slabs: Slab[] = [];
  /** Byte position after each message, beginning with `#first`. */
  #ends: number[] = [];
  #endsStart = 0;
  #first: number;
  /** Byte position where message `#first` begins. */
  #startPosition = 0;
  #position = 0;

  constructor(encoding: WireEncoding, messages: MessageLog, first: number) {
    this.#encoding = encoding;
    this.#messages = messages;
    this.#first = first;
  }

  /** Sequence number of the oldest message encoded here. */
  get first(): number {
    return this.#first;
  }

  /** Sequence number of the next message to encode. */
  get next(): number {
    return this.#first + this.#ends.length - this.#endsStart;
  }

  /** Encodes what the message log has and this one has not. */
  catchUp(): void {
    for (let sequence = this.next; sequence < this.#messages.next; sequence += 1) {
      const entry = this.#messages.at(sequence);
      if (entry !== undefined) this.#encode(entry.message);
      this.#ends.push(this.#position);
    }
  }

  /** Forgets what lies before `sequence`. Views handed out stay valid. */
  dropBefore(sequence: number): void {
    if (sequence <= this.#first) return;
    const upTo = Math.min(sequence, this.next);
    this.#startPosition = this.#positionBefore(upTo);
    this.#endsStart += upTo - this.#first;
    this.#first = upTo;
    if (this.#endsStart >= 1024 && this.#endsStart * 2 >= this.#ends.length) {
      this.#ends = this.#ends.slice(this.#endsStart);
      this.#endsStart = 0;
    }
    while (this.#slabs.length > 1) {
      const oldest = this.#slabs[0];
      if (oldest === undefined || oldest.start + oldest.used > this.#startPosition) break;
      this.#slabs.shift();
    }
  }

  /**
   * The sequence number to stop before, so that messages from `from` on come to at most about `maxBytes` (at least one
   * message, however large).
   */
  endWithin(from: number, maxBytes: number): number {
    const next = this.next;
    const start = this.#positionBefore(from);
    if (this.#position - start <= maxBytes) return next;
    let low = from + 1;
    let high = next;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#positionBefore(middle) - start <= maxBytes) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Bytes of the messages from `from` up to but not including `to`, as views in order: mostly one, empty when none. */
  views(from: number, to: number): readonly Buffer[] {
    let start = this.#positionBefore(from);
    const end = this.#positionBefore(to);
    const views: Buffer[] = [];
    for (const slab of this.#slabs) {
      if (start >= end) break;
      const slabEnd = slab.start + slab.used;
      if (start >= slabEnd) continue;
      const until = Math.min(end, slabEnd);
      views.push(slab.buffer.subarray(start - slab.start, until - slab.start));
      start = until;
    }
    return views;
  }

  #positionBefore(sequence: number): number {
    if (sequence <= this.#first) return this.#startPosition;
    return this.#ends[this.#endsStart + sequence - this.#first - 1] ?? this.#position;
  }

  #encode(message: LiveMessage): void {
    const length = this.#encoding.encodedLength(message);
    if (length === 0) return;
    const slab = this.#slabWithRoom(length);
    slab.used = this.#encoding.write(slab.buffer, slab.used, message);
    this.#position = slab.start + slab.used;
  }

  #slabWithRoom(length: number): Slab {
    const last = this.#slabs.at(-1);
    if (last !== undefined && last.buffer.length - last.used >= length) return last;
    const slab = { start: this.#position, buffer: Buffer.allocUnsafeSlow(Math.max(slabBytes, length)), used: 0 };
    this.#slabs.push(slab);
    return slab;
  }
}
