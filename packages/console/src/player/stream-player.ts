import type { StreamInfo } from '../api/index.js';
import { httpFlvUrl, type ServerPlace, type StreamPath, streamKey, webSocketFlvUrl } from '../model/index.js';
import { planPlayback } from './codec-support.js';
import { FlvConnection, type FlvConnectionEvent, type FlvSource } from './flv-connection.js';
import { isTypeSupported } from './is-type-supported.js';
import {
  initialPlaybackState,
  type PlaybackInput,
  type PlaybackPhase,
  type PlaybackTarget,
  reducePlayback,
} from './playback-state.js';

export type Transport = 'http' | 'websocket';

/** What is to be played, as far as the page knows. */
export interface PlayOrder {
  readonly place: ServerPlace;
  readonly chosen: StreamPath | undefined;
  /** The chosen stream while it is published. */
  readonly live: StreamInfo | undefined;
  /** Polls in a row that did not list the chosen stream. */
  readonly missedPolls: number;
  readonly transport: Transport;
}

/** What the page shows about the player. */
export interface PlayerView {
  readonly phase: PlaybackPhase;
  /** The person paused, or the browser did not allow the start. */
  readonly paused: boolean;
  /** The browser refused to start without a click. */
  readonly blocked: boolean;
  /** Playback waits for data. */
  readonly buffering: boolean;
  /** Something is missing, but it plays. */
  readonly notice?: string;
}

// A paused picture keeps its connection this long, so that a short pause costs nothing.
const suspendAfterMs = 30_000;
// No progress for this long although data should flow: the connection is made anew.
const stallMs = 8000;

/** Keeps a video element playing a live stream: starts, restarts, gives up when there is nothing to play. */
export class StreamPlayer {
  readonly #video: HTMLVideoElement;
  readonly #onChange: (view: PlayerView) => void;
  #state = initialPlaybackState;
  #connection: FlvConnection | undefined;
  #source: FlvSource | undefined;
  #notice: string | undefined;
  #blocked = false;
  #buffering = false;
  #pausedByPerson = false;
  #pausedAtMs: number | undefined;
  #progress = { currentTime: 0, atMs: 0 };

  constructor(video: HTMLVideoElement, onChange: (view: PlayerView) => void) {
    this.#video = video;
    this.#onChange = onChange;
    video.muted = true;
    video.addEventListener('playing', () => {
      this.#blocked = false;
      this.#buffering = false;
      this.#input({ type: 'playing' });
    });
    // A last 'timeupdate' comes after 'waiting': the ready state knows better than the order of events.
    for (const event of ['waiting', 'timeupdate', 'canplay']) {
      video.addEventListener(event, () => this.#setBuffering(video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA));
    }
  }

  /** Tells what to play: after each poll, choice or change of transport. */
  update(order: PlayOrder): void {
    const nowMs = performance.now();
    const target = this.#target(order);
    if (target?.streamKey !== this.#state.streamKey) {
      // A pause belongs to the stream it was made in.
      this.#pausedByPerson = false;
      this.#pausedAtMs = undefined;
    }
    this.#input({ type: 'target', target, nowMs });
    this.#watchProgress(nowMs);
    if (this.#pausedAtMs !== undefined && nowMs - this.#pausedAtMs > suspendAfterMs) this.#input({ type: 'suspend' });
  }

  /** As `ShownMedia.publishedAtMs`. */
  get publishedAtMs(): number | undefined {
    return this.#connection?.publishedAtMs;
  }

  get paused(): boolean {
    return this.#pausedByPerson || this.#blocked;
  }

  /** Plays on, at the live edge. */
  play(): void {
    this.#pausedByPerson = false;
    this.#pausedAtMs = undefined;
    this.#blocked = false;
    if (this.#state.phase.kind === 'suspended') {
      this.#input({ type: 'resume', nowMs: performance.now() });
      return;
    }
    this.#jumpToLive();
    void this.#startVideo();
    this.#changed();
  }

  pause(): void {
    this.#pausedByPerson = true;
    this.#pausedAtMs = performance.now();
    this.#video.pause();
    this.#changed();
  }

  #target(order: PlayOrder): PlaybackTarget | undefined {
    const { place, chosen, live, missedPolls, transport } = order;
    if (chosen === undefined) return undefined;
    const key = streamKey(chosen);
    if (live === undefined) return { streamKey: key, sourceKey: '', availability: 'gone', missedPolls };
    const plan = planPlayback(live, isTypeSupported);
    this.#notice = plan.kind === 'play' ? plan.notice : undefined;
    const tracks = [live.video?.codec ?? '', live.audio?.codec ?? ''];
    const sourceKey = JSON.stringify([key, live.publishedAt, transport, ...tracks]);
    switch (plan.kind) {
      case 'wait':
        return { streamKey: key, sourceKey, availability: 'silent' };
      case 'unplayable':
        return { streamKey: key, sourceKey, availability: 'unplayable', reason: plan.reason };
      case 'play': {
        const httpUrl = httpFlvUrl(place, chosen);
        const url = transport === 'http' ? httpUrl : webSocketFlvUrl(place, chosen);
        this.#source = { url, httpUrl, audio: plan.audio, video: plan.video };
        return { streamKey: key, sourceKey, availability: 'live' };
      }
      default: {
        const impossible: never = plan;
        return impossible;
      }
    }
  }

  #input(input: PlaybackInput): void {
    this.#state = reducePlayback(this.#state, input);
    switch (this.#state.command) {
      case 'start':
        this.#connect();
        break;
      case 'stop':
        this.#disconnect();
        break;
      case 'none':
        break;
      default:
        this.#state.command satisfies never;
    }
    this.#changed();
  }

  #connect(): void {
    this.#disconnect();
    if (this.#source === undefined) return;
    this.#progress = { currentTime: 0, atMs: performance.now() };
    const connection = new FlvConnection(this.#video, (event) => this.#connectionReported(event));
    this.#connection = connection;
    void connection.open(this.#source).then(() => {
      if (this.#connection === connection && !this.#pausedByPerson) void this.#startVideo();
    });
  }

  #disconnect(): void {
    this.#buffering = false;
    this.#connection?.close();
    this.#connection = undefined;
  }

  #connectionReported(event: FlvConnectionEvent): void {
    const nowMs = performance.now();
    switch (event.type) {
      case 'ended':
        this.#input({ type: 'connectionEnded', nowMs });
        break;
      case 'failed':
        this.#input({ type: 'connectionFailed', reason: event.reason, nowMs });
        break;
      case 'refused':
        this.#input({ type: 'refused', reason: event.reason });
        break;
      case 'codecRefused':
        this.#input({ type: 'codecRefused', reason: event.reason });
        break;
      default:
        event satisfies never;
    }
  }

  async #startVideo(): Promise<void> {
    try {
      await this.#video.play();
    } catch (error) {
      // Every other refusal (a new source took over) is followed by an event of its own.
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
      if (!this.#video.muted) {
        // Without a click only silent pictures may start.
        this.#video.muted = true;
        return this.#startVideo();
      }
      this.#blocked = true;
      this.#changed();
    }
  }

  #jumpToLive(): void {
    const { buffered } = this.#video;
    if (buffered.length === 0) return;
    const edge = buffered.end(buffered.length - 1);
    if (edge - this.#video.currentTime > 1.2) this.#video.currentTime = edge - 0.8;
  }

  #watchProgress(nowMs: number): void {
    const open = this.#state.phase.kind === 'starting' || this.#state.phase.kind === 'playing';
    const { currentTime } = this.#video;
    if (!open || this.paused || document.hidden || currentTime !== this.#progress.currentTime) {
      this.#progress = { currentTime, atMs: nowMs };
      return;
    }
    if (nowMs - this.#progress.atMs < stallMs) return;
    this.#disconnect();
    this.#input({ type: 'connectionFailed', reason: 'No picture arrives.', nowMs });
  }

  #setBuffering(buffering: boolean): void {
    if (this.#buffering === buffering) return;
    this.#buffering = buffering;
    this.#changed();
  }

  #changed(): void {
    const view = {
      phase: this.#state.phase,
      paused: this.paused,
      blocked: this.#blocked,
      buffering: this.#buffering,
    };
    this.#onChange(this.#notice === undefined ? view : { ...view, notice: this.#notice });
  }
}
