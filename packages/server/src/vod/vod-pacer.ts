/** Something that has media for a client as time goes on. */
export interface Paced {
  tick(nowMs: number): void;
}

/** Players send ahead by a second or more, so that this need not be exact. */
const tickMs = 100;

/** One timer for all players of recordings. */
export class VodPacer {
  readonly #now: () => number;
  readonly #active = new Set<Paced>();
  #timer: NodeJS.Timeout | undefined;

  /** `now`: a monotonic clock in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(paced: Paced): void {
    this.#active.add(paced);
    this.#timer ??= setInterval(() => this.tick(), tickMs);
  }

  remove(paced: Paced): void {
    this.#active.delete(paced);
    if (this.#active.size === 0) this.close();
  }

  /** As the timer does. */
  tick(): void {
    const nowMs = this.#now();
    for (const paced of this.#active) paced.tick(nowMs);
  }

  /** Ends the timer; `add` starts it again. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
