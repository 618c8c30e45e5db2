import type { Latency } from './latency-meter.js';

const intervalMs = 5000;

/** Which of a player's figures the server is told, and when. */
export class LatencyReport {
  #nextMs: number | undefined;

  /**
   * The figure to be reported now, ms; `undefined`: none. `nowMs`: of a clock that only goes forward.
   *
   * The first comes `intervalMs` after there is one: what is played at first was kept for those who join, and is older
   * than what follows.
   */
  due({ baseTime, sei, currentTime }: Latency, nowMs: number): number | undefined {
    // Base time is known with every message, the others now and then.
    const figure = baseTime ?? sei ?? currentTime;
    if (figure === undefined) return undefined;
    this.#nextMs ??= nowMs + intervalMs;
    if (nowMs < this.#nextMs) return undefined;
    this.#nextMs = nowMs + intervalMs;
    return Math.round(figure);
  }
}
