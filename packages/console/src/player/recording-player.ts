import type Mpegts from 'mpegts.js';
import type { RecordingInfo } from '../api/index.js';
import { planFile, planPlayback } from './codec-support.js';
import { onEarlyClose } from './early-close.js';
import { isTypeSupported } from './is-type-supported.js';
import { askRefusal } from './refusal.js';
import { timestampBaseMs } from './timestamp-base.js';

/** What the page shows about the player of a recording. */
export interface RecordingPlayback {
  readonly phase: 'idle' | 'loading' | 'playing' | 'paused' | 'ended' | 'failed';
  /** Why it failed, or what is missing. */
  readonly message?: string;
  /** The picture waits for data. */
  readonly isBuffering: boolean;
}

/** What to play. */
export interface RecordingOrder {
  readonly info: RecordingInfo;
  /** The file, with byte ranges. */
  readonly fileUrl: string;
}

/** Less than this behind what is buffered, a stream that was cut off is asked for again, seconds. */
const refillSeconds = 10;
/** A key frame may be as far before the place that was asked for, seconds. */
const arrivalSeconds = 12;
/** The way there takes no longer than this, ms. */
const arrivalMs = 3000;
/** As much is fetched ahead, seconds. */
const aheadSeconds = 120;

/** Keeps a video element playing a recording, and goes to places in it. */
export class RecordingPlayer {
  readonly #video: HTMLVideoElement;
  readonly #onChange: () => void;
  #order: RecordingOrder | undefined;
  #player: Mpegts.Player | undefined;
  /** What is being opened: only the newest counts. */
  #opening: object | undefined;
  /** Place of the recording at time 0 of the video element, seconds, where it was asked for. */
  #offsetSeconds = 0;
  /** What plays begins in the middle: it cannot be gone back in. */
  #isStream = false;
  #isComplete = false;
  #phase: RecordingPlayback['phase'] = 'idle';
  #message: string | undefined;
  #wantsPlay = false;
  /** Where the browser is sent and has not come yet, seconds of the recording. */
  #target: number | undefined;
  #arrivalTimer: number | undefined;

  constructor(video: HTMLVideoElement, onChange: () => void) {
    this.#video = video;
    this.#onChange = onChange;
    for (const event of ['timeupdate', 'progress', 'waiting', 'canplay', 'seeking', 'seeked', 'durationchange']) {
      video.addEventListener(event, () => {
        this.#noteArrival();
        this.#refill();
        onChange();
      });
    }
    video.addEventListener('playing', () => this.#setPhase('playing'));
    video.addEventListener('pause', () => {
      if (!video.ended && this.#phase === 'playing') this.#setPhase('paused');
    });
    video.addEventListener('ended', () => this.#ended());
    video.addEventListener('error', () => {
      if (this.#order !== undefined && this.#player === undefined) this.#fail('This browser cannot play this file.');
    });
  }

  get playback(): RecordingPlayback {
    const isWaiting = this.#video.seeking || this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
    const isBuffering = this.#phase === 'playing' && isWaiting && !this.#video.ended;
    const message = this.#message;
    return { phase: this.#phase, isBuffering, ...(message !== undefined && { message }) };
  }

  /** Seconds from the beginning of the recording. */
  get position(): number {
    return this.#baseSeconds + this.#video.currentTime;
  }

  /** Seconds; 0: not known. */
  get duration(): number {
    const stated = (this.#order?.info.durationMs ?? 0) / 1000;
    if (stated > 0) return stated;
    return Number.isFinite(this.#video.duration) ? this.#baseSeconds + this.#video.duration : 0;
  }

  /** Chooses a recording. It is fetched when it is played. */
  choose(order: RecordingOrder | undefined): void {
    if (order?.fileUrl === this.#order?.fileUrl) {
      // How long it is may have changed.
      this.#order = order;
      return;
    }
    this.#close();
    this.#order = order;
    this.#wantsPlay = false;
    this.#message = undefined;
    this.#setPhase('idle');
  }

  play(): void {
    if (this.#order === undefined) return;
    this.#wantsPlay = true;
    if (this.#phase === 'idle' || this.#phase === 'failed') void this.#open(0);
    else if (this.#phase === 'ended') this.seek(0);
    else void this.#startVideo();
  }

  pause(): void {
    this.#wantsPlay = false;
    this.#video.pause();
    this.#setPhase('paused');
  }

  toggle(): void {
    if (this.#phase === 'playing' || (this.#phase === 'loading' && this.#wantsPlay)) this.pause();
    else this.play();
  }

  /** Goes to a place, seconds. Where nothing was played yet, it begins there. */
  seek(seconds: number): void {
    const order = this.#order;
    if (order === undefined) return;
    const target = Math.max(0, Math.min(seconds, Math.max(0, this.duration - 0.1)));
    const isOpen = this.#phase === 'playing' || this.#phase === 'paused' || this.#phase === 'ended';
    const inElement = target - this.#baseSeconds;
    const canGo = isOpen && (this.#isBuffered(inElement) || (!this.#isStream && hasPlaces(order.info)));
    if (!canGo) {
      if (this.#phase === 'idle') this.#wantsPlay = true;
      void this.#open(target);
      return;
    }
    this.#sendTo(target);
    this.#video.currentTime = inElement;
    if (this.#phase === 'ended') this.#wantsPlay = true;
    if (this.#wantsPlay) void this.#startVideo();
    this.#onChange();
  }

  get #baseSeconds(): number {
    if (!this.#isStream) return 0;
    const base = this.#player && timestampBaseMs(this.#player);
    return base === undefined ? this.#offsetSeconds : base / 1000;
  }

  #isBuffered(seconds: number): boolean {
    const { buffered } = this.#video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.start(i) <= seconds && seconds < buffered.end(i)) return true;
    }
    return false;
  }

  #sendTo(seconds: number): void {
    this.#target = seconds;
    window.clearTimeout(this.#arrivalTimer);
    this.#arrivalTimer = window.setTimeout(() => {
      if (this.#target !== undefined) this.#goAnew(this.#target);
    }, arrivalMs);
  }

  #noteArrival(): void {
    if (this.#target === undefined || this.#video.seeking) return;
    const isThere = this.#video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    if (isThere && Math.abs(this.position - this.#target) < arrivalSeconds) this.#target = undefined;
  }

  #ended(): void {
    const target = this.#isStream || this.#player === undefined ? undefined : this.#target;
    if (target === undefined) this.#setPhase('ended');
    else this.#goAnew(target);
  }

  /**
   * mpegts.js may lose its way in a file that was fetched whole just when it is sent elsewhere in it: it ends before what is
   * there, or waits for ever. Then the server is asked for what is from there on.
   */
  #goAnew(target: number): void {
    if (this.#player !== undefined && !this.#isStream) void this.#open(target, 'stream');
  }

  /** `seconds`: where to begin. `stream`: with what the server sends from there on, places in the file or not. */
  async #open(seconds: number, how?: 'stream'): Promise<void> {
    const order = this.#order;
    if (order === undefined) return;
    this.#close();
    const opening = {};
    this.#opening = opening;
    this.#message = undefined;
    this.#setPhase('loading');
    if (order.info.format !== 'flv') {
      const plan = planFile(order.info, (type) => this.#video.canPlayType(type) !== '');
      if (plan.kind === 'unplayable') {
        this.#fail(plan.reason);
        return;
      }
      if (plan.kind === 'play') this.#message = plan.notice;
      this.#video.src = order.fileUrl;
      this.#video.currentTime = seconds;
      void this.#startVideo();
      return;
    }
    const plan = planPlayback({ ...order.info, uptimeMs: Number.POSITIVE_INFINITY }, isTypeSupported);
    if (plan.kind !== 'play') {
      this.#fail(plan.kind === 'wait' ? 'There is nothing to play in this file.' : plan.reason);
      return;
    }
    this.#message = plan.notice;
    try {
      const { default: mpegts } = await import('mpegts.js');
      if (this.#opening !== opening) return;
      mpegts.LoggingControl.applyConfig({ enableAll: false });
      this.#isStream = seconds > 0 && (how === 'stream' || !hasPlaces(order.info));
      this.#offsetSeconds = this.#isStream ? seconds : 0;
      this.#isComplete = false;
      this.#start(mpegts, order, plan);
      if (!this.#isStream && seconds > 0) {
        this.#sendTo(seconds);
        this.#whenReady(opening, seconds);
      }
      void this.#startVideo();
    } catch (error) {
      if (this.#opening === opening) this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #start(mpegts: typeof Mpegts, { fileUrl }: RecordingOrder, plan: { audio: boolean; video: boolean }): void {
    const url = new URL(fileUrl);
    if (this.#isStream) url.searchParams.set('start', this.#offsetSeconds.toFixed(3));
    const source = { type: 'flv', isLive: false, url: url.href, hasAudio: plan.audio, hasVideo: plan.video };
    const player = mpegts.createPlayer(source, {
      enableWorker: false,
      lazyLoad: true,
      lazyLoadMaxDuration: aheadSeconds,
      // What begins in the middle has no byte ranges: it is asked for again, from another place.
      lazyLoadRecoverDuration: this.#isStream ? -1 : aheadSeconds / 4,
      deferLoadAfterSourceOpen: false,
      autoCleanupSourceBuffer: true,
      accurateSeek: true,
    });
    this.#player = player;
    player.on(mpegts.Events.ERROR, (kind: unknown, detail: unknown) => {
      if (this.#player === player) void this.#failed(kind === mpegts.ErrorTypes.NETWORK_ERROR, String(detail), fileUrl);
    });
    player.on(mpegts.Events.LOADING_COMPLETE, () => {
      this.#isComplete = true;
    });
    player.attachMediaElement(this.#video);
    onEarlyClose(player, () => {
      if (this.#player === player) void this.#open(this.#target ?? this.#offsetSeconds);
    });
    player.load();
  }

  /** Goes to a place as soon as the file's list of places is there. */
  #whenReady(opening: object, seconds: number): void {
    const go = (): void => {
      if (this.#opening === opening) this.#video.currentTime = seconds;
    };
    this.#video.addEventListener('loadedmetadata', go, { once: true });
  }

  /** A stream that was not fetched further ahead goes on from where it ended. */
  #refill(): void {
    if (!this.#isStream || this.#isComplete || this.#player === undefined || this.#phase === 'loading') return;
    const { buffered, currentTime } = this.#video;
    const end = buffered.length === 0 ? undefined : buffered.end(buffered.length - 1);
    const isFetching = end === undefined || end - currentTime < aheadSeconds - refillSeconds;
    if (end === undefined || end < aheadSeconds || currentTime < end - refillSeconds || !isFetching) return;
    void this.#open(this.position);
  }

  async #failed(isNetwork: boolean, detail: string, url: string): Promise<void> {
    const opening = this.#opening;
    const refusal = isNetwork ? await askRefusal(url) : undefined;
    if (this.#opening !== opening) return;
    if (refusal !== undefined) this.#fail(refusal);
    else if (isNetwork) this.#fail('The recording cannot be fetched.');
    else
      this.#fail(
        detail.includes('Unsupported')
          ? 'This browser cannot play this kind of file.'
          : 'The browser could not decode the file.',
      );
  }

  async #startVideo(): Promise<void> {
    if (!this.#wantsPlay) return;
    try {
      await this.#video.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
      this.#wantsPlay = false;
      this.#setPhase('paused');
    }
  }

  #fail(message: string): void {
    this.#close();
    this.#message = message;
    this.#setPhase('failed');
  }

  #setPhase(phase: RecordingPlayback['phase']): void {
    this.#phase = phase;
    this.#onChange();
  }

  #close(): void {
    this.#opening = undefined;
    this.#target = undefined;
    window.clearTimeout(this.#arrivalTimer);
    const player = this.#player;
    this.#player = undefined;
    this.#isStream = false;
    this.#offsetSeconds = 0;
    try {
      player?.destroy();
    } catch {
      // A player that fails while it is taken apart is gone all the same.
    }
    if (this.#video.hasAttribute('src')) {
      this.#video.removeAttribute('src');
      this.#video.load();
    }
  }
}

/** Whether the browser finds places in the file by itself. */
function hasPlaces({ format, seekable }: RecordingInfo): boolean {
  return format !== 'flv' || seekable;
}
