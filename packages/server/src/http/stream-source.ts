import type { PlayerList, StreamInfo } from './api-types.js';

/** Where the FLV bytes of one viewer go. */
export interface FlvSink {
  /** Bytes given to `write` that the kernel has not taken yet. */
  readonly pendingBytes: number;
  /** The file header first, then whole tags. The bytes are shared with other viewers: they are neither copied nor changed. */
  write(bytes: Uint8Array): void;
  /** The stream has ended, or the viewer is too slow for good. Nothing is written afterwards. */
  end(): void;
}

/** A viewer's place in a stream. */
export interface FlvSubscription {
  /** The viewer has gone. `end` of its sink is not called. */
  close(): void;
}

export interface FlvViewerInfo {
  readonly kind: 'httpFlv' | 'wsFlv';
  /** What the sink is given is to be framed as chunks of an HTTP/1.1 body [RFC 9112 §7.1], but for the last one. */
  readonly chunked: boolean;
  /** Of the viewer; empty when it is not known any more. */
  readonly address: string;
  /** Whether the viewer wants audio tags. */
  readonly audio: boolean;
  /** Whether the viewer wants video tags. */
  readonly video: boolean;
  /** Where to begin, s of the stream's time; below 0, back from now. `undefined`, or where the stream has no window: live. */
  readonly startSeconds?: number | undefined;
}

/** What the HTTP server needs of the live streams. */
export interface StreamSource {
  /** Whether a stream could have this name. */
  isValidName(app: string, name: string): boolean;
  isPublished(app: string, name: string): boolean;
  /** Starts sending; the first bytes may be written before this returns. `undefined`: nothing is published by this name. */
  openFlv(app: string, name: string, sink: FlvSink, viewer: FlvViewerInfo): FlvSubscription | undefined;
  /** The streams that are published now. */
  snapshot(): StreamInfo[];
  /** Who is sent a stream, at most `limit` of them; `undefined`: it is not published. */
  players(app: string, name: string, limit: number): PlayerList | undefined;
}
