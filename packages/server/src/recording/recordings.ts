import { join, resolve } from 'node:path';
import type { Config } from '../config/index.js';
import type { ObservedStream } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { SentMessage } from '../service/index.js';
import { type FileClaim, FileClaims } from './file-claims.js';
import {
  type Acquire,
  type ClaimedPlace,
  FileRecorder,
  type RecordedFacts,
  type RecorderEvents,
} from './file-recorder.js';
import { RecordingError } from './recording-error.js';
import type { RecordType } from './recording-file.js';
import { nameForStream, nameOfFile, type RecordingName } from './recording-name.js';
import { type FileFormat, makeFolders, placeOf, type RecordingPlace, statRecording } from './recording-place.js';
import { Retention } from './retention.js';
import { leased, leaseTimeoutMs, ServerLease } from './server-lease.js';
import { storedLine } from './stored-line.js';
import { StreamRecorder } from './stream-recorder.js';
import { fileOfTemplate } from './template-file.js';
import { finishAllUnfinished } from './unfinished.js';

export interface RecordingsOptions {
  readonly config: Pick<Config, 'media' | 'record'>;
  readonly log: Logger;
  /** Unix ms. */
  readonly wallClock: () => number;
  /** A file is complete. Must not throw. */
  readonly recorded?: ((file: RecordedFile) => void) | undefined;
}

/** A file that a stream was recorded into, and that is complete. */
export interface RecordedFile extends RecordedFacts {
  readonly app: string;
  readonly name: string;
  /** Relative to `media.dir`, with slashes. */
  readonly file: string;
}

/** How an application wants a stream recorded. */
export interface RecordWish {
  readonly type?: RecordType;
  /** As `record.file`; default `{app}/{name}.flv`. */
  readonly file?: string;
}

/** A status for the publisher: a code of NetStream, and a sentence. */
export type TellPublisher = (code: string, description: string) => void;

const nothingToRecord = 'There was nothing to record.';
const noRotation = { maxFileMs: 0, maxFileBytes: 0 };
/** Recordings that begin within one second under one name. */
const maxSameNames = 1000;

/** Everything that is recorded, by whose wish ever. */
export class Recordings {
  readonly #options: RecordingsOptions;
  readonly #claims = new FileClaims();
  /** The search for the name of a new file that is under way. */
  #naming: Promise<unknown> = Promise.resolve();
  readonly #lease: ServerLease;
  readonly #retention: Retention;
  /** What is being recorded or finished, and the stream's path. */
  readonly #recorders = new Map<FileRecorder, string>();
  #isClosed = false;
  #starting: Promise<void> | undefined;
  #lookingAgain: NodeJS.Timeout | undefined;

  constructor(options: RecordingsOptions) {
    this.#options = options;
    this.#retention = new Retention(options);
    this.#lease = new ServerLease(options.config.media.dir);
  }

  /** Finishes what an earlier run of the server could not, and deletes what is too old. Resolves when that is done. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    await this.#finishUnfinished();
    if (!this.#isClosed) await this.#retention.start();
  }

  async #finishUnfinished(): Promise<void> {
    const { config, log } = this.#options;
    try {
      const left = await finishAllUnfinished(config.media.dir, this.#claims, this.#lease, log);
      if (left === 0 || this.#isClosed) return;
      log.info({ count: left }, 'recordings of another server are not complete; they are looked at again later');
      // Also of a server that is gone, but of which nobody can say so yet.
      this.#lookingAgain = setTimeout(
        () => void this.#finishUnfinished(),
        leaseTimeoutMs * (1 + Math.random()),
      ).unref();
    } catch (err) {
      log.warn({ err }, 'cannot look for unfinished recordings');
    }
  }

  /** Who records a stream by the configuration; for `LiveStreams`. */
  readonly observe = (stream: ObservedStream): StreamRecorder | undefined => {
    const { record } = this.#options.config;
    const path = stream.path.slice(1);
    if (this.#isClosed || !record.streams.some((pattern) => pattern.test(path))) return undefined;
    const { app, name } = stream;
    const { wallClock } = this.#options;
    const open = (): FileRecorder => {
      const file = nameOfFile(fileOfTemplate(record.file, { app, name, timeMs: wallClock() }));
      return this.#record(stream, {
        format: file?.format ?? 'flv',
        acquire: () => this.#acquireNew(file),
        type: 'record',
        recordedFor: 'server',
        tell: () => undefined,
      });
    };
    return new StreamRecorder(open, record);
  };

  /** Records a stream as its publisher asks for. What becomes of it is told, later than this returns. */
  record(stream: ObservedStream, type: RecordType, tell: TellPublisher): Pick<StreamRecorder, 'write' | 'end'> {
    const file = nameForStream(stream.app, stream.name);
    let count = 0;
    const open = (): FileRecorder => {
      count += 1;
      const isFirst = count === 1;
      return this.#record(stream, {
        format: file?.format ?? 'flv',
        acquire: (taken) => (isFirst ? this.#acquireForPublisher(file, taken) : this.#acquireNew(file)),
        type: isFirst ? type : 'record',
        recordedFor: 'publisher',
        tell,
      });
    };
    return new StreamRecorder(open, noRotation);
  }

  /** Records a stream as the application asks for. `done` is about the first file, where there are several. */
  recordFor(
    stream: ObservedStream,
    { type = 'record', file: template = '{app}/{name}.flv' }: RecordWish,
  ): { readonly recorder: Pick<StreamRecorder, 'write' | 'end'>; readonly done: Promise<RecordedFile> } {
    const { app, name } = stream;
    const file = nameOfFile(fileOfTemplate(template, { app, name, timeMs: this.#options.wallClock() }));
    let settle: { readonly resolve: (file: RecordedFile) => void; readonly reject: (error: RecordingError) => void };
    const done = new Promise<RecordedFile>((resolve, reject) => {
      settle = { resolve, reject };
    });
    let isFirst = true;
    const open = (): FileRecorder => {
      const [acquire, of] = isFirst
        ? [(taken: (claim: FileClaim) => void) => this.#acquireNamed(file, taken), type]
        : [() => this.#acquireNew(file), 'record' as const];
      isFirst = false;
      return this.#record(stream, {
        ...{ format: file?.format ?? 'flv', acquire, type: of, recordedFor: 'publisher', tell: () => undefined },
        over: (outcome) => {
          if (outcome instanceof RecordingError) settle.reject(outcome);
          else settle.resolve(outcome);
        },
      });
    };
    return { recorder: new StreamRecorder(open, noRotation), done };
  }

  /** Keeps what is sent to the room of a stream with every recording of it; for `ServiceRooms`. */
  readonly store = ({ path }: { readonly path: string }, message: SentMessage): void => {
    for (const [recorder, recorded] of this.#recorders) {
      if (recorded === path) recorder.keep((mediaTimeMs) => storedLine(message, mediaTimeMs));
    }
  };

  /** What the stream is being recorded into, relative to `media.dir`; `undefined`: it is not. */
  fileOf(path: string): string | undefined {
    for (const [recorder, recorded] of this.#recorders) {
      if (recorded === path && recorder.place !== undefined) return recorder.place.name;
    }
    return undefined;
  }

  /** Whether a file is being written or completed. `name`: within `media.dir`, with slashes. */
  isRecording(name: string): boolean {
    return this.#claims.has(join(resolve(this.#options.config.media.dir), name));
  }

  /** Runs the task while nobody begins to record into the file. `undefined`: somebody does, and it was not run. */
  async whileFree<T>(name: string, task: () => Promise<T>): Promise<T | undefined> {
    const file = join(resolve(this.#options.config.media.dir), name);
    const claim = this.#claims.has(file) ? undefined : this.#claims.take(file);
    if (claim === undefined) return undefined;
    try {
      return await task();
    } finally {
      claim.release();
    }
  }

  /** Ends all recordings. Resolves when their files are complete: at the latest after `graceMs`; what is not then is at the next start. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    this.#retention.close();
    clearTimeout(this.#lookingAgain);
    for (const recorder of this.#recorders.keys()) recorder.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    const pending = [...this.#recorders.keys()].map(({ done }) => done);
    await Promise.race([Promise.all([this.#starting, ...pending]), late]);
    clearTimeout(timer);
    await this.#lease.close();
  }

  #record(
    stream: ObservedStream,
    wish: {
      readonly format: FileFormat;
      readonly acquire: Acquire;
      readonly type: RecordType;
      readonly recordedFor: 'publisher' | 'server';
      readonly tell: TellPublisher;
      readonly over?: (outcome: RecordedFile | RecordingError) => void;
    },
  ): FileRecorder {
    const { format, acquire, type, recordedFor } = wish;
    const { path } = stream;
    const { minFreeBytes } = this.#options.config.record;
    const events = this.#events(stream, wish.tell, wish.over ?? (() => undefined));
    const recorder = new FileRecorder({ format, acquire, type, recordedFor, minFreeBytes, events });
    this.#recorders.set(recorder, path);
    void recorder.done.then(() => {
      this.#recorders.delete(recorder);
      if (recordedFor === 'server') void this.#retention.look();
    });
    return recorder;
  }

  #events(
    { app, name: streamName, path }: ObservedStream,
    tell: TellPublisher,
    over: (outcome: RecordedFile | RecordingError) => void,
  ): RecorderEvents {
    const log = this.#options.log.child({ stream: path.slice(1) });
    return {
      started: ({ name }) => {
        log.info({ file: name }, 'recording');
        tell('NetStream.Record.Start', `Recording ${name}.`);
      },
      stopped: ({ name }, facts) => {
        log.info({ file: name, isEmpty: facts === undefined }, 'recorded');
        tell('NetStream.Record.Stop', facts === undefined ? nothingToRecord : `Recorded ${name}.`);
        if (facts === undefined) {
          over(new RecordingError('NetStream.Record.Failed', nothingToRecord));
          return;
        }
        const recorded = { app, name: streamName, file: name, ...facts };
        this.#options.recorded?.(recorded);
        over(recorded);
      },
      failed: (error) => {
        log.warn(
          { code: error.code, error: error.message, cause: error.cause },
          'recording stopped; the stream goes on',
        );
        tell(error.code, error.message);
        over(error);
      },
      danmuLost: (err) => log.warn({ err }, 'what is said during the recording cannot be kept'),
      lost: (what) => log.warn({ lost: what }, 'MP4 has no place for this; it is not recorded'),
    };
  }

  async #acquireForPublisher(
    file: RecordingName | undefined,
    taken: (claim: FileClaim) => void,
  ): Promise<ClaimedPlace> {
    if (!this.#options.config.record.publishers) throw noAccess('Publishers may not record here.');
    return await this.#acquireNamed(file, taken);
  }

  async #acquireNamed(file: RecordingName | undefined, taken: (claim: FileClaim) => void): Promise<ClaimedPlace> {
    const { media } = this.#options.config;
    if (file === undefined) throw noAccess('No recording can have that name.');
    const claimed = this.#claim(placeOf(media.dir, file.segments, file.format));
    if (claimed === undefined) throw noAccess('That file is being recorded by another stream.');
    taken(claimed.claim);
    await releasing(claimed, makeFolders(media.dir, file.segments));
    const alone = await leased(claimed, this.#lease);
    if (alone === undefined) throw noAccess('That file is being recorded by another server.');
    return alone;
  }

  /** A file that is not there: with a number behind its name where one of that name is. Who asks first gets the first. */
  #acquireNew(file: RecordingName | undefined): Promise<ClaimedPlace> {
    const acquired = this.#naming.then(() => this.#findNew(file));
    this.#naming = acquired.catch(() => undefined);
    return acquired;
  }

  async #findNew(file: RecordingName | undefined): Promise<ClaimedPlace> {
    const { dir } = this.#options.config.media;
    if (file === undefined) throw noAccess('No recording can have the name of the stream.');
    const { segments, format } = file;
    await makeFolders(dir, segments);
    const last = segments.at(-1) ?? '';
    for (let i = 1; i <= maxSameNames; i += 1) {
      const numbered = i === 1 ? last : `${last}-${i}`;
      const place = placeOf(dir, [...segments.slice(0, -1), numbered], format);
      // While one is completed its part becomes the file: between two looks there would be neither.
      const taken = this.#claims.has(place.file) ? undefined : this.#claim(place);
      const claimed = taken && (await leased(taken, this.#lease));
      if (claimed === undefined) continue;
      if (await releasing(claimed, isFree(claimed.place))) return claimed;
      claimed.claim.release();
    }
    throw noAccess('Too many recordings have that name.');
  }

  #claim(place: RecordingPlace): ClaimedPlace | undefined {
    const claim = this.#claims.take(place.file);
    return claim && { place, claim };
  }
}

function noAccess(message: string): RecordingError {
  return new RecordingError('NetStream.Record.NoAccess', message);
}

async function isFree({ file, part }: RecordingPlace): Promise<boolean> {
  return (await statRecording(file)) === undefined && (await statRecording(part)) === undefined;
}

/** The claim is given back where the task fails. */
async function releasing<T>({ claim }: ClaimedPlace, task: Promise<T>): Promise<T> {
  try {
    return await task;
  } catch (error) {
    claim.release();
    throw error;
  }
}
