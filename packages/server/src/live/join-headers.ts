import type { RawMessage } from '@millrace/protocol';

interface Header {
  readonly message: RawMessage;
  readonly sequence: number;
}

/** More tracks and data handlers than any publisher has; past this the newest are not kept for late joiners. */
const maxEntries = 256;
/** Configurations and metadata are small; a publisher that sends megabytes of them gets them passed on, not kept. */
const maxBytes = 1024 * 1024;

/**
 * What a late joiner needs before media: metadata, then the sequence headers of every track. One entry a key; a newer
 * one takes the older's place.
 */
export class JoinHeaders {
  readonly #data = new Map<string, Header>();
  readonly #media = new Map<string, Header>();
  #bytes = 0;

  /** Returns whether it is kept. `sequence`: where the message stands in the log. */
  setData(handler: string, message: RawMessage, sequence: number): boolean {
    return this.#set(this.#data, handler, { message, sequence });
  }

  clearData(handler: string): void {
    this.#bytes -= this.#data.get(handler)?.message.payload.length ?? 0;
    this.#data.delete(handler);
  }

  /** Returns whether it is kept. `sequence`: where the message stands in the log. */
  setMedia(key: string, message: RawMessage, sequence: number): boolean {
    return this.#set(this.#media, key, { message, sequence });
  }

  /**
   * Metadata first, then sequence headers, for a player that starts at `cursor`: what comes later in the log it will get
   * from there. Sequence headers have `timestamp`, so that time does not jump between them and the media. Metadata has
   * 0: FFmpeg takes a data message at any other time for a subtitle track (libavformat/flvdec.c, 5.1 and 8.1).
   */
  messagesBefore(cursor: number, timestamp: number): RawMessage[] {
    // One message can hold the headers of several tracks and so stand under several keys.
    const distinct = new Map<RawMessage, number>();
    for (const { message, sequence } of this.#data.values()) if (sequence < cursor) distinct.set(message, 0);
    for (const { message, sequence } of this.#media.values()) if (sequence < cursor) distinct.set(message, timestamp);
    return Array.from(distinct, ([message, time]) => ({ ...message, timestamp: time }));
  }

  #set(entries: Map<string, Header>, key: string, header: Header): boolean {
    const before = entries.get(key);
    const bytes = this.#bytes - (before?.message.payload.length ?? 0) + header.message.payload.length;
    if (bytes > maxBytes || (before === undefined && entries.size >= maxEntries)) return false;
    this.#bytes = bytes;
    entries.set(key, header);
    return true;
  }
}
