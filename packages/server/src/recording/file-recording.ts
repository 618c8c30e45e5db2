import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { RawMessage } from '@millrace/protocol';
import { FileRecorder, type RecordedFacts } from './file-recorder.js';
import type { RecordingError } from './recording-error.js';
import type { RecordType } from './recording-file.js';
import type { FileFormat } from './recording-place.js';
import { StreamRecorder } from './stream-recorder.js';

export interface FileRecordingOptions {
  /** Ends in `.flv` or `.mp4`; its folder is there. */
  readonly path: string;
  readonly type: RecordType;
  /** Told what MP4 has no place for, in words, once of each. */
  readonly lost: (what: string) => void;
}

/** A file that is complete. */
export interface CompleteFile extends RecordedFacts {
  readonly path: string;
}

/** What has become of a recording. */
export interface FileRecordingOutcome {
  /** Where an MP4 file cannot go on, as its codec has changed, there are several. None: nothing came. */
  readonly files: readonly CompleteFile[];
  /** What was recorded up to there is kept. */
  readonly error: RecordingError | undefined;
}

/** Where the recording of a file is while it is being written. */
export function partOf(path: string): string {
  return `${path}.part`;
}

/** The format that a file's name says; `undefined`: it is none that recordings are written in. */
export function formatOf(path: string): FileFormat | undefined {
  const suffix = extname(path);
  if (suffix === '.mp4') return 'mp4';
  return suffix === '.flv' ? 'flv' : undefined;
}

/** A recording outside of any server, anywhere, written as the server writes its own. */
export class FileRecording {
  /** Resolves when the file is open, or never will be. */
  readonly opened: Promise<void>;
  readonly #options: FileRecordingOptions;
  readonly #recorders: FileRecorder[] = [];
  readonly #stream: StreamRecorder;
  readonly #files: CompleteFile[] = [];
  #error: RecordingError | undefined;
  #tellOpened = (): void => undefined;

  constructor(options: FileRecordingOptions) {
    this.#options = options;
    this.opened = new Promise((resolveOpened) => {
      this.#tellOpened = resolveOpened;
    });
    this.#stream = new StreamRecorder(() => this.#open(), { maxFileMs: 0, maxFileBytes: 0 });
  }

  /** Bytes that are not in the file yet. Past 16 MiB the recording ends. */
  get pendingBytes(): number {
    return this.#recorders.reduce((sum, { pendingBytes }) => sum + pendingBytes, 0);
  }

  /** Why no more is recorded; `undefined`: it is. */
  get error(): RecordingError | undefined {
    return this.#error;
  }

  /** The payload is kept: it must not change afterwards. */
  write(message: RawMessage): void {
    this.#stream.write(message);
  }

  /** Resolves when the file is complete, or cannot be. Never rejects. */
  async end(): Promise<FileRecordingOutcome> {
    this.#stream.end();
    await Promise.all(this.#recorders.map(({ done }) => done));
    return { files: this.#files, error: this.#error };
  }

  #open(): FileRecorder {
    const { type, lost } = this.#options;
    const isFirst = this.#recorders.length === 0;
    const path = isFirst ? this.#options.path : this.#nextPath();
    const format = formatOf(path) ?? 'flv';
    const file = resolve(path);
    const claimed = {
      place: { format, file, part: partOf(file), name: path },
      claim: { ready: Promise.resolve(), finishing: () => undefined, release: () => undefined },
    };
    const recorder = new FileRecorder({
      format,
      acquire: () => Promise.resolve(claimed),
      type: isFirst ? type : 'record',
      recordedFor: 'publisher',
      minFreeBytes: 0,
      events: {
        started: () => this.#tellOpened(),
        stopped: (_place, facts) => {
          if (facts !== undefined) this.#files.push({ path, ...facts });
        },
        failed: (error) => {
          this.#error ??= error;
          this.#tellOpened();
        },
        lost,
        danmuLost: () => undefined,
      },
    });
    this.#recorders.push(recorder);
    return recorder;
  }

  /** `name-2.mp4` for `name.mp4`, or the first number that is free. */
  #nextPath(): string {
    const { path } = this.#options;
    const suffix = extname(path);
    for (let i = this.#recorders.length + 1; ; i += 1) {
      const numbered = `${path.slice(0, -suffix.length)}-${i}${suffix}`;
      if (!existsSync(numbered) && !existsSync(partOf(numbered))) return numbered;
    }
  }
}
