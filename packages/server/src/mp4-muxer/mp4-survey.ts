import type { FileHandle } from 'node:fs/promises';
import type { FragmentTrack, Mp4Sample } from './mp4-fragment.js';
import { recordingOf } from './mp4-head.js';
import { Mp4Tally } from './mp4-tally.js';

/** What a recording of ours has in it that was cut short. */
export interface Mp4Survey {
  /** `ftyp` to `moov`. */
  readonly head: Buffer;
  /** Track whose key frames are indexed. */
  readonly indexedId: number;
  readonly tally: Mp4Tally;
  /** Where the last whole fragment ends. */
  readonly soundBytes: number;
}

const maxHeadBytes = 16 * 1024 * 1024;
const maxMoofBytes = 64 * 1024 * 1024;
const boxHeadBytes = 16;

/**
 * Reads the boxes of a recording up to the first that is not whole. `undefined`: it ends within its head. Rejects with
 * the system's errors.
 */
export async function surveyMp4(file: FileHandle): Promise<Mp4Survey | undefined> {
  const { size } = await file.stat();
  const moov = await findMovie(file, size);
  if (moov === undefined) return undefined;
  const head = await readBytes(file, 0, moov.end);
  const indexedId = firstTrackId(head);
  if (indexedId === undefined) return undefined;
  const tally = new Mp4Tally();
  let soundBytes = moov.end;
  for (;;) {
    const moof = await readBoxAt(file, soundBytes, size);
    if (moof?.type !== 'moof' || moof.end - moof.start > maxMoofBytes) break;
    const mdat = await readBoxAt(file, moof.end, size);
    if (mdat?.type !== 'mdat') break;
    const tracks = readTracks(await readBytes(file, moof.start, moof.end - moof.start));
    if (tracks === undefined) break;
    tally.note(tracks, indexedId, moof.start);
    soundBytes = mdat.end;
  }
  return { head, indexedId, tally, soundBytes };
}

interface BoxPlace {
  readonly type: string;
  readonly start: number;
  /** Of the content. */
  readonly content: number;
  readonly end: number;
}

async function findMovie(file: FileHandle, size: number): Promise<BoxPlace | undefined> {
  for (let at = 0; at < maxHeadBytes; ) {
    const found = await readBoxAt(file, at, size);
    if (found === undefined || found.type === 'moov') return found;
    at = found.end;
  }
  return undefined;
}

/** `undefined`: it is not whole. */
async function readBoxAt(file: FileHandle, position: number, size: number): Promise<BoxPlace | undefined> {
  const bytes = await readBytes(file, position, Math.min(boxHeadBytes, size - position));
  const found = boxIn(bytes, 0, size - position);
  return found && { ...found, start: position, content: position + found.content, end: position + found.end };
}

/** The box at `at`, if it ends before `limit`. */
function boxIn(bytes: Buffer, at: number, limit: number): BoxPlace | undefined {
  if (at + 8 > bytes.length) return undefined;
  const short = bytes.readUInt32BE(at);
  const isLong = short === 1;
  if (isLong && at + 16 > bytes.length) return undefined;
  const length = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : short;
  const content = at + (isLong ? 16 : 8);
  const end = at + length;
  if (end < content || end > limit) return undefined;
  return { type: bytes.toString('latin1', at + 4, at + 8), start: at, content, end };
}

function boxesIn(bytes: Buffer, from: number, to: number): BoxPlace[] {
  const boxes: BoxPlace[] = [];
  for (let at = from; at < to; ) {
    const found = boxIn(bytes, at, to);
    if (found === undefined) break;
    boxes.push(found);
    at = found.end;
  }
  return boxes;
}

/** The samples that a `moof` of ours tells of, without their bytes. `undefined`: it is none of ours. */
function readTracks(moof: Buffer): readonly FragmentTrack[] | undefined {
  const tracks: FragmentTrack[] = [];
  for (const traf of boxesIn(moof, 8, moof.length).filter(({ type }) => type === 'traf')) {
    const [tfhd, tfdt, trun] = boxesIn(moof, traf.content, traf.end);
    if (tfhd?.type !== 'tfhd' || tfdt?.type !== 'tfdt' || trun?.type !== 'trun') return undefined;
    if (tfhd.end - tfhd.content < 8 || tfdt.end - tfdt.content < 12 || trun.end - trun.content < 12) return undefined;
    const count = moof.readUInt32BE(trun.content + 4);
    if (moof.readUIntBE(trun.content + 1, 3) !== ourRunFlags || trun.end - trun.content !== 12 + count * 16)
      return undefined;
    const id = moof.readUInt32BE(tfhd.content + 4);
    const startMs = Number(moof.readBigUInt64BE(tfdt.content + 4));
    tracks.push({ id, samples: readRun(moof, trun.content + 12, count, startMs) });
  }
  return tracks;
}

const ourRunFlags = 0xf01;
const isOtherSample = 0x1_0000;
const noBytes = new Uint8Array(0);

function readRun(moof: Buffer, from: number, count: number, startMs: number): Mp4Sample[] {
  let timeMs = startMs;
  return Array.from({ length: count }, (_, i) => {
    const at = from + i * 16;
    const durationMs = moof.readUInt32BE(at);
    const isSync = (moof.readUInt32BE(at + 8) & isOtherSample) === 0;
    const sample = { data: noBytes, timeMs, durationMs, offsetMs: moof.readInt32BE(at + 12), isSync };
    timeMs += durationMs;
    return sample;
  });
}

function firstTrackId(head: Buffer): number | undefined {
  const at = head.indexOf('tkhd');
  return at < 0 || at + 28 > head.length ? undefined : head.readUInt32BE(at + 24);
}

/** A copy of `head` that says how long everything is. */
export function withDurations(head: Buffer, tally: Mp4Tally): Buffer {
  const bytes = Buffer.from(head);
  let trackId = 0;
  const visit = (from: number, to: number): void => {
    for (const { type, content, end } of boxesIn(bytes, from, to)) {
      if (type === 'tkhd' && end - content >= 24) trackId = bytes.readUInt32BE(content + 20);
      const place = durationPlaces[type];
      if (containers.includes(type)) visit(content, end);
      else if (place !== undefined && content + place.offset + 8 <= end) {
        const durationMs = place.ofTrack ? tally.durationOf(trackId) : tally.durationMs;
        bytes.writeBigUInt64BE(BigInt(durationMs), content + place.offset);
      }
    }
  };
  visit(0, bytes.length);
  return bytes;
}

const containers: readonly string[] = ['moov', 'trak', 'mdia', 'mvex'];
/** Where the duration is in the content of the boxes that have one, as `mp4-head` writes them. */
const durationPlaces: Readonly<Record<string, { readonly offset: number; readonly ofTrack: boolean }>> = {
  mvhd: { offset: 24, ofTrack: false },
  mehd: { offset: 4, ofTrack: false },
  tkhd: { offset: 28, ofTrack: true },
  mdhd: { offset: 24, ofTrack: true },
};

async function readBytes(file: FileHandle, position: number, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, count));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, position + filled);
    // Somebody cut the file in the meantime.
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Whether the file begins as our recordings do. Rejects with the system's errors. */
export async function isOurMp4(file: FileHandle): Promise<boolean> {
  return recordingOf(await readBytes(file, 0, 128)) !== undefined;
}
