import type { SeekRequest, ServerSession } from '@millrace/protocol';
import { clientTimeNear, type DvrWindow, type DvrWindows, placeInWindow, ShiftedPlayer } from '../dvr/index.js';
import {
  type MediaSelection,
  type PlayerSink,
  rtmpEncoding,
  type StreamKey,
  type Subscription,
} from '../live/index.js';
import { PlayClock, type VodPlayback } from '../vod/index.js';
import type { ByteTransport } from './byte-transport.js';
import { RtmpPlayerSink } from './rtmp-player-sink.js';

export interface TimeShiftOptions {
  readonly key: StreamKey;
  readonly windows: Pick<DvrWindows, 'find'>;
  readonly vod: Pick<VodPlayback, 'pacer'>;
  readonly session: ServerSession;
  readonly transport: ByteTransport;
  readonly messageStreamId: number;
  readonly selection: MediaSelection;
  /** What the client buffers, ms; `undefined`: it has not said so. */
  readonly bufferMs: number | undefined;
  readonly stallTimeoutMs: number;
  readonly now: () => number;
  /** All was sent of the time for which the live stream was wanted. */
  readonly finished: () => void;
  /** Sends what the session has to say. */
  readonly flush: () => void;
}

/** Where the live stream was left for a pause. */
interface PausedPlace {
  /** Used until the end of the pause. */
  readonly window: DvrWindow;
  readonly sequence: number;
  /** About, ms. */
  readonly timeMs: number;
  /** What it was sent until then. */
  readonly selection: MediaSelection;
}

/**
 * One player of a live stream that may have a window: pause, resume and seek. It is sent the live stream by its
 * subscription, or the window by a `ShiftedPlayer`; never both.
 */
export class TimeShift {
  /** For the live stream. What it says of the publication waits while the player is somewhere else in it. */
  readonly sink: PlayerSink;
  readonly #options: TimeShiftOptions;
  readonly #live: RtmpPlayerSink;
  readonly #clock: PlayClock;
  #subscription: Subscription | undefined;
  #selection: MediaSelection;
  #isPaused = false;
  /** Where to go on after the pause; `undefined`: at live. */
  #place: PausedPlace | undefined;
  #player: ShiftedPlayer | undefined;
  /** The next publication has begun before this one was played to its end. */
  #hasNext = false;

  constructor(options: TimeShiftOptions) {
    const { transport, session, messageStreamId, flush, bufferMs } = options;
    this.#options = options;
    this.#selection = options.selection;
    this.#live = new RtmpPlayerSink(transport, session, messageStreamId, flush);
    this.#clock = new PlayClock(options.now);
    if (bufferMs !== undefined) this.#clock.bufferMs = bufferMs;
    const live = this.#live;
    this.sink = {
      address: live.address,
      get pendingBytes() {
        return live.pendingBytes;
      },
      write: (bytes) => live.write(bytes),
      stalled: () => live.stalled(),
      behind: () => live.behind(),
      finished: options.finished,
      started: () => {
        if (this.#isElsewhere) this.#hasNext = true;
        else live.started();
      },
      ended: () => {
        if (this.#isElsewhere) this.#hasNext = false;
        else live.ended();
      },
    };
  }

  /** It is sent the live stream, or would be but for a pause. */
  get isLive(): boolean {
    return !this.#isElsewhere;
  }

  /** To be called once, before anything else. */
  attach(subscription: Subscription): void {
    this.#subscription = subscription;
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    if (this.#player !== undefined) {
      this.#player.pause();
      this.#subscription?.pause(true);
      return;
    }
    const window = this.#options.windows.find(this.#options.key);
    const sequence = this.#subscription?.place;
    this.#subscription?.pause(true);
    if (window === undefined || sequence === undefined) return;
    window.use();
    this.#place = { window, sequence, timeMs: window.toMs, selection: this.#selection };
  }

  /** Goes on behind `timeMs`, where the client says that it is; where that is no place of the window, from where it was. */
  resume(timeMs: number): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#player !== undefined) {
      this.#player.resume(timeMs);
      return;
    }
    const place = this.#place;
    if (place === undefined) {
      this.#subscription?.pause(false);
      return;
    }
    const { window } = place;
    const player = this.#shift(window, place.selection);
    if (place.selection !== this.#selection) player?.select(this.#selection);
    const afterMs = clientTimeNear(timeMs, window.toMs);
    const { oldest } = window;
    // Many clients say 0, wherever they are.
    const isPlace = timeMs !== 0 && oldest !== undefined && oldest.sequence < place.sequence;
    if (isPlace && afterMs >= oldest.timeMs && afterMs < place.timeMs) player?.goOnAfter(afterMs);
    else player?.goOnAt(place.sequence, place.timeMs);
  }

  /** `false`: the stream has no window. */
  seek(request: SeekRequest): boolean {
    const { windows, key, session, flush } = this.#options;
    const window = this.#player?.window ?? this.#place?.window ?? windows.find(key);
    if (window === undefined || window.isClosed) return false;
    const place = placeInWindow(window, request.timeMs);
    if (place === undefined) {
      const info = { details: String(window.toMs / 1000) };
      session.reject(request, { code: 'NetStream.Seek.InvalidTime', description: 'There is no place yet.', info });
      return true;
    }
    if (!session.accept(request)) return true;
    flush();
    if (place === 'live') this.#goLive();
    else (this.#player ?? this.#shift(window))?.seek(place);
    return true;
  }

  select(selection: MediaSelection): void {
    this.#selection = selection;
    if (this.#player === undefined) this.#subscription?.select(selection);
    else this.#player.select(selection);
  }

  bufferLength(bufferMs: number): void {
    this.#clock.bufferMs = bufferMs;
    this.#player?.clockChanged();
  }

  close(): void {
    this.#player?.close();
    this.#player = undefined;
    this.#forgetPlace();
  }

  /** The player is not at live, but somewhere in a publication, which may be over. */
  get #isElsewhere(): boolean {
    return this.#player !== undefined || this.#place !== undefined;
  }

  /** Leaves the live stream for a window. */
  #shift(window: DvrWindow, selection = this.#selection): ShiftedPlayer | undefined {
    const { vod, session, transport, messageStreamId, stallTimeoutMs } = this.#options;
    const subscription = this.#subscription;
    if (subscription === undefined) return undefined;
    subscription.pause(true);
    const { chunkSize, objectEncoding } = session;
    const player = new ShiftedPlayer({
      window,
      subscription,
      pacer: vod.pacer,
      clock: this.#clock,
      selection,
      stallTimeoutMs,
      encoding: (selected) => rtmpEncoding(messageStreamId, chunkSize, selected, objectEncoding),
      sink: {
        get pendingBytes() {
          return transport.pendingBytes;
        },
        write: (bytes) => transport.write(bytes),
        stalled: () => this.#live.stalled(),
        live: () => {
          this.#player = undefined;
        },
        ended: () => this.#ended(),
      },
    });
    if (this.#isPaused) player.pause();
    this.#player = player;
    this.#forgetPlace();
    return player;
  }

  /** At once, at the newest key frame. */
  #goLive(): void {
    this.#player?.close();
    this.#player = undefined;
    this.#forgetPlace();
    const subscription = this.#subscription;
    subscription?.select(this.#selection);
    subscription?.pause(true);
    if (!this.#isPaused) subscription?.pause(false);
  }

  /** All of a publication that is over was sent. */
  #ended(): void {
    this.#player = undefined;
    this.#live.ended();
    if (this.#hasNext) this.#live.started();
    this.#hasNext = false;
    this.#subscription?.select(this.#selection);
    this.#subscription?.pause(false);
  }

  #forgetPlace(): void {
    this.#place?.window.release();
    this.#place = undefined;
  }
}
