/** What is sent ahead of the time at which it is shown, ms: for clients that want less, and those that want all at once. */
export const minAheadMs = 1000;
export const maxAheadMs = 3_600_000;
/** For clients that do not say how much they buffer. */
export const defaultBufferMs = 3000;

/**
 * Where a client is thought to be in what it plays, and how far ahead of that it is to be sent media: as much as it says
 * that it buffers. Lasts over all that is played on a stream one after another.
 */
export class PlayClock {
  readonly #now: () => number;
  #bufferMs = defaultBufferMs;
  /** For how long the client has been without media, as it came too late for it, ms; whoever looks sets it back. */
  lateMs = 0;
  #newestMs = 0;
  #mediaMs = 0;
  #wallMs = 0;
  #isSet = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** As the client says it, ms. */
  set bufferMs(bufferMs: number) {
    this.#bufferMs = bufferMs;
  }

  get aheadMs(): number {
    return Math.min(maxAheadMs, Math.max(minAheadMs, this.#bufferMs));
  }

  /** Media up to this time is due, ms of the stream. */
  get limitMs(): number {
    return this.positionMs + this.aheadMs;
  }

  /** Where the client is, ms of the stream. */
  get positionMs(): number {
    return this.#mediaMs + this.#now() - this.#wallMs;
  }

  /** Whether anything was sent since the time began anew: `positionMs` is of no use before. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** The next media begins a new time. */
  reset(): void {
    this.#isSet = false;
    this.lateMs = 0;
  }

  /** The client is sent media of this time next: it cannot be further than that. */
  next(mediaMs: number): void {
    const { positionMs } = this;
    const isLater = mediaMs >= this.#newestMs;
    this.#newestMs = mediaMs;
    if (this.#isSet && mediaMs >= positionMs) return;
    // A file's time may jump back: nobody is late then.
    if (this.#isSet && isLater) this.lateMs += positionMs - mediaMs;
    this.#isSet = true;
    this.#mediaMs = mediaMs;
    this.#wallMs = this.#now();
  }
}
