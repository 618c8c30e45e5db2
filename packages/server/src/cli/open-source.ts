import { constants, type FileHandle, open } from 'node:fs/promises';
import { StartError } from './start-error.js';

/**
 * Opens a file that a person has named, for reading at any place. A pipe is not waited for. Rejects with the system's
 * errors.
 *
 * @throws StartError where it is no file
 */
export async function openSource(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await file.stat();
  if (stats.isFile()) return file;
  await file.close();
  throw new StartError(
    stats.isDirectory() ? `${path} is a folder, not a file` : `${path} is a device or a pipe, not a file`,
  );
}
