/** The last answers of a tunnel, by the numbers of the requests. */
export class KeptAnswers {
  readonly #limits: { readonly maxCount: number; readonly maxBytes: number };
  readonly #answers = new Map<number, Uint8Array>();
  #byteCount = 0;

  /** The newest is kept, whatever its size. */
  constructor(limits: { readonly maxCount: number; readonly maxBytes: number }) {
    this.#limits = limits;
  }

  /** Does not copy. */
  add(sequence: number, bytes: Uint8Array): void {
    this.#answers.set(sequence, bytes);
    this.#byteCount += bytes.length;
    const { maxCount, maxBytes } = this.#limits;
    for (const [oldest, { length }] of this.#answers) {
      if (oldest === sequence || (this.#answers.size <= maxCount && this.#byteCount <= maxBytes)) return;
      this.#answers.delete(oldest);
      this.#byteCount -= length;
    }
  }

  find(sequence: number): Uint8Array | undefined {
    return this.#answers.get(sequence);
  }

  clear(): void {
    this.#answers.clear();
    this.#byteCount = 0;
  }
}
