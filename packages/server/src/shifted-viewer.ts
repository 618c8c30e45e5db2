import { type DvrWindows, placeInWindow, ShiftedPlayer } from './dvr/index.js';
import type { FlvSink, FlvSubscription, FlvViewerInfo } from './http/index.js';
import {
  chunkedEncoding,
  flvEncoding,
  type LiveStreams,
  type MediaSelection,
  type StreamKey,
  type WireEncoding,
} from './live/index.js';
import { PlayClock, type VodPlayback } from './vod/index.js';

export interface ShiftedViewerOptions {
  readonly streams: LiveStreams;
  readonly windows: Pick<DvrWindows, 'find'>;
  readonly vod: Pick<VodPlayback, 'pacer'>;
  readonly stallTimeoutMs: number;
  /** Monotonic clock, ms. */
  readonly now: () => number;
}

/**
 * A viewer of FLV that begins in the window of a live stream: it is sent a few seconds ahead, and so stays about as far
 * behind live as it began. `undefined`: it is to be sent the live stream.
 */
export function shiftedViewer(
  { streams, windows, vod, stallTimeoutMs, now }: ShiftedViewerOptions,
  key: StreamKey,
  { kind, chunked, address, audio, video, startSeconds }: FlvViewerInfo,
  sink: FlvSink,
): FlvSubscription | undefined {
  const window = startSeconds === undefined ? undefined : windows.find(key);
  if (window === undefined || startSeconds === undefined) return undefined;
  const startMs = Math.max(0, startSeconds * 1000 + (startSeconds < 0 ? window.toMs : 0));
  const place = placeInWindow(window, startMs);
  if (place === undefined || place === 'live') return undefined;
  let player: ShiftedPlayer | undefined;
  let isOver = false;
  const bytes = {
    address,
    get pendingBytes() {
      return sink.pendingBytes;
    },
    write: (part: Uint8Array) => sink.write(part),
    stalled: () => sink.end(),
  };
  const live = {
    ...bytes,
    get pendingBytes() {
      return sink.pendingBytes;
    },
    started: () => undefined,
    ended: () => {
      // Of the window there may be something left.
      if (player === undefined) sink.end();
      isOver = true;
    },
  };
  const selection = { audio, video };
  const subscription = streams.playPaused(key, { kind, chunked }, live, selection);
  if (subscription === undefined) return undefined;
  const encoding = (selected: MediaSelection): WireEncoding =>
    chunked ? chunkedEncoding(flvEncoding(selected)) : flvEncoding(selected);
  player = new ShiftedPlayer({
    window,
    subscription,
    pacer: vod.pacer,
    clock: new PlayClock(now),
    encoding,
    selection,
    stallTimeoutMs,
    sink: {
      ...bytes,
      get pendingBytes() {
        return sink.pendingBytes;
      },
      live: () => {
        player = undefined;
      },
      ended: () => {
        player = undefined;
        // Else another publisher has taken the name, as viewers of the live stream see it.
        if (isOver) sink.end();
        else subscription.pause(false);
      },
    },
  });
  const head = encoding(selection).fileHeader?.({
    audio: audio && window.hasAudio,
    video: video && window.hasVideo,
  });
  if (head !== undefined) sink.write(head);
  player.begin(place);
  return {
    close() {
      player?.close();
      subscription.close();
    },
  };
}
