import type { FileHandle } from 'node:fs/promises';
import { RtmpRemoteError } from '@millrace/protocol';
import { writeAll } from '../flv-file/index.js';
import { encodeFragmentIndex } from './mp4-fragment.js';
import { isOurMp4, surveyMp4, withDurations } from './mp4-survey.js';

/**
 * Cuts a recording that was being written behind its last whole fragment, and writes durations and index. Whenever this
 * is interrupted the file plays. Rejects with the system's errors.
 *
 * @throws RtmpRemoteError `ERR_MP4_FOREIGN`: another program has made the file, which is left as it is
 */
export async function finishMp4(file: FileHandle): Promise<'done' | 'empty'> {
  const { size } = await file.stat();
  if (size === 0) return 'empty';
  if (!(await isOurMp4(file))) {
    throw new RtmpRemoteError('ERR_MP4_FOREIGN', 'it is no recording of millrace', { offset: 0 });
  }
  const survey = await surveyMp4(file);
  if (survey === undefined || survey.tally.isEmpty) return 'empty';
  const { head, indexedId, tally, soundBytes } = survey;
  const { times, positions } = tally.keyFrames;
  await file.truncate(soundBytes);
  try {
    await writeAll(file, [encodeFragmentIndex({ trackId: indexedId, times, positions })], soundBytes);
  } catch {
    // The disk is full: the file plays without an index. If it is something worse, so is what comes next.
    await file.truncate(soundBytes);
  }
  await writeAll(file, [withDurations(head, tally)], 0);
  return 'done';
}
