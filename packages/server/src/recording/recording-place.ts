import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { isInside } from '../media-file/index.js';
import { errorCodeOf, RecordingError } from './recording-error.js';

/** What recordings are written in. */
export type FileFormat = 'flv' | 'mp4';

/** Of a recording that is being written, or that a server left when it was killed. No stream's file can be called so. */
const partSuffixes = { flv: '.flv.part', mp4: '.mp4.part' } as const satisfies Record<FileFormat, string>;
/** A file that is made anew from a damaged one. What is left of such is worthless. */
export const temporarySuffix = '.flv.tmp';

/** Where a recording is kept. */
export interface RecordingPlace {
  readonly format: FileFormat;
  /** Where it is once it is complete. */
  readonly file: string;
  /** Where it is while it is being written. */
  readonly part: string;
  /** Relative to `media.dir`, with slashes: for the log and the API. */
  readonly name: string;
}

/** `segments`: without suffix. */
export function placeOf(mediaDir: string, segments: readonly string[], format: FileFormat): RecordingPlace {
  return placeIn(mediaDir, join(resolve(mediaDir), ...segments), format);
}

/** The place of what may be a part, found in `media.dir`; `undefined`: it is none. */
export function placeOfPart(mediaDir: string, path: string): RecordingPlace | undefined {
  for (const format of ['flv', 'mp4'] as const) {
    if (path.endsWith(partSuffixes[format]))
      return placeIn(mediaDir, path.slice(0, -partSuffixes[format].length), format);
  }
  return undefined;
}

function placeIn(mediaDir: string, base: string, format: FileFormat): RecordingPlace {
  const name = `${relative(resolve(mediaDir), base).split(sep).join('/')}.${format}`;
  return { format, file: `${base}.${format}`, part: base + partSuffixes[format], name };
}

/**
 * Makes the folders of a recording where they are missing. Rejects with the system's errors.
 *
 * @throws RecordingError `NoAccess` where a link leads out of `media.dir`; nothing is made out there.
 */
export async function makeFolders(mediaDir: string, segments: readonly string[]): Promise<void> {
  await mkdir(resolve(mediaDir), { recursive: true });
  const root = await realpath(mediaDir);
  let folder = root;
  for (const segment of segments.slice(0, -1)) {
    folder = join(folder, segment);
    try {
      await mkdir(folder);
    } catch (error) {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
    }
    folder = await realpath(folder);
    if (!isInside(root, folder)) {
      throw new RecordingError('NetStream.Record.NoAccess', 'That name leads out of the folder of recordings.');
    }
  }
}

/** `undefined`: there is nothing. @throws RecordingError `NoAccess` where something else than a file is in its place. */
export async function statRecording(path: string): Promise<{ readonly mtimeMs: number } | undefined> {
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return stats;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  throw new RecordingError('NetStream.Record.NoAccess', 'Something that is no file has that name.');
}
