import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { errorCodeOf, RecordingError } from './recording-error.js';

export const recordingSuffix = '.flv';
/** A recording that is being written, or that a server left when it was killed. No stream's file can be called so. */
export const partSuffix = '.flv.part';
/** A file that is made anew from a damaged one. What is left of such is worthless. */
export const temporarySuffix = '.flv.tmp';

/** What file systems allow for one name, less our suffixes. */
const maxSegmentBytes = 240;
/** Characters that mean something else to some system, and backslashes, which separate folders on Windows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const badCharacters = /[\u0000-\u001f\u007f<>:"|?*\\]/;
const deviceNames = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i;

/**
 * The folders and the name of a recording, without suffix, from a path with slashes. `undefined`: no file may be called
 * so, on any system: empty parts, `.` and `..`, hidden names, reserved characters and names, names that are too long.
 */
export function recordingSegments(path: string): readonly string[] | undefined {
  const bare = path.endsWith(recordingSuffix) ? path.slice(0, -recordingSuffix.length) : path;
  const segments = bare.split('/');
  return segments.every(isSafe) ? segments : undefined;
}

function isSafe(segment: string): boolean {
  if (segment === '' || segment.startsWith('.') || segment.endsWith('.') || /^\s|\s$/.test(segment)) return false;
  if (badCharacters.test(segment) || deviceNames.test(segment) || /\p{Surrogate}/u.test(segment)) return false;
  return Buffer.byteLength(segment) <= maxSegmentBytes;
}

/** Where a recording is kept. */
export interface RecordingPlace {
  /** Where it is once it is complete. */
  readonly file: string;
  /** Where it is while it is being written. */
  readonly part: string;
  /** Relative to `media.dir`, with slashes: for the log and the API. */
  readonly name: string;
}

export function placeOf(mediaDir: string, segments: readonly string[]): RecordingPlace {
  const base = join(resolve(mediaDir), ...segments);
  return { file: base + recordingSuffix, part: base + partSuffix, name: segments.join('/') + recordingSuffix };
}

/** The place of a part that was found in `media.dir`. */
export function placeOfPart(mediaDir: string, part: string): RecordingPlace {
  const base = part.slice(0, -partSuffix.length);
  const name = relative(resolve(mediaDir), base).split(sep).join('/') + recordingSuffix;
  return { file: base + recordingSuffix, part, name };
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
    if (!folder.startsWith(root.endsWith(sep) ? root : root + sep)) {
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
