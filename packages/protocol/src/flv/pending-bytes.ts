const empty = new Uint8Array(0);

/**
 * Bytes that have come and not yet been consumed. While everything fits in what was appended last, it is read in place;
 * only what is left over is copied, into memory that grows with what is really there.
 */
export class PendingBytes {
  #bytes: Uint8Array = empty;
  #start = 0;
  #end = 0;
  /** Whether `#bytes` is our own memory, with room after `#end`, or a view of the caller's. */
  #owned = false;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Keeps a view of `bytes` where nothing is pending, else copies them. */
  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#start === this.#end) {
      this.#bytes = bytes;
      this.#start = 0;
      this.#end = bytes.length;
      this.#owned = false;
      return;
    }
    this.#own(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** A view of the next `count` bytes, valid until the next call; `undefined` where there are fewer. */
  take(count: number): Uint8Array | undefined {
    if (count > this.length) return undefined;
    const start = this.#start;
    this.#start += count;
    return this.#bytes.subarray(start, start + count);
  }

  /** Lets go of the caller's memory: what is pending is copied. */
  keep(): void {
    if (this.#start === this.#end) {
      // A long tag's memory is not held on to for the sake of short ones.
      this.#bytes = empty;
      this.#start = 0;
      this.#end = 0;
    } else if (!this.#owned) {
      this.#own(0);
    }
  }

  /** Sees to it that the pending bytes are in our own memory with `room` after them. */
  #own(room: number): void {
    const length = this.length;
    if (this.#owned && this.#end + room <= this.#bytes.length) return;
    if (this.#owned && length + room <= this.#bytes.length / 2) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
    } else {
      const grown = new Uint8Array(Math.max(64, 2 * (length + room)));
      grown.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = grown;
    }
    this.#start = 0;
    this.#end = length;
    this.#owned = true;
  }
}
