import type { FileHandle } from 'node:fs/promises';
import type { LiveMessage } from '../live/index.js';

/** What is known of a message. */
export interface MessageFacts {
  /** Frames: neither configuration nor data. */
  readonly isCoded: boolean;
  readonly isKeyFrame: boolean;
}

export interface HeldMessage {
  readonly message: LiveMessage;
  readonly facts: MessageFacts;
}

/** What is in a file that is to be gone on with. */
export interface ResumedFile {
  readonly durationMs: number;
  /** Makes it end where it is sound. Resolves with its length. Rejects with the system's errors. */
  cut(): Promise<number>;
}

/** Turns messages into the bytes of one file. What it returns is appended by its owner, in order; nothing is copied. */
export interface FormatWriter {
  /** Length of the file, with everything that was returned. */
  readonly bytes: number;
  readonly durationMs: number;
  /** Whether there is nothing to play in it. */
  readonly isEmpty: boolean;
  /** Whether what comes has no place in this file any more, but will in one that begins at a key frame to come. */
  readonly isOutdated: boolean;
  /**
   * Takes up a file that is there. Rejects with the system's errors.
   *
   * @throws RecordingError `NoAccess` where nothing can be appended to it
   */
  resume(file: FileHandle): Promise<ResumedFile>;
  /** A message that is kept until the file can begin. Returns whether it can, now. */
  hold(held: HeldMessage): boolean;
  /**
   * How the file begins, where it is not one that is gone on with.
   *
   * @param held all that was kept; it is written next, in order
   * @throws RecordingError `Failed` where the format has a place for nothing of it
   */
  begin(held: readonly HeldMessage[]): readonly Uint8Array[];
  /** A message at its time in the recording, ms. The payload is not empty, and data is AMF0. */
  write(message: LiveMessage, facts: MessageFacts, timeMs: number): readonly Uint8Array[];
  /** What is still to be written when no more comes. */
  end(): readonly Uint8Array[];
  /** Completes the head of a file that has all its bytes. `noRoom`: it has no room for that. Rejects with the system's errors. */
  close(file: FileHandle): Promise<'done' | 'noRoom'>;
}
