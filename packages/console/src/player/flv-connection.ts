import type Mpegts from 'mpegts.js';

/** What to fetch, and which tracks of it to play. */
export interface FlvSource {
  /** `http:`, `https:`, `ws:` or `wss:`. */
  readonly url: string;
  readonly audio: boolean;
  readonly video: boolean;
}

export type FlvConnectionEvent =
  | { type: 'ended' }
  | { type: 'failed'; reason: string }
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
          this.#tell({ type: 'failed', reason: networkReason(info) });
        } else {
          this.#tell({ type: 'failed', reason: 'The browser could not decode the stream.' });
        }
      });
      player.on(mpegts.Events.LOADING_COMPLETE, () => this.#tell({ type: 'ended' }));
      player.attachMediaElement(this.#video);
      player.load();
    } catch (error) {
      this.#tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) });
    }
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

  #tell(event: FlvConnectionEvent): void {
    if (!this.#closed) this.#report(event);
  }
}

function networkReason(info: unknown): string {
  if (typeof info === 'object' && info !== null && 'code' in info) {
    if (info.code === 404) return 'The server does not have this stream yet.';
    if (typeof info.code === 'number' && info.code >= 400) return `The server answered ${info.code}.`;
  }
  return 'The connection was lost.';
}
