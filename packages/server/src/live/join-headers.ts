import { type LiveMessage, payloadBytes } from './live-message.js';

interface Header {
  readonly message: LiveMessage;
  readonly sequence: number;
}

interface Entry {
  readonly newest: Header;
  /** What was in force at the place where players join, if `newest` came after it. */
  readonly atStart: Header | undefined;
}

/** More tracks and data handlers than any publisher has; past this the newest are not kept for late joiners. */
const maxEntries = 256;
/** Configurations and metadata are small; a publisher that sends megabytes of them gets them passed on, not kept. */
const maxBytes = 1024 * 1024;

/**
 * What a late joiner needs before media: metadata, then the sequence headers of every track. A newer one takes the
 * older's place, but for players who start before it.
 */
export class JoinHeaders {
  readonly #data = new Map<string, Entry>();
  readonly #media = new Map<string, Entry>();
  #bytes = 0;
  /** Players start here or later. */
  #start = 0;

  /** Players start at `sequence` or later from now on. */
  startAt(sequence: number): void {
    this.#start = sequence;
    for (const entries of [this.#data, this.#media]) {
      for (const [key, { newest, atStart }] of entries) {
        if (atStart === undefined || newest.sequence >= sequence) continue;
        this.#bytes -= payloadBytes(atStart.message);
        entries.set(key, { newest, atStart: undefined });
      }
    }
  }

  /** Returns whether it is kept. `sequence`: where the message stands in the log. */
  setData(handler: string, message: LiveMessage, sequence: number): boolean {
    return this.#set(this.#data, handler, { message, sequence });
  }

  clearData(handler: string): void {
    this.#clear(this.#data, handler);
  }

  clearMedia(key: string): void {
    this.#clear(this.#media, key);
  }

  /** Returns whether it is kept. `sequence`: where the message stands in the log. */
  setMedia(key: string, message: LiveMessage, sequence: number): boolean {
    return this.#set(this.#media, key, { message, sequence });
  }

  /**
   * Metadata first, then sequence headers, for a player that starts at `cursor`: what comes later in the log it will get
   * from there. Sequence headers have `timestamp`, so that time does not jump between them and the media. Metadata has
   * 0: FFmpeg takes a data message at any other time for a subtitle track (libavformat/flvdec.c, 5.1 and 8.1).
   */
  messagesBefore(cursor: number, timestamp: number): LiveMessage[] {
    const data = inOrder(this.#data, cursor).map((message) => ({ ...message, timestamp: 0 }));
    return [...data, ...inOrder(this.#media, cursor).map((message) => ({ ...message, timestamp }))];
  }

  #clear(entries: Map<string, Entry>, key: string): void {
    this.#bytes -= bytesOf(entries.get(key));
    entries.delete(key);
  }

  #set(entries: Map<string, Entry>, key: string, newest: Header): boolean {
    const before = entries.get(key);
    if (before === undefined && entries.size >= maxEntries) return false;
    const atStart = before !== undefined && before.newest.sequence < this.#start ? before.newest : before?.atStart;
    const others = this.#bytes - bytesOf(before);
    const entry = [
      { newest, atStart },
      { newest, atStart: undefined },
    ].find((one) => others + bytesOf(one) <= maxBytes);
    if (entry === undefined) return false;
    this.#bytes = others + bytesOf(entry);
    entries.set(key, entry);
    return true;
  }
}

/**
 * What is in force at `cursor`, oldest first: one message can hold the headers of several tracks, of which some came
 * anew later.
 */
function inOrder(entries: ReadonlyMap<string, Entry>, cursor: number): LiveMessage[] {
  const bySequence = new Map<number, LiveMessage>();
  for (const { newest, atStart } of entries.values()) {
    const header = newest.sequence < cursor ? newest : atStart;
    if (header !== undefined) bySequence.set(header.sequence, header.message);
  }
  return [...bySequence].sort(([a], [b]) => a - b).map(([, message]) => message);
}

function bytesOf(entry: Entry | undefined): number {
  if (entry === undefined) return 0;
  const { newest, atStart } = entry;
  return payloadBytes(newest.message) + (atStart === undefined ? 0 : payloadBytes(atStart.message));
}
