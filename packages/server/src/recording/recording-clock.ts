/** A stream whose first frame has an earlier time than this, ms, is recorded with its own times. */
const ownStartMs = 1000;
/** Kinds of media come a little out of order. What goes further back than this, ms, is a clock that was set anew. */
const maxBackwardMs = 5000;

/** The times of a recording, from the timestamps of a stream that may have begun at any time. */
export class RecordingClock {
  readonly #startMs: number;
  /** Timestamp of the newest frame, and its time in the recording. */
  #newest: number;
  #timeMs: number;

  /** `timestamp`: of the first frame. `startMs`: its time; `undefined`: 0, or nearly so where the stream says so. */
  constructor(timestamp: number, startMs: number | undefined) {
    this.#startMs = startMs ?? 0;
    this.#newest = timestamp;
    this.#timeMs = startMs ?? (timestamp < ownStartMs ? timestamp : 0);
  }

  /** Time of the newest frame, ms. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** Time of a frame, ms. Timestamps that begin again, at 0 after 49.7 days or by the publisher's doing, go on. */
  frame(timestamp: number): number {
    const delta = (timestamp - this.#newest) | 0;
    if (delta < 0 && delta >= -maxBackwardMs) return Math.max(this.#startMs, this.#timeMs + delta);
    if (delta > 0) this.#timeMs += delta;
    this.#newest = timestamp;
    return this.#timeMs;
  }

  /** Time of anything else, which encoders give any timestamp, often 0. */
  other(timestamp: number): number {
    const delta = (timestamp - this.#newest) | 0;
    const isNear = Math.abs(delta) <= maxBackwardMs;
    return isNear ? Math.max(this.#startMs, this.#timeMs + delta) : this.#timeMs;
  }
}
