import type { PlayClock } from './play-clock.js';
import type { VodSink } from './vod-player-options.js';

/** A client is told so often at most that it is too slow, ms. */
const behindIntervalMs = 30_000;
/** A file that is still being written and has had no more for this long is told to be dry, ms. */
const dryAfterMs = 5000;

export interface SendWatchOptions {
  readonly sink: VodSink;
  readonly clock: PlayClock;
  readonly stallTimeoutMs: number;
}

/** Notices clients that do not take what they are sent in time, and files that have no more for a while. */
export class SendWatch {
  readonly #options: SendWatchOptions;
  #stalledSinceMs = 0;
  #stalledPendingBytes = 0;
  #toldBehindMs = Number.NEGATIVE_INFINITY;
  #drySinceMs = 0;
  #isToldDry = false;

  constructor(options: SendWatchOptions) {
    this.#options = options;
  }

  /** The sink has taken what it was given. */
  free(): void {
    this.#stalledSinceMs = 0;
  }

  /** All that is due was sent. */
  caughtUp(): void {
    this.#options.clock.lateMs = 0;
  }

  /** Something was sent. */
  sent(): void {
    this.#drySinceMs = 0;
    this.#isToldDry = false;
  }

  /** The sink has not taken all. `nowMs` 0: it is not known, and nothing is decided. `sentMs`: of the stream. */
  blocked(nowMs: number, sentMs: number): void {
    const { sink, stallTimeoutMs } = this.#options;
    if (nowMs === 0) return;
    this.#watchPace(nowMs, sentMs);
    if (this.#stalledSinceMs === 0 || sink.pendingBytes !== this.#stalledPendingBytes) {
      this.#stalledSinceMs = nowMs;
      this.#stalledPendingBytes = sink.pendingBytes;
    } else if (nowMs - this.#stalledSinceMs > stallTimeoutMs) {
      sink.stalled();
    }
  }

  /** All was sent that there is, and there will be more. `nowMs` as above. */
  dry(nowMs: number): void {
    this.caughtUp();
    if (nowMs === 0 || this.#isToldDry) return;
    if (this.#drySinceMs === 0) this.#drySinceMs = nowMs;
    if (nowMs - this.#drySinceMs < dryAfterMs) return;
    this.#isToldDry = true;
    this.#options.sink.dry?.();
  }

  /** The client has gone without media for longer, all in all, than what it buffers lasts. */
  #watchPace(nowMs: number, sentMs: number): void {
    const { sink, clock } = this.#options;
    const lateMs = clock.lateMs + Math.max(0, clock.positionMs - sentMs);
    if (lateMs <= clock.aheadMs || nowMs - this.#toldBehindMs < behindIntervalMs) return;
    this.#toldBehindMs = nowMs;
    clock.lateMs = 0;
    sink.behind?.();
  }
}
