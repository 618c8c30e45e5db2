/** Runs tasks, so many at a time, in the order in which they came. */
export class TaskLimit {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(maxRunning: number, maxWaiting: number) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  /** What `task` comes to, now or later; `undefined`: too many wait, and it is not run. */
  run<T>(task: () => Promise<T>): Promise<T> | undefined {
    if (this.#running < this.#maxRunning) return this.#start(task);
    if (this.#waiting.length >= this.#maxWaiting) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(this.#start(task)));
    });
  }

  async #start<T>(task: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}
