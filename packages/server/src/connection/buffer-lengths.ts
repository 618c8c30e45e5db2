/** A client may say so of streams that there are not: of so many it is kept. */
const maxStreams = 256;

/** What a client says that it buffers, by message stream. */
export class BufferLengths {
  readonly #bufferMs = new Map<number, number>();

  /** ms; `undefined`: it has not said so. */
  of(messageStreamId: number): number | undefined {
    return this.#bufferMs.get(messageStreamId);
  }

  /** Returns whether it is kept, and so counts. */
  note(messageStreamId: number, bufferMs: number): boolean {
    if (this.#bufferMs.size >= maxStreams && !this.#bufferMs.has(messageStreamId)) return false;
    this.#bufferMs.set(messageStreamId, bufferMs);
    return true;
  }
}
