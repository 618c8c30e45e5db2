import { GrowingArray } from '../mp4-file/index.js';
import type { Mp4Sample } from './mp4-fragment.js';
import { fullBox, u32 } from './mp4-write-box.js';

/** Values of which many in a row are equal. */
class Runs<T extends Int32Array | Uint32Array> {
  readonly counts = new GrowingArray(Uint32Array);
  readonly values: GrowingArray<T>;

  constructor(make: new (length: number) => T) {
    this.values = new GrowingArray(make);
  }

  push(value: number): void {
    const last = this.counts.length - 1;
    if (last >= 0 && this.values.last === value) this.counts.set(last, this.counts.at(last) + 1);
    else {
      this.counts.push(1);
      this.values.push(value);
    }
  }
}

/** The tables of one track [ISO/IEC 14496-12 §8.6, §8.7]: about 12 bytes a sample in memory. */
export class SampleTables {
  sampleCount = 0;
  durationMs = 0;
  /** Decoding time of the first sample. */
  startMs = 0;
  #shownMs = 0;
  readonly #durations = new Runs(Uint32Array);
  readonly #offsets = new Runs(Int32Array);
  readonly #sizes = new GrowingArray(Uint32Array);
  readonly #syncs = new GrowingArray(Uint32Array);
  readonly #chunkOffsets = new GrowingArray(Float64Array);
  /** Chunks with equally many samples of one description: the first of them, the samples, the description. */
  readonly #chunkRuns: [number, number, number][] = [];
  #chunkSamples = 0;
  #chunkEntry = 0;

  /** What is shown last ends then, ms from time 0. */
  get endMs(): number {
    return Math.max(this.startMs + this.durationMs, this.#shownMs);
  }

  /** `offset`: of the sample from the beginning of all media. `isNew`: others' samples lie before it. */
  add(sample: Mp4Sample, offset: number, isNew: boolean): void {
    const { data, timeMs, durationMs, offsetMs, isSync, entry = 1 } = sample;
    if (this.sampleCount === 0) this.startMs = timeMs;
    this.sampleCount += 1;
    this.durationMs += durationMs;
    this.#shownMs = Math.max(this.#shownMs, timeMs + offsetMs + durationMs);
    this.#durations.push(durationMs);
    this.#offsets.push(offsetMs);
    this.#sizes.push(data.length);
    if (isSync) this.#syncs.push(this.sampleCount);
    if (isNew || entry !== this.#chunkEntry) {
      this.#endChunk();
      this.#chunkOffsets.push(offset);
      this.#chunkEntry = entry;
    }
    this.#chunkSamples += 1;
  }

  /** `base`: where the media are in the file. `isLong`: that is farther than 32 bits reach. Always as long. */
  encode(base: number, isLong: boolean): readonly Uint8Array[] {
    this.#endChunk();
    const boxes = [
      fullBox('stts', 0, 0, u32(this.#durations.counts.length), runTable(this.#durations)),
      fullBox('stsc', 0, 0, u32(this.#chunkRuns.length), chunkTable(this.#chunkRuns)),
      fullBox('stsz', 0, 0, u32(0, this.#sizes.length), table(this.#sizes)),
      isLong
        ? fullBox('co64', 0, 0, u32(this.#chunkOffsets.length), longOffsets(this.#chunkOffsets, base))
        : fullBox('stco', 0, 0, u32(this.#chunkOffsets.length), table(this.#chunkOffsets, base)),
    ];
    const { counts, values } = this.#offsets;
    if (counts.length > 1 || values.at(0) !== 0)
      boxes.push(fullBox('ctts', 1, 0, u32(counts.length), runTable(this.#offsets)));
    if (this.#syncs.length < this.sampleCount)
      boxes.push(fullBox('stss', 0, 0, u32(this.#syncs.length), table(this.#syncs)));
    return boxes;
  }

  #endChunk(): void {
    if (this.#chunkSamples === 0) return;
    const last = this.#chunkRuns.at(-1);
    if (last?.[1] !== this.#chunkSamples || last[2] !== this.#chunkEntry) {
      this.#chunkRuns.push([this.#chunkOffsets.length, this.#chunkSamples, this.#chunkEntry]);
    }
    this.#chunkSamples = 0;
  }
}

function runTable({ counts, values }: Runs<Int32Array> | Runs<Uint32Array>): Buffer {
  const bytes = Buffer.allocUnsafe(counts.length * 8);
  for (let i = 0; i < counts.length; i += 1) {
    bytes.writeUInt32BE(counts.at(i), i * 8);
    bytes.writeUInt32BE(values.at(i) >>> 0, i * 8 + 4);
  }
  return bytes;
}

function chunkTable(runs: readonly (readonly number[])[]): Buffer {
  const bytes = Buffer.allocUnsafe(runs.length * 12);
  for (const [i, run] of runs.entries())
    for (const [k, value] of run.entries()) bytes.writeUInt32BE(value, i * 12 + k * 4);
  return bytes;
}

function table(values: GrowingArray<Uint32Array> | GrowingArray<Float64Array>, base = 0): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  for (let i = 0; i < values.length; i += 1) bytes.writeUInt32BE(base + values.at(i), i * 4);
  return bytes;
}

function longOffsets(values: GrowingArray<Float64Array>, base: number): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 8);
  for (let i = 0; i < values.length; i += 1) bytes.writeBigUInt64BE(BigInt(base + values.at(i)), i * 8);
  return bytes;
}
