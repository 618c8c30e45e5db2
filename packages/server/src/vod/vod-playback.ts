import { VodLibrary } from './vod-library.js';
import { VodPacer } from './vod-pacer.js';
import { VodTotals } from './vod-totals.js';

export interface VodPlaybackOptions {
  /** Where the recordings are. */
  readonly mediaDir: string;
  /** Monotonic clock, ms. */
  readonly now: () => number;
}

/** What all players of recordings have in common. */
export class VodPlayback {
  readonly library: VodLibrary;
  readonly pacer: VodPacer;
  readonly totals = new VodTotals();

  constructor({ mediaDir, now }: VodPlaybackOptions) {
    this.library = new VodLibrary(mediaDir);
    this.pacer = new VodPacer(now);
  }

  /** Message streams that play recordings over RTMP now: those that are paused, or have had all, too. */
  get playerCount(): number {
    return this.totals.playerCount;
  }

  /** Given to them since the start. */
  get bytesOut(): number {
    return this.totals.bytesOut;
  }

  /** Nothing is sent any more. */
  close(): void {
    this.pacer.close();
  }
}
