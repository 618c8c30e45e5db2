/*
 * A fragment [ISO/IEC 14496-12 §8.8]: what its samples are, then the samples, those of a track together.
 *
 *   +-----------------------------------------------------------------+---------------------------+
 *   | moof { mfhd, traf { tfhd, tfdt, trun { a line for each sample } } …} | mdat { samples of a track … } |
 *   +-----------------------------------------------------------------+---------------------------+
 */
import { box, fullBox, mdatHeader, u32, u64 } from './mp4-write-box.js';

export interface Mp4Sample {
  /** Views of what was received. */
  readonly data: Uint8Array;
  /** Decoding time, ms. */
  readonly timeMs: number;
  readonly durationMs: number;
  /** Presentation minus decoding time, ms. */
  readonly offsetMs: number;
  readonly isSync: boolean;
  /** Number of its description, from 1 on. Absent: 1. In fragments it is always 1. */
  readonly entry?: number;
}

export interface FragmentTrack {
  readonly id: number;
  /** At least one. */
  readonly samples: readonly Mp4Sample[];
}

const baseIsMoof = 0x02_0000;
/** Data offset; of each sample: duration, size, flags, composition offset. */
const runFlags = 0xf01;
const bytesPerSample = 16;
/** `sample_depends_on` no other; or on others, and no sync sample [§8.8.3.1]. */
const syncFlags = 0x0200_0000;
const otherFlags = 0x0101_0000;

/** `moof`, the head of `mdat`, and the samples: nothing is copied. */
export function encodeFragment(sequence: number, tracks: readonly FragmentTrack[]): Uint8Array[] {
  const sizes = tracks.map(({ samples }) => samples.reduce((sum, { data }) => sum + data.length, 0));
  const mdat = mdatHeader(sizes.reduce((sum, size) => sum + size, 0));
  // The offsets of the runs do not change the length.
  const moofBytes = encodeMoof(sequence, tracks, () => 0).length;
  const offsets = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, moofBytes + mdat.length));
  const moof = encodeMoof(sequence, tracks, (i) => offsets[i] ?? 0);
  return [moof, mdat, ...tracks.flatMap(({ samples }) => samples.map(({ data }) => data))];
}

function encodeMoof(sequence: number, tracks: readonly FragmentTrack[], offsetOf: (index: number) => number): Buffer {
  const trafs = tracks.map(({ id, samples }, i) => {
    const start = fullBox('tfdt', 1, 0, u64(samples[0]?.timeMs ?? 0));
    return box('traf', fullBox('tfhd', 0, baseIsMoof, u32(id)), start, run(samples, offsetOf(i)));
  });
  return box('moof', fullBox('mfhd', 0, 0, u32(sequence)), ...trafs);
}

function run(samples: readonly Mp4Sample[], dataOffset: number): Buffer {
  const table = Buffer.allocUnsafe(samples.length * bytesPerSample);
  samples.forEach(({ data, durationMs, offsetMs, isSync }, i) => {
    const at = i * bytesPerSample;
    table.writeUInt32BE(durationMs, at);
    table.writeUInt32BE(data.length, at + 4);
    table.writeUInt32BE(isSync ? syncFlags : otherFlags, at + 8);
    table.writeInt32BE(offsetMs, at + 12);
  });
  return fullBox('trun', 1, runFlags, u32(samples.length, dataOffset), table);
}

/** Where players find the key frames of a track. */
export interface FragmentIndex {
  readonly trackId: number;
  /** Presentation times of the first samples of fragments, ms. */
  readonly times: readonly number[];
  /** Where their `moof`s are. The track is the first in each. */
  readonly positions: readonly number[];
}

/** `mfra`, the last box of a file [§8.8.9 – §8.8.11]. */
export function encodeFragmentIndex({ trackId, times, positions }: FragmentIndex): Buffer {
  const entryBytes = 8 + 8 + 3;
  const table = Buffer.alloc(times.length * entryBytes);
  times.forEach((timeMs, i) => {
    table.writeBigUInt64BE(BigInt(Math.max(0, timeMs)), i * entryBytes);
    table.writeBigUInt64BE(BigInt(positions[i] ?? 0), i * entryBytes + 8);
    // The numbers of the track in the fragment, of the run and of the sample: the first.
    table.fill(1, i * entryBytes + 16, (i + 1) * entryBytes);
  });
  const access = fullBox('tfra', 1, 0, u32(trackId, 0, times.length), table);
  const offsetBytes = 16;
  return box('mfra', access, fullBox('mfro', 0, 0, u32(8 + access.length + offsetBytes)));
}
