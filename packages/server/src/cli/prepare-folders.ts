import { accessSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
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
    mkdirSync(folder, { recursive: true });
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

function failureOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'there is a file in its place';
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
