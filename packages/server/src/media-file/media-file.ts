import type { FlvTagType } from '@millrace/protocol';
import type { LiveMessage } from '../live/index.js';

/** What players need of a recording, whatever its format: frames as the tags of an FLV file, in the order of sending. */
export interface MediaFile {
  /** ms, from time 0 to the end; 0 where there is nothing. */
  readonly durationMs: number;
  /** Time of the last tag, ms. */
  readonly lastTimestamp: number;
  readonly hasVideo: boolean;
  readonly bytes: number;
  /** Its first tag. */
  readonly start: SeekPoint;
  /** `onMetaData` with the duration, at time 0. The file's own is left out by players. */
  readonly metadata: LiveMessage;
  /** Metadata among the tags is news of a live stream, and is passed on. Absent: it is not. */
  readonly hasLiveMetadata?: boolean;
  /** What decoders are to be given before the frames from a place on: the sequence headers that count there. */
  headersAt(position: number): readonly LiveMessage[];
  /** A tag with sequence headers that a player has come across, where the file may not know of them. */
  noteHeaders?(tag: FileTag): void;
  /** The tags from a place on, for one player. */
  reader(position: number): MediaReader;
  /**
   * The key frame at or before the time, or the first one; without video, the frame. Rejects with the system's errors.
   */
  seekPoint(timeMs: number): Promise<SeekPoint>;
  /** The first key frame at or after the time; `undefined`: there is none. Rejects with the system's errors. */
  keyFrameFrom(timeMs: number): Promise<SeekPoint | undefined>;
}

/** A place to begin at. */
export interface SeekPoint {
  /** Of the tag in the file. What it counts is the file's own business; it grows with every tag. */
  readonly position: number;
  /** ms. */
  readonly timestamp: number;
}

/** Tags one after another, as far as they are in memory. */
export interface MediaReader {
  /**
   * The next tag, which stays the next until `skip()`; `'fill'`: it has to be read; `'later'`: the file is still being
   * written, and there is no more of it yet; `undefined`: there are no more.
   */
  peek(): FileTag | 'fill' | 'later' | undefined;
  skip(): void;
  /** Reads what `peek` wants. Rejects with the system's errors. */
  fill(): Promise<void>;
}

export interface FileTag {
  readonly tagType: FlvTagType;
  /** ms, 0 … 2³²−1. */
  readonly timestamp: number;
  /** A view of memory that is shared with others. */
  readonly payload: Uint8Array;
  /** Where the tag begins in the file. */
  readonly offset: number;
}

export function messageOf({ tagType, timestamp, payload }: FileTag): LiveMessage {
  return { messageTypeId: tagType, timestamp, messageStreamId: 0, payload };
}
