import { statSync } from 'node:fs';
import { constants, type FileHandle, open, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { StreamKey } from '../live/index.js';
import { isInside, mediaFileName } from '../media-file/index.js';
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
    const path = name === undefined ? undefined : await this.#pathInside(name);
    if (path === undefined) return undefined;
    // What is no file is not waited for, and what became a link in the meantime not followed.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) {
        await handle.close();
        return undefined;
      }
      // A file that has grown, or is another one, has other places.
      const id = [stats.dev, stats.ino, stats.size, stats.mtimeMs].join('/');
      const known = this.#shared.get(id);
      if (known !== undefined) {
        await handle.close();
        return await this.#use(id, known);
      }
      const shared: Shared = { handle, users: 0, loading: FlvFile.open(fileSource(handle, stats.size), this.#windows) };
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

  /** The real path, if it is in the folder; `undefined`: it is not there, or leads out. */
  async #pathInside(name: string): Promise<string | undefined> {
    try {
      const [root, path] = await Promise.all([realpath(this.#mediaDir), realpath(join(this.#mediaDir, name))]);
      return isInside(root, path) ? path : undefined;
    } catch (error) {
      if (isNotThere(error)) return undefined;
      throw error;
    }
  }
}

const notThereCodes = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG']);

function isNotThere(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && notThereCodes.has(code);
}
