import { constants } from 'node:fs';
import { type FileHandle, link, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { deleteDanmu, dropDanmuPart, settleDanmu } from '../danmu-file/index.js';
import { finishFlv, rewriteFlv } from '../flv-file/index.js';
import { finishMp4 } from '../mp4-muxer/index.js';
import type { FormatWriter } from './format-writer.js';
import { errorCodeOf, RecordingError } from './recording-error.js';
import { type RecordingPlace, statRecording, temporarySuffix } from './recording-place.js';

export type RecordType = 'record' | 'append' | 'appendWithGap';

/** A recording that was opened. */
export interface OpenedRecording {
  readonly file: FileHandle;
  /** Where to write on; 0: the head is still to be written. */
  readonly position: number;
  /** Time of the first frame; `undefined`: the file is new. */
  readonly startMs: number | undefined;
}

/** The latest time that a frame can have, ms. */
const maxTimeMs = 2 ** 31 - 1;

/**
 * Opens the part of a recording: a new one, or what is there for appending. An older recording stays in its place until
 * the new one is complete. Rejects with the system's errors.
 *
 * @throws RecordingError `NoAccess` where what is there cannot be appended to
 */
export async function openRecording(
  place: RecordingPlace,
  type: RecordType,
  writer: FormatWriter,
): Promise<OpenedRecording> {
  // An encoder comes back sooner than a server that starts has completed what the one before it left.
  if ((await statRecording(place.part)) !== undefined) await finishUnfinished(place);
  const existing = await statRecording(place.file);
  if (existing === undefined || type === 'record') {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(place.part, flags, 0o644);
    // Of a recording that somebody has deleted.
    if (existing === undefined) await deleteDanmu(place.file);
    return { file, position: 0, startMs: undefined };
  }
  const file = await open(place.file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const resumed = await writer.resume(file);
    const gapMs = type === 'append' ? 0 : Math.max(0, Math.round(Date.now() - existing.mtimeMs));
    const startMs = resumed.durationMs + gapMs;
    if (startMs > maxTimeMs) {
      throw new RecordingError('NetStream.Record.NoAccess', 'The recording would get longer than a file can be.');
    }
    await markUnfinished(place);
    return { file, position: await resumed.cut(), startMs };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Gives a file that is appended to its second name, by which a server that starts knows that it was not finished. */
async function markUnfinished({ file, part }: RecordingPlace): Promise<void> {
  try {
    await link(file, part);
  } catch (error) {
    if (errorCodeOf(error) === 'EEXIST') throw error;
    // File systems without second names: the recording has none until it is complete.
    await rename(file, part);
  }
}

/** Completes a recording of which every byte was written, and closes it. Returns false where it was empty and is gone. */
export async function finishRecording(place: RecordingPlace, file: FileHandle, writer: FormatWriter): Promise<boolean> {
  try {
    if (writer.isEmpty) {
      await rm(place.part, { force: true });
      await dropDanmuPart(place.file);
      return false;
    }
    await takePlace(place, file, (await writer.close(file)) === 'done');
    return true;
  } finally {
    await file.close();
  }
}

const finishers = { flv: finishFlv, mp4: finishMp4 } as const;

/**
 * Completes a recording that was cut short: by a killed server, a full disk. Returns false where nothing was in it.
 * Rejects with the system's errors; the part stays as it is then, for the next try.
 */
export async function finishUnfinished(place: RecordingPlace): Promise<boolean> {
  const file = await open(place.part, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const { mtime } = await file.stat();
    const outcome = await finishers[place.format](file);
    if (outcome === 'empty') {
      await rm(place.part);
      await dropDanmuPart(place.file);
      return false;
    }
    await takePlace(place, file, outcome === 'done');
    // When the stream ended is what `appendWithGap` goes by.
    await utimes(place.file, mtime, mtime);
    return true;
  } finally {
    await file.close();
  }
}

/** Puts a part in the place of its file. `isDone`: its head is complete; else it is FLV, and written anew, which needs room. */
async function takePlace(place: RecordingPlace, file: FileHandle, isDone: boolean): Promise<void> {
  const isAppended = await isSameFile(place, file);
  const hasReplaced = !isAppended && (await statRecording(place.file)) !== undefined;
  // Before its name is: a power cut must not leave a name without content.
  if (isDone) await file.datasync();
  else await rewriteInto(place, file);
  if (isDone && !isAppended) await rename(place.part, place.file);
  else await rm(place.part, { force: true });
  // What fails there is tried again when the server starts; the recording is complete.
  if (!isAppended) await settleDanmu(place.file, hasReplaced).catch(() => undefined);
}

async function rewriteInto(place: RecordingPlace, source: FileHandle): Promise<void> {
  const temporary = place.file.replace(/\.flv$/, temporarySuffix);
  await rm(temporary, { force: true });
  const target = await open(temporary, 'wx+', 0o644);
  try {
    await rewriteFlv(source, target);
    await target.datasync();
    await rename(temporary, place.file);
  } finally {
    await target.close();
  }
}

/** Appended to: file and part are two names of one file. */
async function isSameFile(place: RecordingPlace, part: FileHandle): Promise<boolean> {
  try {
    const [one, other] = [await stat(place.file, { bigint: true }), await part.stat({ bigint: true })];
    return one.ino === other.ino && one.dev === other.dev;
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
