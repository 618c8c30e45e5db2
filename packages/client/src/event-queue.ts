/** Events on their way to whoever iterates. One reader at a time gets each event once. */
export class EventQueue<Event> implements AsyncIterableIterator<Event, undefined> {
  readonly #sizeOf: (event: Event) => number;
  readonly #onSize: (bytes: number) => void;
  #events: Event[] = [];
  #taken = 0;
  #bytes = 0;
  #end: { readonly error: Error | undefined } | undefined;
  #readers: { resolve: (result: IteratorResult<Event, undefined>) => void; reject: (error: Error) => void }[] = [];

  /** `onSize` hears the bytes that wait, by `sizeOf`, whenever they change. */
  constructor(sizeOf: (event: Event) => number, onSize: (bytes: number) => void) {
    this.#sizeOf = sizeOf;
    this.#onSize = onSize;
  }

  push(event: Event): void {
    if (this.#end) return;
    const reader = this.#readers.shift();
    if (reader) {
      reader.resolve({ done: false, value: event });
      return;
    }
    this.#events.push(event);
    this.#resize(this.#sizeOf(event));
  }

  /** What is queued can still be read; then the iteration ends, or throws `error`. */
  finish(error?: Error): void {
    if (this.#end) return;
    this.#end = { error };
    for (const reader of this.#readers) {
      if (error) reader.reject(error);
      else reader.resolve({ done: true, value: undefined });
    }
    this.#readers = [];
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const event = this.#events[this.#taken];
    if (event !== undefined) {
      this.#taken += 1;
      // Now and then, so that neither a long queue nor a reader that never quite catches up makes this costly.
      if (this.#taken === this.#events.length || this.#taken >= Math.max(1024, this.#events.length / 2)) {
        this.#events = this.#events.slice(this.#taken);
        this.#taken = 0;
      }
      this.#resize(-this.#sizeOf(event));
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#end?.error) return Promise.reject(this.#end.error);
    if (this.#end) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** A reader that leaves its loop leaves the queue as it is: the next one goes on from there. */
  return(): Promise<IteratorResult<Event, undefined>> {
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #resize(bytes: number): void {
    this.#bytes += bytes;
    this.#onSize(this.#bytes);
  }
}
