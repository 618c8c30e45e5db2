import type { BigIntStats } from 'node:fs';
import { constants, type FileHandle, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isInside } from './is-inside.js';

/** A file in `media.dir`, open for reading. Whoever has it closes it. */
export interface OpenMediaFile {
  readonly handle: FileHandle;
  /** As it was when it was opened. */
  readonly stats: BigIntStats;
}

/**
 * Opens a file in `media.dir` by its name there, with slashes, which is to be one that may be read: nothing in it is
 * checked here but where links lead. Links that stay inside are followed. Resolves with `undefined` where there is no
 * such file, or it is none, or is outside, and nothing was read then. Rejects with the system's errors.
 */
export async function openMediaFile(mediaDir: string, name: string): Promise<OpenMediaFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    const [root, path] = await Promise.all([realpath(mediaDir), realpath(join(mediaDir, name))]);
    if (!isInside(root, path)) return undefined;
    // What is no file is not waited for, and what became a link in the meantime not followed.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile()) return { handle, stats };
    await handle.close();
    return undefined;
  } catch (error) {
    await handle?.close().catch(() => undefined);
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

// ENXIO: a socket has that name.
const notThereCodes = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ENXIO']);

/** Whether an error of the system says that a file is not there for us. */
export function isNotThere(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && notThereCodes.has(code);
}
