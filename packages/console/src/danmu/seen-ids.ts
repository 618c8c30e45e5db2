/** Ids of messages that were shown: who attaches again is sent the last danmu again. */
export class SeenIds {
  readonly #ids = new Set<string>();
  readonly #capacity: number;

  constructor(capacity = 1000) {
    this.#capacity = capacity;
  }

  /** `true` the first time. The oldest ids are forgotten. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > this.#capacity && oldest !== undefined) this.#ids.delete(oldest);
    return true;
  }
}
