/**
 * What became of something added. `waiting`: another of the same number waits already; `taken`: it has been taken before;
 * `full`: there is no room.
 */
export type Placed = 'placed' | 'waiting' | 'taken' | 'full';

/**
 * Puts numbered things in order that come in any: a tunnel's requests can come over several connections, and so can the
 * answers. A gap holds back what follows it; how long, is for the caller to say.
 */
export class SequenceOrder<T> {
  readonly #waiting = new Map<number, T>();
  readonly #maxWaiting: number;
  #next: number;

  /** `first`: the number that is taken first. At most `maxWaiting` things wait, none further ahead than that. */
  constructor({ first, maxWaiting }: { readonly first: number; readonly maxWaiting: number }) {
    this.#next = first;
    this.#maxWaiting = maxWaiting;
  }

  /** The number that `take` waits for. */
  get next(): number {
    return this.#next;
  }

  /** How many wait, with or without a gap before them. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  add(sequence: number, item: T): Placed {
    if (sequence < this.#next) return 'taken';
    if (this.#waiting.has(sequence)) return 'waiting';
    if (sequence >= this.#next + this.#maxWaiting) return 'full';
    this.#waiting.set(sequence, item);
    return 'placed';
  }

  /** Puts it in the place of another that waits, which it gives back. `undefined`: none does, and nothing is changed. */
  replace(sequence: number, item: T): T | undefined {
    const other = this.#waiting.get(sequence);
    if (other !== undefined) this.#waiting.set(sequence, item);
    return other;
  }

  /** The next in order. `undefined`: it has not come yet. */
  take(): T | undefined {
    const item = this.#waiting.get(this.#next);
    if (item === undefined) return undefined;
    this.#waiting.delete(this.#next);
    this.#next += 1;
    return item;
  }

  /** Gives up on the gap: the first of those that wait is next. */
  skipGap(): void {
    if (this.#waiting.size > 0) this.#next = Math.min(...this.#waiting.keys());
  }

  /** Everything that waits, in order; nothing does any more. */
  clear(): readonly T[] {
    const items = [...this.#waiting].sort(([a], [b]) => a - b).map(([, item]) => item);
    this.#waiting.clear();
    return items;
  }
}
