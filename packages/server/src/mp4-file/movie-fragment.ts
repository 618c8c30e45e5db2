/*
 * A fragment [ISO/IEC 14496-12 §8.8]; the fields in brackets are there if the flags say so:
 *
 *   moof ─┬─ mfhd
 *         └─ traf … ─┬─ tfhd   flags, track UI32, [base offset UI64, description, duration, size, sample flags, UI32 each]
 *                    ├─ tfdt   version, time of the first sample UI32 or UI64
 *                    └─ trun … flags, samples UI32, [data offset SI32, first sample's flags UI32],
 *                              each sample: [duration UI32, size UI32, flags UI32, composition SI32]
 */
import { RtmpRemoteError } from '@millrace/protocol';
import { type Box, boxesIn, firstBox, int32At, uint32At, uint64At } from './box.js';
import type { SampleBudget, SampleTable } from './sample-table.js';

/** What holds for the samples of a track, where a fragment does not say otherwise (`trex`). */
export interface FragmentDefaults {
  readonly description: number;
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** A track that fragments may add to. */
export interface FragmentTrack {
  readonly id: number;
  readonly table: SampleTable;
  readonly defaults: FragmentDefaults;
  /** Time of its next sample, where a fragment does not say one. */
  nextTicks: number;
}

/** sample_is_non_sync_sample, or sample_depends_on = 1: others are needed to decode it. */
const nonKeyFlags = 0x0101_0000;
const maxDescription = 0xffff;

/**
 * Adds the samples of a `moof` box to their tracks. `offset`: of the box in the file, from which places are counted.
 *
 * @throws RtmpRemoteError `ERR_MP4_TABLE`, `ERR_MP4_TOO_MANY_SAMPLES`
 */
export function readFragment(
  bytes: Uint8Array,
  moof: Box,
  offset: number,
  tracks: readonly FragmentTrack[],
  budget: SampleBudget,
): void {
  let dataEnd = offset;
  for (const traf of boxesIn(bytes, moof)) {
    if (traf.type !== 'traf') continue;
    const boxes = boxesIn(bytes, traf);
    const tfhd = firstBox(boxes, 'tfhd');
    if (tfhd === undefined) continue;
    const track = tracks.find(({ id }) => id === uint32At(bytes, tfhd.start + 4));
    const head = readTrackHead(bytes, tfhd, track?.defaults ?? noDefaults);
    const tfdt = firstBox(boxes, 'tfdt');
    if (tfdt !== undefined && track !== undefined) {
      const isLong = bytes[tfdt.start] === 1;
      track.nextTicks = isLong ? uint64At(bytes, tfdt.start + 4) : uint32At(bytes, tfdt.start + 4);
    }
    const base = head.baseOffset ?? (head.isFromMoof ? offset : dataEnd);
    let at = base;
    for (const trun of boxes) {
      if (trun.type !== 'trun') continue;
      at = readRun(bytes, trun, { at, base, defaults: head.defaults }, track, budget);
    }
    dataEnd = at;
  }
}

const noDefaults: FragmentDefaults = { description: 1, duration: 0, size: 0, flags: 0 };

/** The five numbers of a `trex` box after its track. */
export function readDefaults(bytes: Uint8Array, trex: Box): FragmentDefaults {
  const at = trex.start + 8;
  return {
    description: Math.min(maxDescription, uint32At(bytes, at)),
    duration: uint32At(bytes, at + 4),
    size: uint32At(bytes, at + 8),
    flags: uint32At(bytes, at + 12),
  };
}

interface TrackHead {
  readonly defaults: FragmentDefaults;
  readonly baseOffset: number | undefined;
  readonly isFromMoof: boolean;
}

function readTrackHead(bytes: Uint8Array, tfhd: Box, trex: FragmentDefaults): TrackHead {
  const flags = uint32At(bytes, tfhd.start);
  let at = tfhd.start + 8;
  const next = (flag: number, otherwise: number): number => {
    if ((flags & flag) === 0) return otherwise;
    at += 4;
    return uint32At(bytes, at - 4);
  };
  let baseOffset: number | undefined;
  if ((flags & 0x1) !== 0) {
    baseOffset = uint64At(bytes, at);
    at += 8;
  }
  const defaults = {
    description: Math.min(maxDescription, next(0x2, trex.description)),
    duration: next(0x8, trex.duration),
    size: next(0x10, trex.size),
    flags: next(0x20, trex.flags),
  };
  return { defaults, baseOffset, isFromMoof: (flags & 0x2_0000) !== 0 };
}

/** Returns where the data of the run ends. */
function readRun(
  bytes: Uint8Array,
  trun: Box,
  from: { readonly at: number; readonly base: number; readonly defaults: FragmentDefaults },
  track: FragmentTrack | undefined,
  budget: SampleBudget,
): number {
  const flags = uint32At(bytes, trun.start);
  const count = uint32At(bytes, trun.start + 4);
  const { defaults } = from;
  let at = trun.start + 8;
  let place = from.at;
  if ((flags & 0x1) !== 0) {
    place = Math.max(0, from.base + int32At(bytes, at));
    at += 4;
  }
  let firstFlags: number | undefined;
  if ((flags & 0x4) !== 0) {
    firstFlags = uint32At(bytes, at);
    at += 4;
  }
  const [hasDuration, hasSize] = [(flags & 0x100) !== 0, (flags & 0x200) !== 0];
  const [hasFlags, hasComposition] = [(flags & 0x400) !== 0, (flags & 0x800) !== 0];
  const sampleBytes = 4 * [hasDuration, hasSize, hasFlags, hasComposition].filter(Boolean).length;
  if (at > trun.end || count * sampleBytes > trun.end - at) {
    throw new RtmpRemoteError('ERR_MP4_TABLE', 'a run has fewer bytes than it says', { offset: trun.start });
  }
  budget.take(count);
  track?.table.beginRun(place, defaults.description);
  for (let i = 0; i < count; i += 1) {
    const next = (isThere: boolean, otherwise: number): number => {
      if (!isThere) return otherwise;
      at += 4;
      return uint32At(bytes, at - 4);
    };
    const duration = next(hasDuration, defaults.duration);
    const size = next(hasSize, defaults.size);
    const own = next(hasFlags, i === 0 && firstFlags !== undefined ? firstFlags : defaults.flags);
    const composition = next(hasComposition, 0) | 0;
    place += size;
    if (track === undefined) continue;
    track.table.append(track.nextTicks, duration, composition, size, (own & nonKeyFlags) === 0);
    track.nextTicks += duration;
  }
  return place;
}
