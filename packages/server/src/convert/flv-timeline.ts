/** A file whose first frame is later than this, ms, begins at 0 when it is converted. */
const ownStartMs = 1000;
/** Time that goes back further than this, ms, is that of another recording behind the first. */
const maxBackwardMs = 5000;

/** The times of a file's frames on one line, as they are where they are in order. */
export class FlvTimeline {
  #shiftMs: number | undefined;
  #newestMs = 0;

  /** `timestamp`: ms, as tags have it. Returns 0 or more. */
  timeOf(timestamp: number): number {
    const stated = timestamp >>> 0;
    this.#shiftMs ??= stated < ownStartMs ? 0 : -stated;
    if (stated + this.#shiftMs < this.#newestMs - maxBackwardMs) this.#shiftMs = this.#newestMs - stated;
    const timeMs = Math.max(0, stated + this.#shiftMs);
    this.#newestMs = Math.max(this.#newestMs, timeMs);
    return timeMs;
  }
}
