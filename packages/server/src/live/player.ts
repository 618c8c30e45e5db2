import type { MediaSelection } from './wire-encoding.js';

/** Where a player's bytes go. The live path calls this; the connection implements it. */
export interface PlayerSink {
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

export type PlayerKind = 'rtmp' | 'httpFlv' | 'wsFlv';

/** One player of one stream: a cursor and a sink. Created by `LiveStream.join`. */
export class Player {
  readonly kind: PlayerKind;
  readonly sink: PlayerSink;
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

  constructor(kind: PlayerKind, sink: PlayerSink, selection: MediaSelection) {
    this.kind = kind;
    this.sink = sink;
    this.selection = selection;
  }
}
