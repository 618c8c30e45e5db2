/** Bytes that wait to be fetched, as they were written: what players share is not copied before it is sent. */
export class TunnelOutput {
  #parts: Uint8Array[] = [];
  #byteCount = 0;

  get byteCount(): number {
    return this.#byteCount;
  }

  push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#byteCount += bytes.length;
  }

  /** The first bytes, `maxBytes` at most; they wait no longer. */
  take(maxBytes: number): readonly Uint8Array[] {
    const parts = this.#parts;
    let room = maxBytes;
    let count = 0;
    for (const { length } of parts) {
      if (length > room) break;
      room -= length;
      count += 1;
    }
    const taken = parts.slice(0, count);
    const cut = parts[count];
    this.#parts = parts.slice(count);
    if (cut !== undefined && room > 0) {
      taken.push(cut.subarray(0, room));
      this.#parts[0] = cut.subarray(room);
      room = 0;
    }
    this.#byteCount -= maxBytes - room;
    return taken;
  }

  clear(): void {
    this.#parts = [];
    this.#byteCount = 0;
  }
}
