import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from '../config/index.js';
import { StartError } from './start-error.js';

/**
 * Makes the folders of the configuration where they are missing, and finds out now, not at the first recording,
 * whether files can be written there.
 * @throws StartError with one line that names the key and the folder.
 */
export function prepareFolders(config: Pick<Config, 'media' | 'state'>): void {
  prepareFolder('media.dir', config.media.dir);
  prepareFolder('state.dir', config.state.dir);
}

function prepareFolder(key: string, folder: string): void {
  try {
    makeFolder(resolve(folder));
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = failureOf(error);
    throw new StartError(
      `cannot write to ${resolve(folder)} (${key}): ${reason}. Choose another folder: --set ${key}=FOLDER`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Makes the folder and those above it. The `recursive` of mkdirSync would do, but tries for ever where a folder that
 * exists answers that there is no such folder, as /proc does.
 */
function makeFolder(folder: string): void {
  const parent = dirname(folder);
  try {
    mkdirSync(folder);
  } catch (error) {
    // What a link to nothing leads to is missing too, and statSync says so.
    if (statSync(folder, { throwIfNoEntry: codeOf(error) === 'EEXIST' })?.isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || existsSync(parent)) throw error;
    makeFolder(parent);
    makeFolder(folder);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function failureOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'there is a file in its place';
    case 'ENOENT':
      return 'no such folder, and it cannot be made';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
      return 'the disk is full';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
