/**
 * A task that many ask for and that runs once at a time. Who asks while it runs is given the result of the next run, which
 * has seen everything that was there when they asked.
 */
export class SharedTask<T> {
  readonly #run: () => Promise<T>;
  #current: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | undefined;

  constructor(run: () => Promise<T>) {
    this.#run = run;
  }

  /** Rejects as the task does. */
  result(): Promise<T> {
    this.#next ??= this.#current.then(() => {
      this.#next = undefined;
      const running = this.#run();
      this.#current = running.catch(() => undefined);
      return running;
    });
    return this.#next;
  }
}
