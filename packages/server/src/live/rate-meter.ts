const bucketMs = 1000;
const bucketCount = 5;

/** Bits per second over the last five whole seconds (fewer at the start). */
export class RateMeter {
  readonly #buckets = new Array<number>(bucketCount + 1).fill(0);
  readonly #startMs: number;
  /** Number of the bucket being filled, counted from the start. */
  #current = 0;

  /** `startMs`: monotonic clock at the beginning. */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  add(bytes: number, nowMs: number): void {
    this.#advance(nowMs);
    const slot = this.#current % this.#buckets.length;
    this.#buckets[slot] = (this.#buckets[slot] ?? 0) + bytes;
  }

  bitsPerSecond(nowMs: number): number {
    this.#advance(nowMs);
    const whole = Math.min(this.#current, bucketCount);
    const currentSlot = this.#current % this.#buckets.length;
    const total = this.#buckets.reduce((sum, bytes, slot) => (slot === currentSlot ? sum : sum + bytes), 0);
    if (whole > 0) return (total * 8 * 1000) / (whole * bucketMs);
    const elapsedMs = nowMs - this.#startMs;
    return elapsedMs <= 0 ? 0 : ((this.#buckets[currentSlot] ?? 0) * 8 * 1000) / Math.max(elapsedMs, bucketMs / 2);
  }

  #advance(nowMs: number): void {
    const now = Math.max(this.#current, Math.floor((nowMs - this.#startMs) / bucketMs));
    const passed = Math.min(now - this.#current, this.#buckets.length);
    for (let i = 1; i <= passed; i += 1) this.#buckets[(now - passed + i) % this.#buckets.length] = 0;
    this.#current = now;
  }
}
