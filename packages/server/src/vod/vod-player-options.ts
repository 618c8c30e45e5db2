import type { MediaSelection, WireEncoding } from '../live/index.js';
import type { MediaFile } from '../media-file/index.js';
import type { PlayClock } from './play-clock.js';
import type { VodPacer } from './vod-pacer.js';
import type { VodTotals } from './vod-totals.js';

/** Where a player's bytes go, and what becomes of it. */
export interface VodSink {
  /** Bytes given to `write` that the kernel has not taken yet. While it is not 0 nothing more is written. */
  readonly pendingBytes: number;
  write(bytes: Uint8Array): void;
  /** All was sent, or what was asked for. The player can still be sought in. */
  ended(): void;
  /** The file cannot be read any more. The player does nothing more. */
  failed(error: unknown): void;
  /** The peer took nothing for longer than the stall timeout. The sink is to close its connection. */
  stalled(): void;
  /** For longer than what it buffers lasts, the client has been without media: its way is too narrow. Absent: nobody cares. */
  behind?(): void;
  /** The file is still being written, and has had no more for a while. Absent: nobody cares. */
  dry?(): void;
}

export interface VodPlayerOptions {
  readonly file: MediaFile;
  readonly sink: VodSink;
  readonly pacer: VodPacer;
  readonly clock: PlayClock;
  readonly encoding: (selection: MediaSelection) => WireEncoding;
  readonly selection: MediaSelection;
  /** Where to begin, ms of the file. */
  readonly startMs: number;
  /** ms; −1: all of it; 0: one frame. */
  readonly durationMs: number;
  readonly stallTimeoutMs: number;
  /** Where its bytes are counted, too. */
  readonly totals?: VodTotals;
  /** Default `false`. Places between key frames are shown at once: the frames before are marked as what leads there. */
  readonly accurateSeek?: boolean;
}

/** How a file begins on a stream on which another was played before. */
export interface Continuation {
  /** The time that its first frame gets, ms of the stream; `undefined`: its own. */
  readonly atMs?: number;
  /** It takes the other's place from this time on, ms of the stream: nothing older is sent. */
  readonly fromMs?: number;
  /** It takes the other's place, as the client seeks: it begins at the key frame at or before this time, ms of the stream. */
  readonly seekMs?: number;
  /** What is added to its times where it takes the other's place. */
  readonly offsetMs?: number;
}
