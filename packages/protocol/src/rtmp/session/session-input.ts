import { RtmpRemoteError } from '../../bytes/index.js';
import { ChunkDecoder, type ChunkLimits } from '../chunk/index.js';
import type { RawMessage } from '../message/index.js';

/** A byte at a time costs more than a byte: each piece kept has an object to it. */
const pieceOverheadBytes = 64;
/** The same of a message. */
const messageOverheadBytes = 256;

/**
 * Messages one after another, with a place to put one back. While one is put back, further bytes are kept in pieces
 * instead of being joined to what the decoder has: many small ones would be copied over and over.
 */
export class SessionInput {
  readonly #decoder: ChunkDecoder;
  readonly #maxBacklogBytes: number;
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #held: RawMessage | undefined;
  #aside: RawMessage[] = [];
  #asideIsDue = false;

  constructor(limits: Partial<ChunkLimits>, maxBacklogBytes: number) {
    this.#decoder = new ChunkDecoder(limits);
    this.#maxBacklogBytes = maxBacklogBytes;
  }

  /** A message was put back. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  /** Bytes are viewed until `next` has returned `undefined`. */
  push(bytes: Uint8Array): void {
    if (this.#backlog.length > 0) this.keep(bytes);
    else this.#decoder.push(bytes);
  }

  /** As `push`, for a time in which nothing is read: copies. */
  keep(bytes: Uint8Array): void {
    this.#grow(bytes.length + pieceOverheadBytes);
    this.#backlog.push(new Uint8Array(bytes));
  }

  /** `next` goes on with those behind it, until `resume`. Copies. */
  setAside(message: RawMessage): void {
    this.#grow(message.payload.length + messageOverheadBytes);
    this.#aside.push({ ...message, payload: new Uint8Array(message.payload) });
  }

  /** What was set aside comes next, in its order. */
  resume(): void {
    this.#asideIsDue = true;
  }

  next(): RawMessage | undefined {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) return held;
    const aside = this.#asideIsDue ? this.#aside.shift() : undefined;
    if (aside !== undefined) {
      this.#backlogBytes -= aside.payload.length + messageOverheadBytes;
      return aside;
    }
    for (;;) {
      const message = this.#decoder.next();
      if (message !== undefined) return message;
      const bytes = this.#backlog.shift();
      if (bytes === undefined) return undefined;
      this.#backlogBytes -= bytes.length + pieceOverheadBytes;
      this.#decoder.push(bytes);
    }
  }

  /** `next` will return it again. */
  putBack(message: RawMessage): void {
    this.#held = message;
  }

  clear(): void {
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.#held = undefined;
    this.#aside = [];
  }

  #grow(bytes: number): void {
    this.#backlogBytes += bytes;
    if (this.#backlogBytes > this.#maxBacklogBytes) {
      throw new RtmpRemoteError('ERR_RTMP_INPUT_LIMIT', 'too much was sent while a request was not answered');
    }
  }
}
