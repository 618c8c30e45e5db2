import { type TimeShift, timeBetween } from './hand-over.js';
import type { PlaySpan } from './play-span.js';
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
  /** All was written of the time for which the player wanted the stream. It gets nothing more. */
  finished?(): void;
  /** The player was too slow and has missed something. Not said for every time. Absent: nobody cares. */
  behind?(): void;
}

export const playerKinds = ['rtmp', 'httpFlv', 'wsFlv'] as const;
export type PlayerKind = (typeof playerKinds)[number];

/** A player that reports its latency oftener than this is not listened to in between. */
const reportIntervalMs = 1000;
/** A player is told so often at most that it is too slow, ms. */
const behindIntervalMs = 30_000;
/** Messages are not mixed further apart than this, ms. */
const settledMs = 2000;

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
  /** It is paused here, for it is sent the stream from elsewhere. */
  isElsewhere = false;
  /** When the sink was first seen with the bytes now pending, monotonic ms; 0: nothing pending. */
  stalledSinceMs = 0;
  /** For how long it wants the stream; `undefined`: as long as there is one. */
  span: PlaySpan | undefined;
  /** Its client plays another stream, and goes on with this one from the next key frame on, which has this time. */
  takeOver: ((firstMs: number) => void) | undefined;
  /** How times are changed for it. */
  shift: TimeShift | undefined;
  /** Its times need not be changed as far as `shift` says. */
  onSettled: (() => void) | undefined;

  /** The key frame with which video comes back has been reached: the stream gives the player its new encoding. */
  onVideoResumed: (() => void) | undefined;

  #stalledPendingBytes = 0;
  #toldBehindMs = Number.NEGATIVE_INFINITY;
  #reported: { readonly latencyMs: number; readonly atMs: number } | undefined;

  constructor(kind: PlayerKind, sink: PlayerSink, selection: MediaSelection, joinedMs: number) {
    this.kind = kind;
    this.sink = sink;
    this.selection = selection;
    this.joinedMs = joinedMs;
  }

  /** Whether the sink, which has bytes pending, has taken none of them for so long. */
  isStalled(nowMs: number, timeoutMs: number): boolean {
    const { pendingBytes } = this.sink;
    if (this.stalledSinceMs !== 0 && pendingBytes === this.#stalledPendingBytes) {
      return nowMs - this.stalledSinceMs >= timeoutMs;
    }
    this.stalledSinceMs = nowMs;
    this.#stalledPendingBytes = pendingBytes;
    return false;
  }

  /** It has missed something. */
  tellBehind(nowMs: number): void {
    if (nowMs - this.#toldBehindMs < behindIntervalMs) return;
    this.#toldBehindMs = nowMs;
    this.sink.behind?.();
  }

  /** It was sent all up to `newestMs`: times that were changed for what is earlier only need not be changed any more. */
  settle(newestMs: number): void {
    if (this.shift?.floorMs === undefined) return;
    if (timeBetween(this.shift.floorMs, newestMs + this.shift.offsetMs) > settledMs) this.onSettled?.();
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
