import { type LiveMessage, payloadBytes } from './live-message.js';

/** One message in the log, and when it came. */
export interface LoggedMessage {
  readonly message: LiveMessage;
  /** Monotonic clock at arrival, ms. */
  readonly arrivedMs: number;
}

/**
 * What an entry takes beside its payload. Counted, because a publisher can send millions of empty messages: measured at
 * about 350 bytes with its place in one encoded log.
 */
const entryBytes = 350;

/**
 * The messages of a broadcast that somebody may still want, in order, each with a sequence number that never repeats.
 * Sequence numbers are what players hold as their cursors: they mean the same in every encoding of the stream.
 */
export class MessageLog {
  #entries: (LoggedMessage | undefined)[] = [];
  /**
   * Index in `#entries` of the oldest message still kept: removing from the front of an array each time would copy it.
   * Places before it are empty, so that nothing holds their payloads.
   */
  #start = 0;
  #first = 0;
  #bytes = 0;

  /** Sequence number of the oldest message kept. Equal to `next` when the log is empty. */
  get first(): number {
    return this.#first;
  }

  /** Sequence number that the next message will get. */
  get next(): number {
    return this.#first + this.#entries.length - this.#start;
  }

  /** Memory that the messages take, about. */
  get bytes(): number {
    return this.#bytes;
  }

  append(entry: LoggedMessage): number {
    const sequence = this.next;
    this.#entries.push(entry);
    this.#bytes += payloadBytes(entry.message) + entryBytes;
    return sequence;
  }

  /** The message with this sequence number; `undefined` when it was dropped or has not come yet. */
  at(sequence: number): LoggedMessage | undefined {
    return sequence < this.#first ? undefined : this.#entries[this.#start + sequence - this.#first];
  }

  dropOldest(): void {
    const oldest = this.#entries[this.#start];
    if (oldest === undefined) return;
    this.#bytes -= payloadBytes(oldest.message) + entryBytes;
    this.#entries[this.#start] = undefined;
    this.#start += 1;
    this.#first += 1;
    if (this.#start >= 256 && this.#start * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
  }
}
