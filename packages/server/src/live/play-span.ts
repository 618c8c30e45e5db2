import { firstMediaMs, newestMediaMs, placeOfTime, timeBetween } from './hand-over.js';
import type { MessageLog } from './message-log.js';

/** For how long a player is sent a live stream, by the times of the stream. */
export class PlaySpan {
  /** Of the publication that is played now, or the next. */
  #leftMs: number;
  #untilMs: number | undefined;
  #newestMs: number | undefined;

  /** `durationMs`: 0 is what has the time of the first message. */
  constructor(durationMs: number) {
    this.#leftMs = Math.max(1, durationMs);
  }

  /** Time of the newest audio or video that is in it, ms; `undefined`: there is none. */
  get newestMs(): number | undefined {
    return this.#newestMs;
  }

  /** What follows is of another publication, with other times. */
  restart(): void {
    if (this.#untilMs === undefined) return;
    if (this.#newestMs !== undefined) this.#leftMs = Math.max(1, timeBetween(this.#newestMs, this.#untilMs));
    this.#untilMs = undefined;
  }

  /** Sequence number of the first message from there on that is not in it any more; `undefined`: all are. */
  endFrom(log: MessageLog, from: number): number | undefined {
    if (this.#untilMs === undefined) {
      const first = firstMediaMs(log, from);
      if (first === undefined) return undefined;
      this.#untilMs = (first + this.#leftMs) >>> 0;
    }
    const end = placeOfTime(log, from, this.#untilMs);
    if (end > from) this.#newestMs = newestMediaMs(log, end) ?? this.#newestMs;
    return end < log.next ? end : undefined;
  }
}
