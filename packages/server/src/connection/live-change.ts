import type { PlayRequest } from '@millrace/protocol';
import { type MediaSelection, type PlayerSink, type Subscription, shiftAfter } from '../live/index.js';
import type { TimeShift } from './time-shift.js';

export interface LiveChangeOptions {
  readonly request: PlayRequest;
  /** Of the new stream. */
  readonly shift: TimeShift;
  /** What plays until then. */
  readonly old: Subscription;
  /** Joins the new stream. */
  readonly join: (sink: PlayerSink, takeOver: (firstMs: number) => void) => Subscription | undefined;
  /** The old one was sent to the place where the new one begins, which follows. */
  readonly takenOver: (change: LiveChange, subscription: Subscription) => void;
  /** The new one has ended before. */
  readonly failed: () => void;
}

/** A change to another live stream, which waits for a key frame of that. */
export class LiveChange {
  readonly request: PlayRequest;
  readonly shift: TimeShift;
  readonly #subscription: Subscription | undefined;
  #isTaken = false;

  constructor({ request, shift, old, join, takenOver, failed }: LiveChangeOptions) {
    this.request = request;
    this.shift = shift;
    const { sink } = shift;
    const held: PlayerSink = {
      address: sink.address,
      get pendingBytes() {
        return sink.pendingBytes;
      },
      write: (bytes) => sink.write(bytes),
      stalled: () => sink.stalled(),
      behind: () => sink.behind?.(),
      finished: () => sink.finished?.(),
      started: () => {
        if (this.#isTaken) sink.started();
      },
      ended: () => {
        if (this.#isTaken) sink.ended();
        else failed();
      },
    };
    this.#subscription = join(held, (firstMs) => {
      const subscription = this.#subscription;
      if (subscription === undefined) return;
      this.#isTaken = true;
      const end = old.handOver(firstMs);
      subscription.shift(shiftAfter(end, firstMs));
      takenOver(this, subscription);
    });
    if (this.#subscription !== undefined) shift.attach(this.#subscription);
  }

  pause(pause: boolean): void {
    this.#subscription?.pause(pause);
  }

  select(selection: MediaSelection): void {
    this.shift.select(selection);
  }

  /** It does not come about. */
  close(): void {
    this.shift.close();
    this.#subscription?.close();
  }
}
