import { statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FlvFile } from '../flv-file/index.js';
import type { StreamKey } from '../live/index.js';
import type { MediaFile } from '../media-file/index.js';
import {
  fileSource,
  mediaFileNames,
  type OpenMediaFile,
  openMediaFile,
  recordingSuffix,
  WindowCache,
} from '../media-file/index.js';
import { Mp4File } from '../mp4-file/index.js';

/** A recording in use. `release` is to be called once. */
export interface OpenRecording {
  /** Of the file, relative to `media.dir`, with slashes. */
  readonly name: string;
  readonly file: MediaFile;
  release(): void;
}

interface Shared {
  readonly loading: Promise<MediaFile>;
  readonly handle: FileHandle;
  users: number;
}

/** The recordings in `media.dir`. Players of the same one share what was read of its head, and its open file. */
export class VodLibrary {
  readonly #mediaDir: string;
  readonly #shared = new Map<string, Shared>();
  readonly #windows = new WindowCache();

  constructor(mediaDir: string) {
    this.#mediaDir = resolve(mediaDir);
  }

  /**
   * Whether something has the name of such a recording. Answers at once, as a look at a folder does that the system has
   * in memory: who waits for a live stream is not to wait for this.
   */
  mayHave(key: StreamKey): boolean {
    return mediaFileNames(key).some((name) => {
      try {
        return statSync(join(this.#mediaDir, name), { throwIfNoEntry: false })?.isFile() === true;
      } catch {
        // A folder that may not be looked into, or a file in the place of a folder.
        return false;
      }
    });
  }

  /**
   * Resolves with `undefined` where there is no such recording, and nothing was read. Rejects with the system's errors.
   *
   * @throws RtmpRemoteError `ERR_FLV_…`, `ERR_MP4_…`: it is no file of the kind that its name says
   */
  async open(key: StreamKey): Promise<OpenRecording | undefined> {
    for (const name of mediaFileNames(key)) {
      const opened = await openMediaFile(this.#mediaDir, name);
      if (opened !== undefined) return this.#share(opened, name);
    }
    return undefined;
  }

  async #share({ handle, stats }: OpenMediaFile, name: string): Promise<OpenRecording> {
    const format = name.endsWith(recordingSuffix) ? 'flv' : 'mp4';
    try {
      // A file that has grown, or is another one, has other places. One that has two names may be of two kinds.
      const id = [format, stats.dev, stats.ino, stats.size, stats.mtimeNs].join('/');
      const known = this.#shared.get(id);
      if (known !== undefined) {
        await handle.close();
        return await this.#use(id, known, name);
      }
      const source = fileSource(handle, Number(stats.size));
      const opening = format === 'flv' ? FlvFile : Mp4File;
      const shared: Shared = { handle, users: 0, loading: opening.open(source, this.#windows) };
      this.#shared.set(id, shared);
      return await this.#use(id, shared, name);
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw error;
    }
  }

  async #use(id: string, shared: Shared, name: string): Promise<OpenRecording> {
    shared.users += 1;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      shared.users -= 1;
      if (shared.users > 0) return;
      this.#shared.delete(id);
      // Reads under way end first.
      shared.handle.close().catch(() => undefined);
    };
    try {
      return { name, file: await shared.loading, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}
