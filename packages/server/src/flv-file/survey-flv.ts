import type { FileHandle } from 'node:fs/promises';
import { flvTagTypes } from '@millrace/protocol';
import { type FlvHead, firstTagOffset, readHeadProperties } from './flv-head.js';
import { FlvScanner, type ScannedTag } from './flv-scanner.js';
import { FlvTally } from './flv-tally.js';

/** The first bytes of a payload that tell codec and key frames, and whether a sequence header is a new one. */
export const tagHeaderPeekBytes = 2048;

export interface FlvSurvey {
  /** Of the file's first tag; `undefined`: that is no metadata. */
  readonly head: FlvHead | undefined;
  /** All but the head. */
  readonly tally: FlvTally;
  /** Where the last whole tag ends. */
  readonly soundBytes: number;
  /** The newest tag; `undefined`: there is none. */
  readonly last: ScannedTag | undefined;
}

/**
 * Reads a file up to its first damage.
 *
 * @throws RtmpRemoteError where it is no FLV file
 */
export async function surveyFlv(file: FileHandle, size: number): Promise<FlvSurvey> {
  const scanner = new FlvScanner(file, size, { resync: false });
  await scanner.header();
  const tally = new FlvTally();
  let head: FlvHead | undefined;
  let last: ScannedTag | undefined;
  let soundBytes = scanner.offset;
  for (let item = await scanner.next(); item?.kind === 'tag'; item = await scanner.next()) {
    const isHead = item.offset === firstTagOffset;
    if (isHead) head = await readHead(scanner, item);
    if (!isHead || head === undefined) {
      tally.note(item.tagType, item.timestamp, await scanner.payload(item, tagHeaderPeekBytes), item.offset);
    }
    soundBytes = item.end;
    last = item;
  }
  return { head, tally, soundBytes, last };
}

/** The head of a file of which `tag` is the first. */
export async function readHead(scanner: FlvScanner, tag: ScannedTag): Promise<FlvHead | undefined> {
  if (tag.tagType !== flvTagTypes.script || tag.filtered) return undefined;
  const properties = readHeadProperties(await scanner.payload(tag));
  return properties && { properties, payloadBytes: tag.payloadBytes };
}
