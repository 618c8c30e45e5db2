import type { Logger } from './logger.js';

const intervalMs = 60_000;

/**
 * Logs that connections are refused, at most once a minute with the number since: a flood of connections must not become
 * a flood of log lines.
 */
export class RefusalReport {
  readonly #log: Logger;
  readonly #message: string;
  readonly #now: () => number;
  #reportedMs = Number.NEGATIVE_INFINITY;
  #refused = 0;
  #total = 0;

  /** `now`: a monotonic clock, ms. */
  constructor(log: Logger, message: string, now: () => number) {
    this.#log = log;
    this.#message = message;
    this.#now = now;
  }

  /** How many were refused since the start. */
  get total(): number {
    return this.#total;
  }

  count(): void {
    this.#total += 1;
    this.#refused += 1;
    const nowMs = this.#now();
    if (nowMs - this.#reportedMs < intervalMs) return;
    this.#log.warn({ refused: this.#refused }, this.#message);
    this.#reportedMs = nowMs;
    this.#refused = 0;
  }
}
