import type { FileHandle } from 'node:fs/promises';
import { encodeFlvTag, flvTagHeaderBytes, flvTagTrailerBytes } from '@millrace/protocol';
import { closeFlv } from './finish-flv.js';
import { type FlvHead, firstTagOffset, headBytes, headWith } from './flv-head.js';
import { type FlvDamage, FlvScanner, type ScannedTag } from './flv-scanner.js';
import { FlvTally } from './flv-tally.js';
import { readHead, tagHeaderPeekBytes } from './survey-flv.js';
import { writeAll } from './write-all.js';

/** What of a file was kept and what was not. */
export interface RewriteReport {
  readonly keptTags: number;
  readonly damages: readonly FlvDamage[];
  readonly lostBytes: number;
  /** PreviousTagSizes that were missing or wrong. */
  readonly mendedTrailers: number;
  readonly durationMs: number;
  readonly keyFrameCount: number;
  /** Length of the new file. */
  readonly bytes: number;
}

/** Of what is done, between 0 and 1. */
export type Progress = (share: number) => void;

/** Of a hostile file there can be millions; a report has room for these. */
export const maxReportedDamages = 1000;
const batchBytes = 1024 * 1024;

/**
 * Copies what is sound of a file into an empty one, with a head that has duration, size and an index. The whole file is
 * never in memory; it is read twice. Rejects with the system's errors.
 *
 * @throws RtmpRemoteError where `source` is no FLV file
 */
export async function rewriteFlv(
  source: FileHandle,
  target: FileHandle,
  onProgress: Progress = () => undefined,
): Promise<RewriteReport> {
  const { size } = await source.stat();
  const plan = await planRewrite(source, size, (share) => onProgress(share / 2));
  await copyTags(source, size, target, plan, (share) => onProgress(0.5 + share / 2));
  await closeFlv(target, plan.head, plan.tally, plan.report.bytes);
  return plan.report;
}

interface Plan {
  readonly head: FlvHead;
  /** Of the old head, which is not copied; -1: there is none. */
  readonly oldHeadOffset: number;
  readonly tally: FlvTally;
  readonly report: RewriteReport;
}

async function planRewrite(source: FileHandle, size: number, onProgress: Progress): Promise<Plan> {
  const scanner = new FlvScanner(source, size, { resync: true });
  await scanner.header();
  const oldHead = await readOldHead(source, size);
  const head = headWith(oldHead?.properties ?? new Map());
  const oldHeadOffset = oldHead === undefined ? -1 : firstTagOffset;
  const tally = new FlvTally();
  const damages: FlvDamage[] = [];
  let bytes = headBytes(head);
  let [keptTags, lostBytes, mendedTrailers] = [0, 0, 0];
  for (let item = await scanner.next(); item !== undefined; item = await scanner.next()) {
    onProgress(scanner.offset / size);
    if (item.kind === 'damage') {
      lostBytes += item.end - item.offset;
      if (damages.length < maxReportedDamages) damages.push(item);
      continue;
    }
    if (!item.hasTrailer) mendedTrailers += 1;
    if (item.offset === oldHeadOffset) continue;
    keptTags += 1;
    tally.note(item.tagType, item.timestamp, await scanner.payload(item, tagHeaderPeekBytes), bytes);
    bytes += flvTagHeaderBytes + item.payloadBytes + flvTagTrailerBytes;
  }
  const { durationMs, keyFrameCount } = tally;
  const report = { keptTags, damages, lostBytes, mendedTrailers, durationMs, keyFrameCount, bytes };
  return { head, oldHeadOffset, tally, report };
}

async function readOldHead(source: FileHandle, size: number): Promise<FlvHead | undefined> {
  const scanner = new FlvScanner(source, size, { resync: false });
  await scanner.header();
  const first = await scanner.next();
  return first?.kind === 'tag' && first.offset === firstTagOffset ? readHead(scanner, first) : undefined;
}

async function copyTags(
  source: FileHandle,
  size: number,
  target: FileHandle,
  { head, oldHeadOffset }: Plan,
  onProgress: Progress,
): Promise<void> {
  const scanner = new FlvScanner(source, size, { resync: true });
  await scanner.header();
  let position = headBytes(head);
  let batch: Uint8Array[] = [];
  let batched = 0;
  const flush = async (): Promise<void> => {
    await writeAll(target, batch, position);
    position += batched;
    batch = [];
    batched = 0;
  };
  for (let item = await scanner.next(); item !== undefined; item = await scanner.next()) {
    if (item.kind === 'damage' || item.offset === oldHeadOffset) continue;
    const tag = await copyOfTag(scanner, item);
    batch.push(tag);
    batched += tag.length;
    if (batched >= batchBytes) await flush();
    onProgress(scanner.offset / size);
  }
  await flush();
}

async function copyOfTag(scanner: FlvScanner, item: ScannedTag): Promise<Uint8Array> {
  const tag = encodeFlvTag(item.tagType, item.timestamp, await scanner.payload(item));
  if (item.filtered) tag[0] = item.tagType | 0x20;
  return tag;
}
