import type { Config } from '../config/index.js';
import type { ObservedStream, PublicationObserver } from '../live/index.js';
import type { Logger } from '../log/index.js';
import { recordingSegments, withoutPrefix } from '../media-file/index.js';
import { FileClaims } from './file-claims.js';
import { type ClaimedPlace, FlvRecorder, type RecorderEvents } from './flv-recorder.js';
import { RecordingError } from './recording-error.js';
import type { RecordType } from './recording-file.js';
import { makeFolders, placeOf, type RecordingPlace, statRecording } from './recording-place.js';
import { Retention } from './retention.js';
import { StreamRecorder } from './stream-recorder.js';
import { fileOfTemplate } from './template-file.js';
import { finishAllUnfinished } from './unfinished.js';

export interface RecordingsOptions {
  readonly config: Pick<Config, 'media' | 'record'>;
  readonly log: Logger;
  /** Unix ms. */
  readonly wallClock: () => number;
}

/** A status for the publisher: a code of NetStream, and a sentence. */
export type TellPublisher = (code: string, description: string) => void;

const noRotation = { maxFileMs: 0, maxFileBytes: 0 };
/** Recordings that begin within one second under one name. */
const maxSameNames = 1000;

/** Everything that is recorded, by whose wish ever. */
export class Recordings {
  readonly #options: RecordingsOptions;
  readonly #claims = new FileClaims();
  readonly #retention: Retention;
  /** What is being recorded or finished, and the stream's path. */
  readonly #recorders = new Map<FlvRecorder, string>();
  #isClosed = false;
  #starting: Promise<void> | undefined;

  constructor(options: RecordingsOptions) {
    this.#options = options;
    this.#retention = new Retention(options);
  }

  /** Finishes what an earlier run of the server could not, and deletes what is too old. Resolves when that is done. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { config, log } = this.#options;
    try {
      await finishAllUnfinished(config.media.dir, this.#claims, log);
    } catch (err) {
      log.warn({ err }, 'cannot look for unfinished recordings');
    }
    if (!this.#isClosed) await this.#retention.start();
  }

  /** Who records a stream by the configuration; for `LiveStreams`. */
  readonly observe = (stream: ObservedStream): PublicationObserver | undefined => {
    const { record } = this.#options.config;
    const path = stream.path.slice(1);
    if (this.#isClosed || !record.streams.some((pattern) => pattern.test(path))) return undefined;
    const open = (): FlvRecorder =>
      this.#record(stream.path, {
        acquire: () => this.#acquireNew(stream),
        type: 'record',
        recordedFor: 'server',
        tell: () => undefined,
      });
    return new StreamRecorder(open, record);
  };

  /** Records a stream as its publisher asks for. What becomes of it is told, later than this returns. */
  record(stream: ObservedStream, type: RecordType, tell: TellPublisher): StreamRecorder {
    const open = (): FlvRecorder =>
      this.#record(stream.path, {
        acquire: () => this.#acquireNamed(stream),
        type,
        recordedFor: 'publisher',
        tell,
      });
    return new StreamRecorder(open, noRotation);
  }

  /** What the stream is being recorded into, relative to `media.dir`; `undefined`: it is not. */
  fileOf(path: string): string | undefined {
    for (const [recorder, recorded] of this.#recorders) {
      if (recorded === path && recorder.place !== undefined) return recorder.place.name;
    }
    return undefined;
  }

  /** Ends all recordings. Resolves when their files are complete: at the latest after `graceMs`; what is not then is at the next start. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    this.#retention.close();
    for (const recorder of this.#recorders.keys()) recorder.end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    const pending = [...this.#recorders.keys()].map(({ done }) => done);
    await Promise.race([Promise.all([this.#starting, ...pending]), late]);
    clearTimeout(timer);
  }

  #record(
    path: string,
    wish: {
      readonly acquire: () => Promise<ClaimedPlace>;
      readonly type: RecordType;
      readonly recordedFor: 'publisher' | 'server';
      readonly tell: TellPublisher;
    },
  ): FlvRecorder {
    const { acquire, type, recordedFor } = wish;
    const { minFreeBytes } = this.#options.config.record;
    const events = this.#events(path, wish.tell);
    const recorder = new FlvRecorder({ acquire, type, recordedFor, minFreeBytes, events });
    this.#recorders.set(recorder, path);
    void recorder.done.then(() => {
      this.#recorders.delete(recorder);
      if (recordedFor === 'server') void this.#retention.look();
    });
    return recorder;
  }

  #events(path: string, tell: TellPublisher): RecorderEvents {
    const log = this.#options.log.child({ stream: path.slice(1) });
    return {
      started: ({ name }) => {
        log.info({ file: name }, 'recording');
        tell('NetStream.Record.Start', `Recording ${name}.`);
      },
      stopped: ({ name }, facts) => {
        log.info({ file: name, isEmpty: facts === undefined }, 'recorded');
        tell('NetStream.Record.Stop', facts === undefined ? 'There was nothing to record.' : `Recorded ${name}.`);
      },
      failed: (error) => {
        log.warn(
          { code: error.code, error: error.message, cause: error.cause },
          'recording stopped; the stream goes on',
        );
        tell(error.code, error.message);
      },
    };
  }

  async #acquireNamed({ app, name }: ObservedStream): Promise<ClaimedPlace> {
    const { media, record } = this.#options.config;
    if (!record.publishers) throw noAccess('Publishers may not record here.');
    const segments = recordingSegments(`${app}/${withoutPrefix(name)}`);
    if (segments === undefined) throw noAccess('No recording can have that name.');
    const claimed = this.#claim(placeOf(media.dir, segments));
    if (claimed === undefined) throw noAccess('That file is being recorded by another stream.');
    await releasing(claimed, makeFolders(media.dir, segments));
    return claimed;
  }

  async #acquireNew({ app, name }: ObservedStream): Promise<ClaimedPlace> {
    const { config, wallClock } = this.#options;
    const path = fileOfTemplate(config.record.file, { app, name, timeMs: wallClock() });
    const segments = recordingSegments(path);
    if (segments === undefined) throw noAccess('No recording can have the name of the stream.');
    await makeFolders(config.media.dir, segments);
    const last = segments.at(-1) ?? '';
    for (let i = 1; i <= maxSameNames; i += 1) {
      const numbered = i === 1 ? last : `${last}-${i}`;
      const claimed = this.#claim(placeOf(config.media.dir, [...segments.slice(0, -1), numbered]));
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
