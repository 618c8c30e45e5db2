/*
 * What is read of `moov` [ISO/IEC 14496-12 §8.2, §8.3, §8.4]:
 *
 *   moov ─┬─ mvhd             timescale and duration of the presentation
 *         ├─ trak … ─┬─ tkhd  number of the track
 *         │          ├─ edts ── elst: when the track begins, and with which of its media
 *         │          └─ mdia ─┬─ mdhd: timescale of its samples
 *         │                   └─ minf ── stbl: sample entries and tables
 *         └─ mvex ── trex …   defaults for fragments
 */
import { RtmpRemoteError } from '@millrace/protocol';
import { type Box, boxesIn, firstBox, int32At, int64At, uint16At, uint32At, uint64At } from './box.js';
import { type FragmentTrack, readDefaults } from './movie-fragment.js';
import { readSampleEntries, type SampleEntry } from './sample-entry.js';
import { SampleBudget, SampleTable } from './sample-table.js';
import { readSampleTables } from './sample-table-reader.js';

/** A track that is played: the first of its kind that can be. */
export interface MovieTrack extends FragmentTrack {
  readonly kind: SampleEntry['kind'];
  /** Ticks a second. */
  readonly timescale: number;
  /** As `eng`. */
  readonly language: string;
  /** By their numbers − 1; `undefined`: samples of this kind are left out. */
  readonly entries: readonly (SampleEntry | undefined)[];
}

export interface Movie {
  readonly video: MovieTrack | undefined;
  readonly audio: MovieTrack | undefined;
  readonly budget: SampleBudget;
  /** As the file says, ms; `undefined`: it does not. */
  readonly statedDurationMs: number | undefined;
}

const maxTracks = 256;

/** @throws RtmpRemoteError `ERR_MP4_…` */
export async function readMovie(bytes: Uint8Array, moov: Box, fileBytes: number): Promise<Movie> {
  const boxes = boxesIn(bytes, moov);
  const mvhd = readTimeHead(bytes, firstBox(boxes, 'mvhd'));
  const mvex = firstBox(boxes, 'mvex');
  const trexes = mvex === undefined ? [] : boxesIn(bytes, mvex).filter(({ type }) => type === 'trex');
  const budget = new SampleBudget();
  const tracks: { video?: MovieTrack; audio?: MovieTrack } = {};
  for (const trak of boxes.filter(({ type }) => type === 'trak').slice(0, maxTracks)) {
    const track = await readTrack(bytes, trak, { taken: tracks, timescale: mvhd.timescale, trexes, fileBytes, budget });
    if (track !== undefined) tracks[track.kind] = track;
  }
  if (tracks.video === undefined && tracks.audio === undefined) {
    throw new RtmpRemoteError('ERR_MP4_NO_TRACK', 'it has no track that can be played', { offset: moov.start });
  }
  const isStated = mvhd.duration > 0 && mvhd.timescale > 0 && mvhd.duration < unknownDuration;
  return {
    video: tracks.video,
    audio: tracks.audio,
    budget,
    statedDurationMs: isStated ? (mvhd.duration * 1000) / mvhd.timescale : undefined,
  };
}

/** All ones [§8.2.2]. */
const unknownDuration = 0xffff_ffff;

interface TrackContext {
  /** There is one of this kind already. */
  readonly taken: { readonly video?: MovieTrack; readonly audio?: MovieTrack };
  readonly timescale: number;
  readonly trexes: readonly Box[];
  readonly fileBytes: number;
  readonly budget: SampleBudget;
}

async function readTrack(bytes: Uint8Array, trak: Box, context: TrackContext): Promise<MovieTrack | undefined> {
  const boxes = boxesIn(bytes, trak);
  const mdia = firstBox(boxes, 'mdia');
  const inMedia = mdia === undefined ? [] : boxesIn(bytes, mdia);
  const minf = firstBox(inMedia, 'minf');
  const stbl = minf === undefined ? undefined : firstBox(boxesIn(bytes, minf), 'stbl');
  const tkhd = firstBox(boxes, 'tkhd');
  const stsd = stbl === undefined ? undefined : firstBox(boxesIn(bytes, stbl), 'stsd');
  if (tkhd === undefined || stbl === undefined || stsd === undefined) return undefined;
  const entries = readSampleEntries(bytes, stsd);
  const kind = entries.find((entry) => entry !== undefined)?.kind;
  const { timescale, language } = readTimeHead(bytes, firstBox(inMedia, 'mdhd'));
  if (kind === undefined || context.taken[kind] !== undefined || timescale === 0) return undefined;
  const edts = firstBox(boxes, 'edts');
  const elst = edts === undefined ? undefined : firstBox(boxesIn(bytes, edts), 'elst');
  const editTicks = elst === undefined ? 0 : readEditTicks(bytes, elst, timescale, context.timescale);
  const table = new SampleTable({ timescale, editTicks, fileBytes: context.fileBytes });
  const id = uint32At(bytes, tkhd.start + (bytes[tkhd.start] === 1 ? 20 : 12));
  const trex = context.trexes.find(({ start }) => uint32At(bytes, start + 4) === id);
  const nextTicks = await readSampleTables(bytes, stbl, table, context.budget);
  return {
    id,
    kind,
    timescale,
    language,
    // A track has one kind of media, whatever its entries say.
    entries: entries.map((entry) => (entry?.kind === kind ? entry : undefined)),
    table,
    defaults: trex === undefined ? { description: 1, duration: 0, size: 0, flags: 0 } : readDefaults(bytes, trex),
    nextTicks,
  };
}

/** `mvhd` and `mdhd` begin alike; what is not there is 0. */
function readTimeHead(
  bytes: Uint8Array,
  box: Box | undefined,
): { timescale: number; duration: number; language: string } {
  if (box === undefined) return { timescale: 0, duration: 0, language: 'und' };
  const isLong = bytes[box.start] === 1;
  const at = box.start + (isLong ? 20 : 12);
  if (at + 8 > box.end) return { timescale: 0, duration: 0, language: 'und' };
  return {
    timescale: uint32At(bytes, at),
    duration: isLong ? uint64At(bytes, at + 4) : uint32At(bytes, at + 4),
    language: languageOf(uint16At(bytes, at + (isLong ? 12 : 8))),
  };
}

/** Three letters of five bits each, from `a` = 1 on [§8.4.2]. */
function languageOf(code: number): string {
  const letters = [10, 5, 0].map((shift) => (code >> shift) & 31);
  if (letters.some((letter) => letter === 0 || letter > 26)) return 'und';
  return String.fromCharCode(...letters.map((letter) => letter + 0x60));
}

/**
 * What the edit list adds to the times of the samples: how long nothing is played at first, less the place of the media
 * that is played first. What it cuts out later, or repeats, is played as it stands in the file.
 */
function readEditTicks(bytes: Uint8Array, elst: Box, timescale: number, movieTimescale: number): number {
  const isLong = bytes[elst.start] === 1;
  const entryBytes = isLong ? 20 : 12;
  const count = Math.min(uint32At(bytes, elst.start + 4), Math.floor((elst.end - elst.start - 8) / entryBytes));
  let emptyTicks = 0;
  for (let i = 0; i < count; i += 1) {
    const at = elst.start + 8 + i * entryBytes;
    const duration = isLong ? uint64At(bytes, at) : uint32At(bytes, at);
    const mediaTime = isLong ? int64At(bytes, at + 8) : int32At(bytes, at + 4);
    if (mediaTime >= 0) return emptyTicks - mediaTime;
    if (movieTimescale > 0) emptyTicks += Math.round((duration * timescale) / movieTimescale);
  }
  return emptyTicks;
}
