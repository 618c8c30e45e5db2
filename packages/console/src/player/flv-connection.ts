import type Mpegts from 'mpegts.js';
import { baseTimeMs } from './base-time.js';
import { onEarlyClose } from './early-close.js';
import { askRefusal, isRefusal } from './refusal.js';
import { timestampBaseMs } from './timestamp-base.js';

/** What to fetch, and which tracks of it to play. */
export interface FlvSource {
  /** `http:`, `https:`, `ws:` or `wss:`. */
  readonly url: string;
  /** The same over HTTP. */
  readonly httpUrl: string;
  readonly audio: boolean;
  readonly video: boolean;
}

export type FlvConnectionEvent =
  | { type: 'ended' }
  | { type: 'failed'; reason: string }
  /** The person may not watch. */
  | { type: 'refused'; reason: string }
  | { type: 'codecRefused'; reason: string };

// A gap below this is played away a little faster, a larger one is jumped over. 1.2 s / 0.8 s keep a home network's
// jitter away from the picture.
const latency = {
  liveSync: true,
  liveSyncMaxLatency: 1.2,
  liveSyncTargetLatency: 0.8,
  liveSyncPlaybackRate: 1.2,
  liveBufferLatencyChasing: true,
  liveBufferLatencyMaxLatency: 3,
  liveBufferLatencyMinRemain: 0.8,
};

/** One FLV connection that feeds a video element. Made to be used once. */
export class FlvConnection {
  readonly #video: HTMLVideoElement;
  readonly #report: (event: FlvConnectionEvent) => void;
  #player: Mpegts.Player | undefined;
  #closed = false;
  #baseTimeMs: number | undefined;

  constructor(video: HTMLVideoElement, report: (event: FlvConnectionEvent) => void) {
    this.#video = video;
    this.#report = report;
  }

  /** Opens the connection. Failures are reported, never thrown. */
  async open(source: FlvSource): Promise<void> {
    try {
      // The largest part of the page: fetched when there is something to play, not before.
      const { default: mpegts } = await import('mpegts.js');
      if (this.#closed) return;
      // Its log would repeat in the browser's console what the page shows anyway.
      mpegts.LoggingControl.applyConfig({ enableAll: false });
      if (!mpegts.isSupported()) {
        this.#tell({ type: 'codecRefused', reason: 'This browser has no Media Source Extensions.' });
        return;
      }
      const player = mpegts.createPlayer(
        { type: 'flv', isLive: true, url: source.url, hasAudio: source.audio, hasVideo: source.video },
        {
          ...latency,
          enableWorker: false,
          enableStashBuffer: false,
          lazyLoad: false,
          deferLoadAfterSourceOpen: false,
          autoCleanupSourceBuffer: true,
          autoCleanupMaxBackwardDuration: 30,
          autoCleanupMinBackwardDuration: 10,
        },
      );
      this.#player = player;
      player.on(mpegts.Events.ERROR, (kind: unknown, detail: unknown, info: unknown) => {
        const unsupported =
          detail === mpegts.ErrorDetails.MEDIA_CODEC_UNSUPPORTED ||
          detail === mpegts.ErrorDetails.MEDIA_FORMAT_UNSUPPORTED;
        if (unsupported) {
          this.#tell({ type: 'codecRefused', reason: 'This browser cannot play this kind of stream.' });
        } else if (kind === mpegts.ErrorTypes.NETWORK_ERROR) {
          void this.#networkFailed(source, info);
        } else {
          this.#tell({ type: 'failed', reason: 'The browser could not decode the stream.' });
        }
      });
      player.on(mpegts.Events.METADATA_ARRIVED, (metadata: unknown) => {
        this.#baseTimeMs = baseTimeMs(metadata);
      });
      player.on(mpegts.Events.LOADING_COMPLETE, () => this.#tell({ type: 'ended' }));
      player.attachMediaElement(this.#video);
      onEarlyClose(player, () => this.#tell({ type: 'failed', reason: 'The browser has closed the picture.' }));
      player.load();
    } catch (error) {
      this.#tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
    }
  }

  /** As `ShownMedia.publishedAtMs`. */
  get publishedAtMs(): number | undefined {
    const base = this.#player && timestampBaseMs(this.#player);
    if (base === undefined || this.#baseTimeMs === undefined) return undefined;
    return this.#baseTimeMs + base + this.#video.currentTime * 1000;
  }

  /** Ends the connection; nothing is reported after it. The picture goes away. */
  close(): void {
    this.#closed = true;
    const player = this.#player;
    this.#player = undefined;
    try {
      player?.destroy();
    } catch {
      // A player that fails while it is taken apart is gone all the same.
    }
  }

  async #networkFailed({ url, httpUrl }: FlvSource, info: unknown): Promise<void> {
    // A WebSocket that was not opened says nothing of the reason.
    const mayBeRefused = url !== httpUrl || isRefusal(statusOf(info));
    const reason = mayBeRefused ? await askRefusal(httpUrl) : undefined;
    if (reason === undefined) this.#tell({ type: 'failed', reason: networkReason(info) });
    else this.#tell({ type: 'refused', reason });
  }

  #tell(event: FlvConnectionEvent): void {
    if (!this.#closed) this.#report(event);
  }
}

function statusOf(info: unknown): number | undefined {
  const code = typeof info === 'object' && info !== null && 'code' in info ? info.code : undefined;
  return typeof code === 'number' && code >= 400 ? code : undefined;
}

function networkReason(info: unknown): string {
  const status = statusOf(info);
  if (status === 404) return 'The server does not have this stream yet.';
  if (status !== undefined) return `The server answered ${status}.`;
  return 'The connection was lost.';
}
