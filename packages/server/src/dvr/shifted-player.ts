import type { LiveMessage, MediaSelection, Subscription, WireEncoding } from '../live/index.js';
import { type PlayClock, type VodPacer, VodPlayer } from '../vod/index.js';
import { DvrFile } from './dvr-file.js';
import type { DvrReader } from './dvr-reader.js';
import { clientTimeNear } from './dvr-timeline.js';
import type { DvrWindow } from './dvr-window.js';

/** A seek to this distance from the newest frame, ms, is one to live. */
const liveMarginMs = 1000;
const maxTimestamp = 2 ** 32 - 1;

export interface ShiftedSink {
  /** Bytes given to `write` that the kernel has not taken yet. While it is not 0 nothing more is written. */
  readonly pendingBytes: number;
  write(bytes: Uint8Array): void;
  /** The peer took nothing for longer than the stall timeout. The sink is to close its connection. */
  stalled(): void;
  /** It is sent the live stream again, by the subscription. The player does nothing more. */
  live(): void;
  /** The publication is over, and all of it was sent. The player does nothing more; the subscription is still paused. */
  ended(): void;
}

export interface ShiftedPlayerOptions {
  readonly window: DvrWindow;
  /** Its place in the live stream: paused. */
  readonly subscription: Pick<Subscription, 'countOut' | 'pause' | 'resumeAt' | 'select'>;
  readonly sink: ShiftedSink;
  readonly pacer: VodPacer;
  readonly clock: PlayClock;
  readonly encoding: (selection: MediaSelection) => WireEncoding;
  readonly selection: MediaSelection;
  readonly stallTimeoutMs: number;
}

/**
 * A player that is behind the live stream, and is sent its window. Where it has all that there is it takes its place in
 * the live stream, at the very message that it is to be sent next.
 */
export class ShiftedPlayer {
  readonly #options: ShiftedPlayerOptions;
  readonly #file: DvrFile;
  readonly #player: VodPlayer;
  #selection: MediaSelection;
  #isPaused = false;
  #isClosed = false;
  /** It was sent somewhere else, or paused: what a reader said before counts no more. */
  #turn = 0;

  constructor(options: ShiftedPlayerOptions) {
    const { window, subscription, sink, encoding, selection } = options;
    this.#options = options;
    this.#selection = selection;
    window.use();
    this.#file = new DvrFile(window, {
      edge: (reader) => this.#afterReading(() => this.#handOver(reader)),
      gone: () => this.#afterReading(() => this.#goToOldest()),
    });
    this.#player = new VodPlayer({
      ...options,
      file: this.#file,
      encoding: (selected) => wireTimes(encoding(selected)),
      startMs: 0,
      durationMs: -1,
      sink: {
        get pendingBytes() {
          return sink.pendingBytes;
        },
        write: (bytes) => {
          subscription.countOut(bytes.length);
          sink.write(bytes);
        },
        stalled: () => sink.stalled(),
        ended: () => this.#over(),
        failed: () => this.#over(),
      },
    });
  }

  get window(): DvrWindow {
    return this.#options.window;
  }

  /** Begins, for who was sent nothing yet: metadata, then as `seek`. */
  begin(timeMs: number): void {
    this.#turn += 1;
    const greeting = ({ position }: { readonly position: number }): LiveMessage[] =>
      // At any other time FFmpeg takes data for subtitles.
      this.window.headersAt(position).data.map((message) => ({ ...message, timestamp: 0 }));
    void this.#player.goOn(() => this.#file.seekPoint(timeMs), { greeting });
  }

  /** Goes to the key frame at or before a time of the stream, ms, or the oldest. */
  seek(timeMs: number): void {
    this.#turn += 1;
    void this.#player.seek(timeMs);
  }

  /** Goes on with the message of this sequence number: all before it was sent live. `timeMs`: about where that is. */
  goOnAt(sequence: number, timeMs: number): void {
    this.#turn += 1;
    void this.#player.goOn(async () => this.#file.placeOf(sequence, timeMs));
  }

  /** Goes on behind a time of the stream, ms: what comes before was sent live. */
  goOnAfter(timeMs: number): void {
    this.#turn += 1;
    void this.#player.goOn(() => this.#file.seekPoint(timeMs), { afterMs: timeMs });
  }

  pause(): void {
    this.#turn += 1;
    this.#isPaused = true;
    this.#player.pause();
  }

  /** `timeMs`: where the client says that it is. */
  resume(timeMs: number): void {
    this.#isPaused = false;
    const { toMs } = this.window;
    const placeMs = clientTimeNear(timeMs, toMs);
    // Later than all that there is was a time of a clock that has been set back since.
    void this.#player.resume(placeMs > toMs ? 0 : placeMs);
  }

  select(selection: MediaSelection): void {
    this.#selection = selection;
    this.#player.select(selection);
  }

  /** The client buffers more or less than before. */
  clockChanged(): void {
    this.#player.clockChanged();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#turn += 1;
    this.#player.close();
    this.window.release();
  }

  /** When what was read up to here is sent, unless the player is somewhere else by then. */
  #afterReading(task: () => void): void {
    const turn = this.#turn;
    queueMicrotask(() => {
      if (turn === this.#turn) task();
    });
  }

  /** The times there may be others: what was not to be sent for its time counts no more. */
  #goToOldest(): void {
    if (this.#isClosed) return;
    this.#turn += 1;
    void this.#player.goOn(async () => this.#file.start);
  }

  #handOver(reader: DvrReader): void {
    if (this.#isClosed || this.#isPaused || this.window.hasEnded || this.window.isClosed) return;
    const { subscription, sink } = this.#options;
    const { awaitsKeyFrame } = this.#player;
    // Without the key frame nobody can show what comes.
    subscription.select(awaitsKeyFrame ? { ...this.#selection, video: false } : this.#selection);
    if (!subscription.resumeAt(reader.sequence)) {
      // Nothing but data was published: there is nothing to wait for.
      if (this.window.segments.length === 0) this.#over();
      return;
    }
    if (awaitsKeyFrame) subscription.select(this.#selection);
    this.close();
    sink.live();
  }

  /** There is no more in the window, or it cannot be read. */
  #over(): void {
    const { subscription, sink } = this.#options;
    const { hasEnded } = this.window;
    this.close();
    if (hasEnded) {
      sink.ended();
      return;
    }
    subscription.select(this.#selection);
    subscription.pause(false);
    sink.live();
  }
}

/**
 * Where a client that asks for a time, ms of the stream, is to be sent; `live`: the live stream; `undefined`: there is no
 * place in the window yet.
 */
export function placeInWindow(window: DvrWindow, askedMs: number): number | 'live' | undefined {
  const timeMs = clientTimeNear(askedMs, window.toMs);
  if (!window.hasEnded && timeMs >= window.toMs - liveMarginMs) return 'live';
  const { oldest } = window;
  return oldest && Math.max(oldest.timeMs, timeMs);
}

/** Times of a window go on beyond 32 bits; those on the wire do not. */
function wireTimes(encoding: WireEncoding): WireEncoding {
  const wired = (message: LiveMessage): LiveMessage => {
    const { timestamp } = message;
    return timestamp >= 0 && timestamp <= maxTimestamp ? message : { ...message, timestamp: timestamp >>> 0 };
  };
  return {
    ...encoding,
    encodedLength: (message) => encoding.encodedLength(wired(message)),
    write: (target, offset, message) => encoding.write(target, offset, wired(message)),
  };
}
