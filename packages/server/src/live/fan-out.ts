/** Something that has bytes for players. */
export interface Flushable {
  /** Sends what is due; returns true when somebody is behind, so that a further flush is wanted without a new message. */
  flush(nowMs: number): boolean;
}

/** The shortest window: below this, the timer costs more than it saves in latency. */
const minWindowMs = 3;
/** The window is this many times what a flush costs, so that fan-out takes about a tenth of the core at most. */
const windowPerCost = 10;
/** How much the newest flush weighs in the running cost. */
const costSmoothing = 0.25;

/**
 * Decides when players are written to. Messages that arrive within one window leave in one write per player; the kernel's
 * send is what live streaming costs, so the window grows with the measured cost of a flush, up to `maxWindowMs`.
 * 0 turns windows off: a write per message. One timer for all streams.
 */
export class FanOut {
  readonly #maxWindowMs: number;
  readonly #now: () => number;
  #due = new Set<Flushable>();
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #lastFlushMs = 0;
  #costMs = 0;

  /** `maxWindowMs`: 0 … 1000. `now`: a monotonic clock in ms. */
  constructor(maxWindowMs: number, now: () => number) {
    this.#maxWindowMs = maxWindowMs;
    this.#now = now;
  }

  /** The window in force, ms. */
  get windowMs(): number {
    if (this.#maxWindowMs === 0) return 0;
    return Math.min(this.#maxWindowMs, Math.max(minWindowMs, this.#costMs * windowPerCost));
  }

  /** Sees to it that `flushable` is flushed when the window ends: at once when it has ended already. */
  schedule(flushable: Flushable): void {
    if (this.#maxWindowMs === 0) {
      if (flushable.flush(this.#now())) this.#arm(flushable, minWindowMs);
      return;
    }
    if (this.#timer === undefined) this.#arm(flushable, this.#lastFlushMs + this.windowMs - this.#now());
    else this.#due.add(flushable);
  }

  /** Ends the timer; nothing is flushed any more. */
  close(): void {
    this.#due.clear();
    clearTimeout(this.#timer as NodeJS.Timeout | undefined);
    clearImmediate(this.#timer as NodeJS.Immediate | undefined);
    this.#timer = undefined;
  }

  #arm(flushable: Flushable, delayMs: number): void {
    this.#due.add(flushable);
    if (this.#timer !== undefined) return;
    // setImmediate runs after the reads of this turn, so what one read brought still leaves together.
    this.#timer = delayMs < 1 ? setImmediate(this.#flushAll) : setTimeout(this.#flushAll, delayMs);
  }

  readonly #flushAll = (): void => {
    this.#timer = undefined;
    const startMs = this.#now();
    const due = this.#due;
    this.#due = new Set();
    const behind: Flushable[] = [];
    for (const flushable of due) {
      if (flushable.flush(startMs)) behind.push(flushable);
    }
    this.#lastFlushMs = startMs;
    this.#costMs += (this.#now() - startMs - this.#costMs) * costSmoothing;
    for (const flushable of behind) this.#arm(flushable, Math.max(minWindowMs, this.windowMs));
  };
}
