import { statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { StreamKey } from '../live/index.js';
import { mediaFileName, openMediaFile } from '../media-file/index.js';
import { fileSource } from './byte-source.js';
import { FlvFile } from './flv-file.js';
import type { MediaFile } from './media-file.js';
import { WindowCache } from './window-cache.js';

/** A recording in use. `release` is to be called once. */
export interface OpenRecording {
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
    const name = mediaFileName(key);
    if (name === undefined) return false;
    try {
      return statSync(join(this.#mediaDir, name), { throwIfNoEntry: false })?.isFile() === true;
    } catch {
      // A folder that may not be looked into, or a file in the place of a folder.
      return false;
    }
  }

  /**
   * Resolves with `undefined` where there is no such recording, and nothing was read. Rejects with the system's errors.
   *
   * @throws RtmpRemoteError `ERR_FLV_…`: it is no FLV file
   */
  async open(key: StreamKey): Promise<OpenRecording | undefined> {
    const name = mediaFileName(key);
    const opened = name === undefined ? undefined : await openMediaFile(this.#mediaDir, name);
    if (opened === undefined) return undefined;
    const { handle, stats } = opened;
    try {
      // A file that has grown, or is another one, has other places.
      const id = [stats.dev, stats.ino, stats.size, stats.mtimeNs].join('/');
      const known = this.#shared.get(id);
      if (known !== undefined) {
        await handle.close();
        return await this.#use(id, known);
      }
      const shared: Shared = {
        handle,
        users: 0,
        loading: FlvFile.open(fileSource(handle, Number(stats.size)), this.#windows),
      };
      this.#shared.set(id, shared);
      return await this.#use(id, shared);
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw error;
    }
  }

  async #use(id: string, shared: Shared): Promise<OpenRecording> {
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
      return { file: await shared.loading, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}
