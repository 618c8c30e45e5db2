import type { FileHandle } from 'node:fs/promises';
import { RtmpRemoteError } from '@millrace/protocol';
import { encodeClosedHead, type FlvHead } from './flv-head.js';
import type { FlvTally } from './flv-tally.js';
import { type FlvSurvey, surveyFlv } from './survey-flv.js';
import { writeAll } from './write-all.js';

/**
 * Writes duration, size and index into the head of a file that has `size` bytes of whole tags. Nothing moves, so that
 * the file plays whenever this is interrupted. Returns whether the head has room for them.
 */
export async function closeFlv(file: FileHandle, head: FlvHead, tally: FlvTally, size: number): Promise<boolean> {
  const bytes = encodeClosedHead(head, tally, size);
  if (bytes === undefined) return false;
  await writeAll(file, [bytes], 0);
  return true;
}

/**
 * - `done`: the file is complete.
 * - `empty`: there is nothing to play in it.
 * - `noRoom`: it plays, but its head has no room for an index.
 */
export type FinishOutcome = 'done' | 'empty' | 'noRoom';

/** Cuts a file that was being written at its last whole tag and completes its head, in place. Rejects with the system's errors. */
export async function finishFlv(file: FileHandle): Promise<FinishOutcome> {
  const { size } = await file.stat();
  let survey: FlvSurvey;
  try {
    survey = await surveyFlv(file, size);
  } catch (error) {
    if (error instanceof RtmpRemoteError) return 'empty';
    throw error;
  }
  const { head, tally } = survey;
  if (tally.isEmpty) return 'empty';
  const bytes = await cutFlv(file, survey);
  return head !== undefined && (await closeFlv(file, head, tally, bytes)) ? 'done' : 'noRoom';
}

/** Cuts a file behind its last whole tag, and mends the PreviousTagSize there. Returns its new length. */
export async function cutFlv(file: FileHandle, { last, soundBytes }: FlvSurvey): Promise<number> {
  const bytes = last === undefined ? soundBytes : last.offset + 11 + last.payloadBytes + 4;
  await file.truncate(bytes);
  if (last?.hasTrailer === false) await writeAll(file, [uint32(last.payloadBytes + 11)], bytes - 4);
  return bytes;
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
