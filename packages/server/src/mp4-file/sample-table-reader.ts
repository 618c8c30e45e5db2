/*
 * The tables of a track [ISO/IEC 14496-12 §8.6, §8.7], each with version and flags, then a count of entries:
 *
 *   stts   samples UI32, duration UI32                   stsz   size of all UI32, count UI32, or each size UI32
 *   ctts   samples UI32, offset SI32                     stz2   24 bits reserved, bits of a size UI8, count UI32, sizes
 *   stsc   first chunk, samples, description, UI32 each  stco   offset UI32
 *   stss   number of a key frame UI32                    co64   offset UI64
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RtmpRemoteError } from '@millrace/protocol';
import { type Box, boxesIn, firstBox, int32At, uint16At, uint32At, uint64At } from './box.js';
import type { SampleBudget, SampleTable } from './sample-table.js';

interface Table {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly count: number;
}

const emptyTable: Table = { bytes: new Uint8Array(), at: 0, count: 0 };
const maxDescription = 0xffff;
/** So many are read in a few milliseconds; then whoever else waits has a turn. */
const samplesPerTurn = 32_768;

/**
 * Puts the samples of a `stbl` box into a table. Resolves with the time of its end, ticks.
 *
 * @throws RtmpRemoteError `ERR_MP4_TABLE`: one has fewer bytes than entries; `ERR_MP4_TOO_MANY_SAMPLES`
 */
export async function readSampleTables(
  bytes: Uint8Array,
  stbl: Box,
  into: SampleTable,
  budget: SampleBudget,
): Promise<number> {
  const boxes = boxesIn(bytes, stbl);
  const find = (type: string, entryBytes: number): Table => readTable(bytes, firstBox(boxes, type), entryBytes);
  const sizes = readSizes(bytes, boxes, budget);
  const times = new Runs(find('stts', 8), uint32At);
  const compositions = new Runs(find('ctts', 8), int32At);
  const keys = firstBox(boxes, 'stss') === undefined ? undefined : new KeyNumbers(find('stss', 4));
  const long = find('co64', 8);
  const chunks = long.count > 0 ? long : find('stco', 4);
  const groups = find('stsc', 12);
  let decodeTicks = 0;
  let sample = 0;
  let group = 0;
  let turnEnd = samplesPerTurn;
  for (let chunk = 0; chunk < chunks.count && sample < sizes.count; chunk += 1) {
    while (group + 1 < groups.count && uint32At(bytes, groups.at + (group + 1) * 12) <= chunk + 1) group += 1;
    const inChunk = groups.count === 0 ? 0 : uint32At(bytes, groups.at + group * 12 + 4);
    const description = Math.min(maxDescription, uint32At(bytes, groups.at + group * 12 + 8));
    const place = chunks === long ? uint64At(bytes, chunks.at + chunk * 8) : uint32At(bytes, chunks.at + chunk * 4);
    into.beginRun(place, description);
    const end = Math.min(sizes.count, sample + inChunk);
    for (; sample < end; sample += 1) {
      const duration = times.next();
      const isKey = keys === undefined || keys.has(sample + 1);
      into.append(decodeTicks, duration, compositions.next(), sizes.at(sample), isKey);
      decodeTicks += duration;
      if (sample < turnEnd) continue;
      turnEnd += samplesPerTurn;
      await nextTurn();
    }
  }
  return decodeTicks;
}

interface Sizes {
  readonly count: number;
  at(index: number): number;
}

function readSizes(bytes: Uint8Array, boxes: readonly Box[], budget: SampleBudget): Sizes {
  const stsz = firstBox(boxes, 'stsz');
  const stz2 = firstBox(boxes, 'stz2');
  const box = stsz ?? stz2;
  if (box === undefined) return { count: 0, at: () => 0 };
  const count = uint32At(bytes, box.start + 8);
  const first = box.start + 12;
  if (first > box.end) throw tableError(box);
  budget.take(count);
  const needsBytes = (bits: number): void => {
    if (count * bits > (box.end - first) * 8) throw tableError(box);
  };
  if (box === stsz) {
    const size = uint32At(bytes, box.start + 4);
    if (size !== 0) return { count, at: () => size };
    needsBytes(32);
    return { count, at: (index) => uint32At(bytes, first + index * 4) };
  }
  const bits = bytes[box.start + 7] ?? 0;
  if (bits !== 4 && bits !== 8 && bits !== 16) throw tableError(box);
  needsBytes(bits);
  if (bits === 16) return { count, at: (index) => uint16At(bytes, first + index * 2) };
  if (bits === 8) return { count, at: (index) => bytes[first + index] ?? 0 };
  return { count, at: (index) => ((bytes[first + (index >> 1)] ?? 0) >> (index % 2 === 0 ? 4 : 0)) & 0x0f };
}

function readTable(bytes: Uint8Array, box: Box | undefined, entryBytes: number): Table {
  if (box === undefined) return emptyTable;
  const count = uint32At(bytes, box.start + 4);
  const at = box.start + 8;
  if (at > box.end || count * entryBytes > box.end - at) throw tableError(box);
  return { bytes, at, count };
}

function tableError({ type, start }: Box): RtmpRemoteError {
  return new RtmpRemoteError('ERR_MP4_TABLE', `its table ${type} has fewer bytes than it says`, { offset: start });
}

/** One value for each sample out of runs of them. Behind the last run its value counts on. */
class Runs {
  readonly #table: Table;
  readonly #read: (bytes: Uint8Array, at: number) => number;
  #run = -1;
  #left = 0;
  #value = 0;

  constructor(table: Table, read: (bytes: Uint8Array, at: number) => number) {
    this.#table = table;
    this.#read = read;
  }

  next(): number {
    const { bytes, at, count } = this.#table;
    while (this.#left === 0 && this.#run + 1 < count) {
      this.#run += 1;
      const entry = at + this.#run * 8;
      this.#left = uint32At(bytes, entry);
      if (this.#left > 0) this.#value = this.#read(bytes, entry + 4);
    }
    if (this.#left > 0) this.#left -= 1;
    return this.#value;
  }
}

/** Asked in rising order. */
class KeyNumbers {
  readonly #table: Table;
  #index = 0;

  constructor(table: Table) {
    this.#table = table;
  }

  has(number: number): boolean {
    const { bytes, at, count } = this.#table;
    while (this.#index < count && uint32At(bytes, at + this.#index * 4) < number) this.#index += 1;
    return this.#index < count && uint32At(bytes, at + this.#index * 4) === number;
  }
}
