const minCapacity = 4096;
const nothing = Buffer.alloc(0);

/**
 * Bytes that come in pieces, in one place of memory that grows with them, to twice their number at most: kept as they
 * come, pieces of one byte would cost hundreds each.
 */
export class CollectedBytes {
  readonly #maxLength: number;
  #memory = nothing;
  #length = 0;

  /** `maxLength`: so many come at most; memory for more is never taken. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  get length(): number {
    return this.#length;
  }

  /** Copies. */
  push(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#memory.length) this.#grow(length);
    this.#memory.set(bytes, this.#length);
    this.#length = length;
  }

  /** A view of what has been collected, which nobody else holds. It is empty then. */
  take(): Uint8Array {
    const bytes = this.#memory.subarray(0, this.#length);
    this.#memory = nothing;
    this.#length = 0;
    return bytes;
  }

  #grow(length: number): void {
    const wished = Math.max(minCapacity, 2 * this.#memory.length);
    const memory = Buffer.allocUnsafe(Math.max(length, Math.min(wished, this.#maxLength)));
    memory.set(this.#memory.subarray(0, this.#length));
    this.#memory = memory;
  }
}
