import { resolve } from 'node:path';
import type { RawMessage } from '@millrace/protocol';
import { FileRecorder, type RecordedFacts } from './file-recorder.js';
import type { RecordingError } from './recording-error.js';
import type { RecordType } from './recording-file.js';
import { StreamRecorder } from './stream-recorder.js';

export interface FileRecordingOptions {
  /** Ends in `.flv`; its folder is there. */
  readonly path: string;
  readonly type: RecordType;
}

/** What has become of a file. */
export type FileRecordingOutcome =
  /** `facts` `undefined`: nothing came, and there is no file. */
  | { readonly ok: true; readonly facts: RecordedFacts | undefined }
  /** What was recorded up to there is kept. */
  | { readonly ok: false; readonly error: RecordingError };

/** Where the recording of a file is while it is being written. */
export function partOf(path: string): string {
  return `${path}.part`;
}

/** A recording outside of any server: one file anywhere, written as the server writes its own. */
export class FileRecording {
  /** Resolves when the file is open, or never will be. */
  readonly opened: Promise<void>;
  /** Resolves when the file is complete, or cannot be written any more. Never rejects. */
  readonly done: Promise<FileRecordingOutcome>;
  readonly #recorder: FileRecorder;
  readonly #stream: StreamRecorder;

  constructor({ path, type }: FileRecordingOptions) {
    let tellOpened = (): void => undefined;
    let outcome: FileRecordingOutcome = { ok: true, facts: undefined };
    this.opened = new Promise((resolveOpened) => {
      tellOpened = resolveOpened;
    });
    const file = resolve(path);
    const claimed = {
      place: { format: 'flv' as const, file, part: partOf(file), name: path },
      claim: { ready: Promise.resolve(), finishing: () => undefined, release: () => undefined },
    };
    this.#recorder = new FileRecorder({
      format: 'flv',
      acquire: () => Promise.resolve(claimed),
      type,
      recordedFor: 'publisher',
      minFreeBytes: 0,
      events: {
        started: () => tellOpened(),
        stopped: (_place, facts) => {
          outcome = { ok: true, facts };
        },
        failed: (error) => {
          outcome = { ok: false, error };
          tellOpened();
        },
        lost: () => undefined,
        danmuLost: () => undefined,
      },
    });
    this.#stream = new StreamRecorder(() => this.#recorder, { maxFileMs: 0, maxFileBytes: 0 });
    this.done = this.#recorder.done.then(() => {
      tellOpened();
      return outcome;
    });
  }

  /** Bytes that are not in the file yet. Past 16 MiB the recording ends. */
  get pendingBytes(): number {
    return this.#recorder.pendingBytes;
  }

  /** The payload is kept: it must not change afterwards. */
  write(message: RawMessage): void {
    this.#stream.write(message);
  }

  end(): void {
    this.#stream.end();
  }
}
