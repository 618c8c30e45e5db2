/** Kinds of media come a little out of order. What goes further back than this, ms, is a clock that was set anew. */
const maxBackwardMs = 5000;
const wrapMs = 2 ** 32;
/** More than `dvr.windowMs` can be. */
const maxNearMs = 2 ** 30;

/** The times of a stream as players get them, but going on where 32 bits begin again at 0. */
export class DvrTimeline {
  #newestMs: number;

  /** `timestamp`: of the first frame. */
  constructor(timestamp: number) {
    this.#newestMs = timestamp;
  }

  /** Of the newest frame, ms. */
  get newestMs(): number {
    return this.#newestMs;
  }

  /** Time of a frame, ms; `undefined`: the publisher's clock was set back, and what came before is of another time. */
  frame(timestamp: number): number | undefined {
    const delta = differenceMs(timestamp, this.#newestMs);
    if (delta < -maxBackwardMs) return undefined;
    const timeMs = this.#newestMs + delta;
    this.#newestMs = Math.max(this.#newestMs, timeMs);
    return timeMs;
  }

  /** Time of anything else, which encoders give any timestamp, often 0. */
  other(timestamp: number): number {
    const delta = differenceMs(timestamp, this.#newestMs);
    return Math.abs(delta) <= maxBackwardMs ? this.#newestMs + delta : this.#newestMs;
  }
}

/** The time of a timestamp of 32 bits that is nearest to another time, ms. */
export function timeNear(timestamp: number, nearMs: number): number {
  return nearMs + differenceMs(timestamp, nearMs);
}

/**
 * As `timeNear`, of what a client says, which may have gone on counting beyond 32 bits. What is further off than any
 * window is long is not taken for a counter that began again: 0 is the beginning, and 2^32 - 1 the end.
 */
export function clientTimeNear(timeMs: number, nearMs: number): number {
  if (timeMs < 0 || timeMs >= wrapMs) return timeMs;
  const timeNearby = timeNear(timeMs >>> 0, nearMs);
  const isNear = timeNearby >= 0 && Math.abs(timeNearby - nearMs) <= maxNearMs;
  return isNear ? timeNearby : nearMs - (nearMs >>> 0) + timeMs;
}

function differenceMs(timestamp: number, timeMs: number): number {
  return (timestamp - (timeMs >>> 0)) | 0;
}
