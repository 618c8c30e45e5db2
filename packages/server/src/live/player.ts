import { maxPlausibleLatencyMs } from './publisher-latency.js';
import type { MediaSelection } from './wire-encoding.js';

/** Where a player's bytes go. The live path calls this; the connection implements it. */
export interface PlayerSink {
  /** Of the peer; absent: not known. For people. */
  readonly address?: string | undefined;
  /** Bytes given to `write` that the kernel has not taken yet. While it is not 0 nothing more is written. */
  readonly pendingBytes: number;
  /** The bytes are shared with other players: never change them. */
  write(bytes: Uint8Array): void;
  /** The stream is published (again); media follows. Not called when it was when the player joined. */
  started(): void;
  /** The publication ended and everything of it was written. The player waits for the next unless it is detached. */
  ended(): void;
  /** The peer took nothing for longer than the stall timeout. The sink is to close its connection. */
  stalled(): void;
}

export const playerKinds = ['rtmp', 'httpFlv', 'wsFlv'] as const;
export type PlayerKind = (typeof playerKinds)[number];

/** A player that reports its latency oftener than this is not listened to in between. */
const reportIntervalMs = 1000;

/** One player of one stream: a cursor and a sink. Created by `LiveStream.join`. */
export class Player {
  readonly kind: PlayerKind;
  readonly sink: PlayerSink;
  /** When it joined, monotonic ms. */
  readonly joinedMs: number;
  /** Bytes given to the sink since then. */
  bytesOut = 0;
  selection: MediaSelection;
  /** Sequence number of the next message to send. */
  cursor = 0;
  /** Nothing is sent until a key frame at or after `cursor`. */
  awaitingKeyFrame = false;
  /** Video was off and is wanted again: it comes back with the next key frame, audio goes on meanwhile. */
  resumingVideo = false;
  /** What stands before media (file header, metadata, sequence headers) was sent for this broadcast. */
  greeted = false;
  /** The FLV file header stands once at the start of the connection, whatever is published after. */
  hasFileHeader = false;
  paused = false;
  /** When the sink was first seen with the bytes now pending, monotonic ms; 0: nothing pending. */
  stalledSinceMs = 0;
  stalledPendingBytes = 0;

  /** The key frame with which video comes back has been reached: the stream gives the player its new encoding. */
  onVideoResumed: (() => void) | undefined;

  #reported: { readonly latencyMs: number; readonly atMs: number } | undefined;

  constructor(kind: PlayerKind, sink: PlayerSink, selection: MediaSelection, joinedMs: number) {
    this.kind = kind;
    this.sink = sink;
    this.selection = selection;
    this.joinedMs = joinedMs;
  }

  /** What the player says of itself: ms from the publisher to it. `undefined`: nothing yet. */
  get reportedLatencyMs(): number | undefined {
    return this.#reported?.latencyMs;
  }

  /** Does nothing with nonsense. */
  reportLatency(latencyMs: number, nowMs: number): void {
    if (!(Math.abs(latencyMs) <= maxPlausibleLatencyMs)) return;
    if (this.#reported !== undefined && nowMs - this.#reported.atMs < reportIntervalMs) return;
    this.#reported = { latencyMs, atMs: nowMs };
  }
}
