/** Places for this many key frames are kept in a file's head: 2.3 hours of one every 2 s, and 74 kB. */
export const maxIndexEntries = 4096;

/**
 * Where key frames are in a file, for its metadata. Bounded: when it is full every second entry goes, and from then on
 * fewer are kept. Who seeks finds an entry before the target all the same, and reads a little further.
 */
export class KeyFrameIndex {
  #times: number[] = [];
  #positions: number[] = [];
  /** Of so many key frames one is kept. */
  #stride = 1;
  #toSkip = 0;

  /** Milliseconds, rising with the positions. */
  get times(): readonly number[] {
    return this.#times;
  }

  /** Bytes from the start of the file to the tag. */
  get positions(): readonly number[] {
    return this.#positions;
  }

  add(timeMs: number, position: number): void {
    if (this.#toSkip > 0) {
      this.#toSkip -= 1;
      return;
    }
    this.#times.push(timeMs);
    this.#positions.push(position);
    this.#toSkip = this.#stride - 1;
    if (this.#times.length < maxIndexEntries) return;
    const isKept = (_: number, i: number): boolean => i % 2 === 0;
    this.#times = this.#times.filter(isKept);
    this.#positions = this.#positions.filter(isKept);
    this.#stride *= 2;
  }
}
