import type { FileHandle } from 'node:fs/promises';
import type { RecordingDetail, RecordingList } from './api-types.js';

export interface RecordingQuery {
  readonly order: 'newest' | 'name';
  readonly limit: number;
  /** Of the application; `undefined`: all. */
  readonly app: string | undefined;
  /** What the path begins with; `''`: anything. */
  readonly prefix: string;
  /** What is in the path, in any case; `''`: anything. */
  readonly search: string;
  /** `next` of another answer. */
  readonly cursor: string | undefined;
}

/** A file to send. Whoever has it closes it. */
export interface SentFile {
  readonly handle: FileHandle;
  readonly bytes: number;
  /** Unix ms. */
  readonly modifiedMs: number;
  /** Another for another content. */
  readonly version: string;
  readonly contentType: string;
  /** What it is called when it is saved. */
  readonly fileName: string;
}

/** A recording as FLV, or what was said during it, to be taken piece by piece; some are empty. Whoever has it closes it. */
export interface RecordingPieces {
  readonly pieces: AsyncIterable<Uint8Array>;
  close(): void;
}

export interface FlvWish {
  /** As `?start=`. */
  readonly startSeconds?: number | undefined;
  readonly audio: boolean;
  readonly video: boolean;
  /** Whether somebody still waits for it. */
  readonly isWanted: () => boolean;
}

export interface DanmuWish {
  /** s of the recording; what is of the second of them or later is not wanted. `undefined`: from the beginning, to the end. */
  readonly startSeconds: number | undefined;
  readonly endSeconds: number | undefined;
  /** Lines at most. */
  readonly limit: number | undefined;
}

interface StreamName {
  readonly app: string;
  readonly name: string;
}

/** What the HTTP server needs of the recordings. All reject with the system's errors. */
export interface RecordingSource {
  /** `undefined`: the cursor is none. */
  list(query: RecordingQuery): Promise<Omit<RecordingList, 'deletable'> | undefined>;
  /** `undefined`: there is no such recording. */
  describe(path: string): Promise<RecordingDetail | undefined>;
  remove(path: string): Promise<'removed' | 'absent' | 'recording'>;
  /** What a file is played as; `undefined`: no recording can be called so. Nothing is looked for. */
  streamOf(path: string): StreamName | undefined;
  /** `undefined`: there is no such file. */
  openFile(path: string): Promise<SentFile | undefined>;
  /** Whether something has the name of such a recording; at once. */
  mayHave(stream: StreamName): boolean;
  /** `undefined`: there is no such recording, or it cannot be played. */
  openFlv(stream: StreamName, wish: FlvWish): Promise<RecordingPieces | undefined>;
  /** What was said during it, as JSON lines. `undefined`: there is no such recording. */
  openDanmu(path: string, wish: DanmuWish): Promise<RecordingPieces | undefined>;
}
