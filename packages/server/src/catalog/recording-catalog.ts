import { realpath, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RtmpRemoteError } from '@millrace/protocol';
import { DanmuReader, danmuFileOf, danmuPartOf, deleteDanmu } from '../danmu-file/index.js';
import type { StreamKey } from '../live/index.js';
import {
  fileSource,
  isInside,
  isNotThere,
  type MediaFile,
  type OpenMediaFile,
  openMediaFile,
  recordingPath,
} from '../media-file/index.js';
import { readFlvFacts } from './flv-facts.js';
import { audioInfo, type RecordingFacts, readScript, readTracks, videoInfo } from './recording-facts.js';
import { type FoundRecording, lookAt, partSuffix, type Walk, walkRecordings } from './recording-walk.js';
import { SharedTask } from './shared-task.js';

/** Who writes files in `media.dir`. */
export interface RecordingClaims {
  /** Whether this file is being written or completed. `path`: within `media.dir`. */
  isRecording(path: string): boolean;
  /** Runs the task while nobody begins to write the file. `undefined`: somebody writes it, and the task was not run. */
  whileFree<T>(path: string, task: () => Promise<T>): Promise<T | undefined>;
}

export interface RecordingCatalogOptions {
  readonly mediaDir: string;
  readonly claims: RecordingClaims;
  /** Opens what is no FLV file. `undefined`: it cannot be read. */
  readonly open: (key: StreamKey) => Promise<{ readonly file: MediaFile; release(): void } | undefined>;
}

/** A recording and what is in it. */
export interface CataloguedRecording extends FoundRecording {
  readonly isRecording: boolean;
  readonly facts: RecordingFacts;
}

export interface CatalogQuery {
  readonly order: 'newest' | 'name';
  readonly limit: number;
  /** Whether a path is wanted. */
  readonly matches: (path: string) => boolean;
  /** Those behind this one only. */
  readonly after: CatalogPlace | undefined;
}

/** Where a recording stands in a list. */
export interface CatalogPlace {
  readonly path: string;
  /** Counts in the order of time alone. */
  readonly modifiedMs: number;
}

export interface CatalogPage {
  readonly recordings: readonly CataloguedRecording[];
  /** Of all pages. */
  readonly total: number;
  readonly hasMore: boolean;
  /** There are more files in the folder than are looked at. */
  readonly isCut: boolean;
}

/** Files and folders that a list looks at. */
const maxEntries = 20_000;
/** Of which what is in them is remembered. */
const maxKnown = 5000;
const neverCompleted = 'It was never completed.';
/** Files that are read at a time. */
const readers = 4;

/** What recordings there are in `media.dir`. */
export class RecordingCatalog {
  readonly #mediaDir: string;
  readonly #options: RecordingCatalogOptions;
  readonly #walk: SharedTask<Walk>;
  /** By the version of the file; what was asked for last is last. */
  readonly #known = new Map<string, Promise<RecordingFacts>>();

  constructor(options: RecordingCatalogOptions) {
    this.#options = options;
    this.#mediaDir = resolve(options.mediaDir);
    this.#walk = new SharedTask(() => walkRecordings(this.#mediaDir, maxEntries));
  }

  /** Rejects with the system's errors. */
  async list({ order, limit, matches, after }: CatalogQuery): Promise<CatalogPage> {
    const { recordings, isCut } = await this.#walk.result();
    const compare = order === 'name' ? byName : newestFirst;
    const wanted = recordings.filter(({ path }) => matches(path)).sort(compare);
    const rest = after === undefined ? wanted : wanted.filter((one) => compare(one, after) > 0);
    const page = rest.slice(0, limit);
    return { recordings: await this.#all(page), total: wanted.length, hasMore: rest.length > page.length, isCut };
  }

  /** `undefined`: there is no such recording. Rejects with the system's errors. */
  async find(path: string): Promise<CataloguedRecording | undefined> {
    const found = recordingPath(path) && (await this.#lookInside(path));
    return found && (await this.#catalogued(found));
  }

  /** Opens the file of a recording for reading; what is being recorded as far as it is written. `undefined`: there is none. */
  async open(path: string): Promise<OpenMediaFile | undefined> {
    if (recordingPath(path) === undefined) return undefined;
    return (await openMediaFile(this.#mediaDir, path)) ?? (await openMediaFile(this.#mediaDir, path + partSuffix));
  }

  /**
   * Opens what was said during a recording, also while it is being made. `none`: nothing was; `undefined`: there is no such
   * recording. Rejects with the system's errors.
   */
  async openDanmu(path: string): Promise<DanmuReader | 'none' | undefined> {
    const recording = await this.open(path);
    if (recording === undefined) return undefined;
    await recording.handle.close();
    const isRecording = this.#options.claims.isRecording(path);
    // What is appended to has no part.
    const part = isRecording ? await openMediaFile(this.#mediaDir, danmuPartOf(path)) : undefined;
    const opened = part ?? (await openMediaFile(this.#mediaDir, danmuFileOf(path)));
    return opened === undefined ? 'none' : new DanmuReader(opened.handle);
  }

  /** Deletes a file. Rejects with the system's errors. */
  async remove(path: string): Promise<'removed' | 'absent' | 'recording'> {
    const found = recordingPath(path) && (await this.#lookInside(path));
    if (found === undefined) return 'absent';
    const removed = await this.#options.claims.whileFree(path, async () => {
      const folder = await realpath(join(this.#mediaDir, dirname(found.file)));
      if (!this.#isIn(await realpath(this.#mediaDir), folder)) return 'absent' as const;
      try {
        const file = join(folder, found.file.slice(found.file.lastIndexOf('/') + 1));
        await unlink(file);
        await deleteDanmu(file);
        return 'removed' as const;
      } catch (error) {
        if (isMissing(error)) return 'absent' as const;
        throw error;
      }
    });
    return removed ?? 'recording';
  }

  /** The file, unless a link on the way leads out of `media.dir`. Links to files are not listed, and not here either. */
  async #lookInside(path: string): Promise<FoundRecording | undefined> {
    try {
      const [root, folder] = await Promise.all([
        realpath(this.#mediaDir),
        realpath(join(this.#mediaDir, dirname(path))),
      ]);
      if (!this.#isIn(root, folder)) return undefined;
    } catch (error) {
      if (isNotThere(error)) return undefined;
      throw error;
    }
    return (await lookAt(this.#mediaDir, path)) ?? (await lookAt(this.#mediaDir, path + partSuffix));
  }

  #isIn(root: string, folder: string): boolean {
    return folder === root || isInside(root, folder);
  }

  async #all(page: readonly FoundRecording[]): Promise<CataloguedRecording[]> {
    const rows: CataloguedRecording[] = [];
    let next = 0;
    const read = async (): Promise<void> => {
      for (let i = next; i < page.length; i = next) {
        next += 1;
        const found = page[i];
        if (found !== undefined) rows[i] = await this.#catalogued(found);
      }
    };
    await Promise.all(Array.from({ length: readers }, read));
    return rows;
  }

  async #catalogued(found: FoundRecording): Promise<CataloguedRecording> {
    const isRecording = this.#options.claims.isRecording(found.path);
    const facts = await this.#factsOf(found, isRecording);
    return { ...found, isRecording, facts };
  }

  #factsOf(found: FoundRecording, isRecording: boolean): Promise<RecordingFacts> {
    const key = keyOf(found, isRecording);
    const known = this.#known.get(key) ?? this.#read(found, isRecording);
    this.#known.delete(key);
    this.#known.set(key, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  /** Never rejects: what is wrong with one file does not take the list away. */
  async #read(found: FoundRecording, isRecording: boolean): Promise<RecordingFacts> {
    try {
      if (found.format === 'flv') return await this.#readFlv(found, isRecording);
      // It says what is in it when it is complete.
      if (found.file.endsWith(partSuffix)) return withDamage(isRecording ? undefined : neverCompleted);
      return await this.#readOther(found);
    } catch (error) {
      if (error instanceof RtmpRemoteError) return withDamage(error.message);
      // It may be possible the next time.
      this.#known.delete(keyOf(found, isRecording));
      return withDamage('It cannot be read.');
    }
  }

  async #readFlv({ file }: FoundRecording, isRecording: boolean): Promise<RecordingFacts> {
    const opened = await openMediaFile(this.#mediaDir, file);
    if (opened === undefined) return withDamage('It cannot be read.');
    const { handle, stats } = opened;
    try {
      const facts = await readFlvFacts(fileSource(handle, Number(stats.size)), isRecording);
      const isLeft = file.endsWith(partSuffix) && !isRecording;
      return isLeft ? { ...facts, damage: facts.damage ?? neverCompleted } : facts;
    } finally {
      await handle.close();
    }
  }

  async #readOther({ key }: FoundRecording): Promise<RecordingFacts> {
    const opened = await this.#options.open(key);
    if (opened === undefined) return withDamage('It cannot be read.');
    try {
      const { file } = opened;
      const tracks = await readTracks(file.reader(file.start.position));
      const { description, metadata } = readScript(file.metadata.payload);
      const keyFrameTimes = file.hasVideo ? [] : undefined;
      const { durationMs } = file;
      return {
        durationMs,
        video: videoInfo(tracks, description),
        audio: audioInfo(tracks),
        keyFrameTimes,
        metadata,
        damage: undefined,
      };
    } finally {
      opened.release();
    }
  }
}

function keyOf({ file, version }: FoundRecording, isRecording: boolean): string {
  return `${file}/${version}/${isRecording}`;
}

function withDamage(damage: string | undefined): RecordingFacts {
  const nothing = { durationMs: undefined, video: undefined, audio: undefined, keyFrameTimes: undefined };
  return { ...nothing, metadata: {}, damage };
}

function newestFirst(a: CatalogPlace, b: CatalogPlace): number {
  return b.modifiedMs - a.modifiedMs || byName(a, b);
}

function byName(a: CatalogPlace, b: CatalogPlace): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
