/*
 * The beginning of a file [ISO/IEC 14496-12 §8.1, §8.2].
 *
 *   +------+-----------------+------------------------------------------------------------------+------
 *   | ftyp | free: who wrote | moov { mvhd, trak { tkhd, mdia { mdhd, hdlr, minf { …, stbl } } },  | media …
 *   |      | it and for whom | mvex { mehd, trex }: only where fragments follow }                |
 *   +------+-----------------+------------------------------------------------------------------+------
 *
 * All times are milliseconds, as in FLV: nothing is rounded. Edit lists only say how late a track begins whose samples
 * are in tables: a frame's presentation time is its decoding time and its offset, from 0 on.
 */

import type { Mp4Track } from './mp4-track.js';
import { box, fullBox, u16, u32, u64 } from './mp4-write-box.js';

export const timescale = 1000;

/** How a track's samples are told. */
interface TrackSamples {
  /** From time 0, ms. */
  readonly endMs: number;
  /** Decoding time of the first, which tables cannot tell: they begin with 0. */
  readonly startMs: number;
  /** Length of all, ms. */
  readonly durationMs: number;
  readonly tables: readonly Uint8Array[];
}

export type RecordedFor = 'publisher' | 'server';

/** `recordedFor`: absent where nothing was recorded. */
export function fileType(recordedFor?: RecordedFor): Buffer {
  const brands = Buffer.from('isom\0\0\x02\0isomiso6avc1mp41', 'latin1');
  const mark = recordedFor === undefined ? 'millrace' : `${recordingMark}${recordedFor}`;
  return Buffer.concat([box('ftyp', brands), box('free', Buffer.from(mark, 'latin1'))]);
}

const recordingMark = 'millrace recordedFor=';

/** Whether these first bytes of a file (128 are enough) are those of a recording of ours, and for whom it was made. */
export function recordingOf(firstBytes: Buffer): RecordedFor | undefined {
  const text = firstBytes.toString('latin1', 0, 128);
  const at = text.indexOf(recordingMark);
  if (text.slice(4, 8) !== 'ftyp' || at < 0) return undefined;
  const rest = text.slice(at + recordingMark.length);
  if (rest.startsWith('publisher')) return 'publisher';
  return rest.startsWith('server') ? 'server' : undefined;
}

export interface HeadDurations {
  /** Of the track with this id, ms. */
  readonly of: (trackId: number) => number;
}

/** `moov` of a file whose media follow in fragments. Its length depends on the tracks alone. */
export function fragmentedMovie(tracks: readonly Mp4Track[], { of }: HeadDurations): Buffer {
  const longest = Math.max(0, ...tracks.map(({ id }) => of(id)));
  const defaults = tracks.map(({ id }) => fullBox('trex', 0, 0, u32(id, 1, 0, 0, 0)));
  const followed = box('mvex', fullBox('mehd', 1, 0, u64(longest)), ...defaults);
  const samplesOf = ({ id }: Mp4Track): TrackSamples => {
    return { endMs: of(id), startMs: 0, durationMs: of(id), tables: emptyTables };
  };
  return movie(tracks, samplesOf, followed);
}

/** `moov` of a file whose media are in one place. */
export function wholeMovie(tracks: readonly Mp4Track[], samplesOf: (track: Mp4Track) => TrackSamples): Buffer {
  return movie(tracks, samplesOf);
}

const emptyTables = [
  fullBox('stts', 0, 0, u32(0)),
  fullBox('stsc', 0, 0, u32(0)),
  fullBox('stsz', 0, 0, u32(0, 0)),
  fullBox('stco', 0, 0, u32(0)),
];

const matrix = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000);
const undefinedLanguage = 0x55c4;

function movie(
  tracks: readonly Mp4Track[],
  samplesOf: (track: Mp4Track) => TrackSamples,
  ...more: readonly Buffer[]
): Buffer {
  const samples = tracks.map((track) => ({ track, ...samplesOf(track) }));
  const longest = Math.max(0, ...samples.map(({ endMs }) => endMs));
  const movieHeader = fullBox(
    'mvhd',
    1,
    0,
    ...[u64(0), u64(0), u32(timescale), u64(longest)],
    ...[u32(0x1_0000), u16(0x100, 0), u32(0, 0), matrix, u32(0, 0, 0, 0, 0, 0), u32(tracks.length + 1)],
  );
  const traks = samples.map((each) => trak(each.track, each, isFirstOfKind(tracks, each.track)));
  return box('moov', movieHeader, ...traks, ...more);
}

/** Of several tracks of a kind, players show the first. */
function isFirstOfKind(tracks: readonly Mp4Track[], track: Mp4Track): boolean {
  return tracks.find(({ kind }) => kind === track.kind) === track;
}

function trak(track: Mp4Track, samples: TrackSamples, isEnabled: boolean): Buffer {
  const { endMs, startMs, durationMs, tables } = samples;
  const { id, kind, size, entries } = track;
  const isVideo = kind === 'video';
  const inMovie = 2;
  const [group, volume] = isVideo ? [0, 0] : [1, 0x100];
  const header = fullBox(
    'tkhd',
    1,
    inMovie | (isEnabled ? 1 : 0),
    ...[u64(0), u64(0), u32(id, 0), u64(endMs), u32(0, 0), u16(0, group, volume, 0), matrix],
    u32(isVideo ? size.width * 0x1_0000 : 0, isVideo ? size.height * 0x1_0000 : 0),
  );
  const mediaHeader = fullBox('mdhd', 1, 0, u64(0), u64(0), u32(timescale), u64(durationMs), u16(undefinedLanguage, 0));
  const name = isVideo ? 'VideoHandler\0' : 'SoundHandler\0';
  const handler = fullBox(
    'hdlr',
    0,
    0,
    ...[u32(0), Buffer.from(isVideo ? 'vide' : 'soun'), u32(0, 0, 0), Buffer.from(name)],
  );
  const kindHeader = isVideo ? fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)) : fullBox('smhd', 0, 0, u32(0));
  const here = fullBox('url ', 0, 1);
  const data = box('dinf', fullBox('dref', 0, 0, u32(1), here));
  const table = box('stbl', fullBox('stsd', 0, 0, u32(entries.length), ...entries), ...tables);
  const mdia = box('mdia', mediaHeader, handler, box('minf', kindHeader, data, table));
  return startMs === 0 ? box('trak', header, mdia) : box('trak', header, lateStart(startMs, durationMs), mdia);
}

/** Nothing for so long, then all there is [§8.6.6]. */
function lateStart(startMs: number, durationMs: number): Buffer {
  const nothing = Buffer.alloc(8, 0xff);
  const normalSpeed = u32(0x1_0000);
  const edits = [u64(startMs), nothing, normalSpeed, u64(durationMs), u64(0), normalSpeed];
  return box('edts', fullBox('elst', 1, 0, u32(2), ...edits));
}
