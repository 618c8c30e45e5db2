import type { Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isNotThere, type RecordingPath, recordingPath } from '../media-file/index.js';

/** A file in `media.dir` that is a recording by its name. */
export interface FoundRecording extends RecordingPath {
  /** Where it is to be read: what is being recorded has another suffix. */
  readonly file: string;
  readonly bytes: number;
  /** Unix ms. */
  readonly modifiedMs: number;
  /** The same for the same content, as far as the file system tells. */
  readonly version: string;
}

export interface Walk {
  readonly recordings: readonly FoundRecording[];
  /** There are more files than are looked at. */
  readonly isCut: boolean;
}

export const partSuffix = '.part';
const maxDepth = 32;
/** Files that the system is asked about at a time. */
const batchFiles = 32;

/**
 * The recordings in a folder and the folders in it. Links are not followed, and hidden names passed over. A file that is
 * appended to has two names, and is found once. Rejects with the system's errors.
 *
 * @param maxEntries of files and folders that are looked at
 */
export async function walkRecordings(mediaDir: string, maxEntries: number): Promise<Walk> {
  const found = new Map<string, FoundRecording>();
  const folders = [{ path: '', depth: 0 }];
  let left = maxEntries;
  let batch: string[] = [];
  const look = async (): Promise<void> => {
    const looked = await Promise.all(batch.map((path) => lookAt(mediaDir, path)));
    batch = [];
    for (const recording of looked) {
      if (recording !== undefined && !isSecondName(recording, found)) found.set(recording.path, recording);
    }
  };
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of entriesOf(join(mediaDir, folder.path))) {
      if (left <= 0) {
        await look();
        return { recordings: [...found.values()], isCut: true };
      }
      left -= 1;
      if (entry.name.startsWith('.')) continue;
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      if (entry.isDirectory() && folder.depth < maxDepth) folders.push({ path, depth: folder.depth + 1 });
      else if (entry.isFile()) batch.push(path);
      if (batch.length >= batchFiles) await look();
    }
  }
  await look();
  return { recordings: [...found.values()], isCut: false };
}

/** What is appended to is read by its own name. */
function isSecondName({ path, file }: FoundRecording, found: ReadonlyMap<string, FoundRecording>): boolean {
  return file !== path && found.has(path);
}

/** `undefined`: it is none, or is gone. */
export async function lookAt(mediaDir: string, file: string): Promise<FoundRecording | undefined> {
  const named = recordingPath(file.endsWith(partSuffix) ? file.slice(0, -partSuffix.length) : file);
  if (named === undefined) return undefined;
  try {
    const stats = await lstat(join(mediaDir, file), { bigint: true });
    if (!stats.isFile()) return undefined;
    const version = [stats.dev, stats.ino, stats.size, stats.mtimeNs].join('-');
    return { ...named, file, bytes: Number(stats.size), modifiedMs: Number(stats.mtimeNs / 1_000_000n), version };
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

async function* entriesOf(folder: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(folder);
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}
