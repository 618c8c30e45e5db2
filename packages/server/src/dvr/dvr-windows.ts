import { type FileHandle, mkdir, open, readdir, statfs, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../config/index.js';
import { type ObservedStream, type PublicationObserver, type StreamKey, streamPath } from '../live/index.js';
import type { Logger } from '../log/index.js';
import { WindowCache } from '../media-file/index.js';
import { DvrSegment, type SegmentOptions } from './dvr-segment.js';
import { DvrWindow } from './dvr-window.js';

export interface DvrWindowsOptions {
  readonly config: Pick<Config, 'dvr' | 'state'>;
  readonly log: Logger;
  /** Monotonic clock, ms. */
  readonly now: () => number;
}

const suffix = '.dvr';

/** The windows of all streams that have one, in a folder of `state.dir` of which no name leads to a file. */
export class DvrWindows {
  readonly #options: DvrWindowsOptions;
  readonly #folder: string;
  readonly #cache = new WindowCache();
  /** Of the publications under way, by path. */
  readonly #windows = new Map<string, DvrWindow>();
  /** And of those that are over. */
  readonly #all = new Set<DvrWindow>();
  #starting: Promise<void> | undefined;
  #count = 0;
  #isClosed = false;

  constructor(options: DvrWindowsOptions) {
    this.#options = options;
    this.#folder = join(resolve(options.config.state.dir), 'dvr');
  }

  /** Deletes what a server that was killed has left behind: the streams have gone with it. Never rejects. */
  start(): Promise<void> {
    this.#starting ??= this.#deleteLeftovers();
    return this.#starting;
  }

  /** For `LiveStreams`. */
  readonly observe = ({ path }: ObservedStream): PublicationObserver | undefined => {
    const { dvr } = this.#options.config;
    if (this.#isClosed || !dvr.streams.some((pattern) => pattern.test(path.slice(1)))) return undefined;
    const log = this.#options.log.child({ stream: path.slice(1) });
    const window: DvrWindow = new DvrWindow({
      limits: dvr,
      cache: this.#cache,
      now: this.#options.now,
      createSegment: (options) => this.#createSegment(options),
      onClosed: (closed, error) => {
        this.#all.delete(closed);
        if (this.#windows.get(path) === closed) this.#windows.delete(path);
        if (error !== undefined) log.warn({ err: error }, 'the stream has no window any more; it goes on live');
      },
    });
    this.#all.add(window);
    this.#windows.set(path, window);
    return {
      write: (message, next) => window.write(message, next),
      end: () => {
        if (this.#windows.get(path) === window) this.#windows.delete(path);
        window.end();
      },
    };
  };

  /** That of the publication under way, if it has one. */
  find(key: StreamKey): DvrWindow | undefined {
    const path = streamPath(key);
    return path === undefined ? undefined : this.#windows.get(path);
  }

  /** Resolves when the files of all windows are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const windows = [...this.#all];
    for (const window of windows) window.close();
    await Promise.all([this.#starting, ...windows.map((window) => window.settled())]);
  }

  #createSegment(options: Omit<SegmentOptions, 'path' | 'opening'>): DvrSegment {
    this.#count += 1;
    const path = join(this.#folder, `${process.pid}-${this.#count}${suffix}`);
    return new DvrSegment({ ...options, path, opening: this.#open(path) });
  }

  async #open(path: string): Promise<FileHandle> {
    await this.start();
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const { minFreeBytes } = this.#options.config.dvr;
    if (minFreeBytes > 0) {
      const { bavail, bsize } = await statfs(this.#folder);
      if (bavail * bsize < minFreeBytes) throw new Error('the disk is full: less than dvr.minFreeBytes is left');
    }
    return open(path, 'wx', 0o600);
  }

  async #deleteLeftovers(): Promise<void> {
    try {
      const names = await readdir(this.#folder);
      await Promise.all(names.filter((name) => name.endsWith(suffix)).map((name) => unlink(join(this.#folder, name))));
    } catch (err) {
      if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return;
      this.#options.log.warn({ err }, 'cannot delete what an earlier run of the server has left of windows');
    }
  }
}
