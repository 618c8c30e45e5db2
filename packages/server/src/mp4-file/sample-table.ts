import { maxFlvPayloadBytes, RtmpRemoteError } from '@millrace/protocol';
import { GrowingArray } from './growing-array.js';

/** Of both tracks together: some days of film. About 10 bytes are kept of each. */
const maxSamples = 8_000_000;
/** Places in the file are kept for so many samples at least, so that finding one is short work. */
const maxRunSamples = 128;
/** What stands in front of a sample in a tag is shorter. */
const maxSampleBytes = maxFlvPayloadBytes - 16;
const maxTimeMs = 0xffff_ffff;
/** A composition before the decoding by more than this is a mistake. */
const maxShiftMs = 10_000;

/** What the tracks of a file may have together. */
export class SampleBudget {
  #left = maxSamples;

  /** @throws RtmpRemoteError `ERR_MP4_TOO_MANY_SAMPLES` */
  take(count: number): void {
    this.#left -= count;
    if (this.#left >= 0) return;
    throw new RtmpRemoteError('ERR_MP4_TOO_MANY_SAMPLES', `it has more than ${maxSamples} samples`);
  }
}

export interface SampleTableOptions {
  /** Ticks a second, above 0. */
  readonly timescale: number;
  /** What its edit list adds to all its times, ticks. */
  readonly editTicks: number;
  /** Samples that end behind this are not there. */
  readonly fileBytes: number;
}

/**
 * The samples of one track in decoding order: times in ms, places, which are key frames. A sample that is no longer in
 * the file ends the table.
 */
export class SampleTable {
  readonly #timescale: number;
  readonly #editTicks: number;
  readonly #fileBytes: number;
  readonly #times = new GrowingArray(Uint32Array);
  readonly #sizes = new GrowingArray(Uint32Array);
  /** Made with the first that is not 0. */
  #compositions: GrowingArray<Int32Array> | undefined;
  /** `undefined`: all are key frames, so far. */
  #keys: GrowingArray<Uint32Array> | undefined;
  readonly #runFirsts = new GrowingArray(Uint32Array);
  readonly #runOffsets = new GrowingArray(Float64Array);
  readonly #runDescriptions = new GrowingArray(Uint16Array);
  #firstMs: number | undefined;
  #nextOffset = 0;
  #endMs = 0;
  #leastCompositionMs = 0;
  #isClosed = false;
  /** Samples that the file does not have, or that no tag can carry. */
  lostSamples = 0;
  /** Samples whose time was before that of the one before, and is the same now. */
  backwardSteps = 0;
  bytes = 0;

  constructor({ timescale, editTicks, fileBytes }: SampleTableOptions) {
    this.#timescale = timescale;
    this.#editTicks = editTicks;
    this.#fileBytes = fileBytes;
  }

  get count(): number {
    return this.#times.length;
  }

  /** Time of the first sample in the presentation, ms: 0, or less than that where something is played in. */
  get firstMs(): number {
    return this.#firstMs ?? 0;
  }

  /** End of the last sample, ms from the first. */
  get endMs(): number {
    return this.#endMs;
  }

  /** Of key frames; `undefined`: all are. */
  get keyCount(): number | undefined {
    return this.#keys?.length;
  }

  /** What comes now is at this place of the file, and of this kind (1 … 65,535). */
  beginRun(offset: number, description: number): void {
    if (this.#isClosed) return;
    this.#nextOffset = offset;
    const last = this.#runFirsts.length - 1;
    if (last >= 0 && this.#runFirsts.last === this.count) {
      // Nothing was in it.
      this.#runOffsets.set(last, offset);
      this.#runDescriptions.set(last, description);
      return;
    }
    this.#runFirsts.push(this.count);
    this.#runOffsets.push(offset);
    this.#runDescriptions.push(description);
  }

  /** `decodeTicks` and `compositionTicks` in ticks; the composition is what is to be added for the presentation. */
  append(decodeTicks: number, durationTicks: number, compositionTicks: number, size: number, isKey: boolean): void {
    const end = this.#nextOffset + size;
    const decodeMs = this.#toMs(decodeTicks);
    this.#firstMs ??= decodeMs;
    let timeMs = decodeMs - this.#firstMs;
    if (this.#isClosed || end > this.#fileBytes || timeMs > maxTimeMs) {
      this.#isClosed = true;
      this.lostSamples += 1;
      return;
    }
    const index = this.count;
    const beforeMs = this.timeOf(index - 1);
    if (timeMs < beforeMs) {
      timeMs = beforeMs;
      this.backwardSteps += 1;
    }
    if (index - this.#runFirsts.last >= maxRunSamples) this.beginRun(this.#nextOffset, this.#runDescriptions.last);
    const isTooLong = size > maxSampleBytes;
    // Its bytes are passed over: one sample that nobody could send does not end the film.
    if (isTooLong) this.beginRun(end, this.#runDescriptions.last);
    this.lostSamples += isTooLong ? 1 : 0;
    this.#times.push(timeMs);
    this.#sizes.push(isTooLong ? 0 : size);
    this.#noteComposition(index, this.#toMs(decodeTicks + compositionTicks) - decodeMs);
    this.#noteKey(index, isKey);
    this.#nextOffset = end;
    this.#endMs = Math.max(this.#endMs, timeMs, this.#toMs(decodeTicks + durationTicks) - this.#firstMs);
    this.bytes += isTooLong ? 0 : size;
  }

  /** No more samples will come: gives back memory that was taken for them. */
  finish(): void {
    for (const list of [this.#times, this.#sizes, this.#compositions, this.#keys]) list?.trim();
    for (const list of [this.#runFirsts, this.#runOffsets, this.#runDescriptions]) list.trim();
    this.#raiseCompositions();
    // Twice 49 days cannot be told in the times of RTMP.
    this.#endMs = Math.min(this.#endMs, maxTimeMs);
  }

  /** ms from the first sample. */
  timeOf(index: number): number {
    return this.#times.at(index);
  }

  /** 0: there is nothing to send. */
  sizeOf(index: number): number {
    return this.#sizes.at(index);
  }

  /** Presentation minus decoding time, ms. */
  compositionOf(index: number): number {
    return this.#compositions?.at(index) ?? 0;
  }

  isKey(index: number): boolean {
    if (this.#keys === undefined) return true;
    const after = this.#keys.countUpTo(index);
    return after > 0 && this.#keys.at(after - 1) === index;
  }

  /** The last key frame at or before a sample; `undefined`: there is none. */
  keyAtOrBefore(index: number): number | undefined {
    if (this.#keys === undefined) return index < 0 ? undefined : index;
    const after = this.#keys.countUpTo(index);
    return after === 0 ? undefined : this.#keys.at(after - 1);
  }

  /** The first key frame at or after a sample; `undefined`: there is none. */
  keyAtOrAfter(index: number): number | undefined {
    if (this.#keys === undefined) return index < this.count ? index : undefined;
    const before = this.#keys.countUpTo(index - 1);
    return before < this.#keys.length ? this.#keys.at(before) : undefined;
  }

  /** How many samples have at most this time, ms from the first. */
  countUpTo(timeMs: number): number {
    return this.#times.countUpTo(timeMs);
  }

  /** Which sample description a sample has, from 1. */
  descriptionOf(index: number): number {
    return this.#runDescriptions.at(this.#runOf(index));
  }

  /** Where a sample begins in the file. */
  offsetOf(index: number): number {
    const run = this.#runOf(index);
    let offset = this.#runOffsets.at(run);
    for (let i = this.#runFirsts.at(run); i < index; i += 1) offset += this.#sizes.at(i);
    return offset;
  }

  /** The first sample after this one that may be somewhere else in the file, or coded otherwise. */
  runEndOf(index: number): number {
    const next = this.#runOf(index) + 1;
    return next < this.#runFirsts.length ? this.#runFirsts.at(next) : this.count;
  }

  /** The runs of samples that stand one behind the other: the run of a sample. */
  #runOf(index: number): number {
    return Math.max(0, this.#runFirsts.countUpTo(index) - 1);
  }

  #noteComposition(index: number, compositionMs: number): void {
    if (compositionMs === 0 && this.#compositions === undefined) return;
    this.#compositions ??= GrowingArray.filled(Int32Array, index);
    this.#leastCompositionMs = Math.min(this.#leastCompositionMs, compositionMs);
    // What FLV can say [FLV E.4.3.1]: 24 bits with a sign.
    this.#compositions.push(Math.max(-0x80_0000, Math.min(0x7f_ffff, compositionMs)));
  }

  /**
   * Files may have pictures that are shown before they are decoded; then all are decoded as much earlier. FFmpeg does it
   * in the same way, and players of FLV know no others.
   */
  #raiseCompositions(): void {
    const shiftMs = -this.#leastCompositionMs;
    if (shiftMs === 0 || shiftMs > maxShiftMs || this.#compositions === undefined) return;
    for (let i = 0; i < this.count; i += 1) this.#compositions.set(i, this.#compositions.at(i) + shiftMs);
    this.#firstMs = this.firstMs - shiftMs;
  }

  #noteKey(index: number, isKey: boolean): void {
    if (this.#keys === undefined) {
      if (isKey) return;
      this.#keys = new GrowingArray(Uint32Array);
      for (let i = 0; i < index; i += 1) this.#keys.push(i);
    }
    if (isKey) this.#keys.push(index);
  }

  /** As FFmpeg does it: to the nearest, halves away from 0. */
  #toMs(ticks: number): number {
    const ms = ((ticks + this.#editTicks) * 1000) / this.#timescale;
    return ms < 0 ? -Math.floor(0.5 - ms) : Math.floor(ms + 0.5);
  }
}
