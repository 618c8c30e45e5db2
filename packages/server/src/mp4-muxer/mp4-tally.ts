import { KeyFrameIndex } from '../flv-file/index.js';
import type { FragmentTrack, Mp4Sample } from './mp4-fragment.js';

/** How long the tracks of a file are, and where its key frames. Memory does not grow with the file. */
export class Mp4Tally {
  readonly keyFrames = new KeyFrameIndex();
  readonly #durations = new Map<number, number>();

  /** Of the track, ms; 0 where it has no samples. */
  durationOf(trackId: number): number {
    return this.#durations.get(trackId) ?? 0;
  }

  get durationMs(): number {
    return Math.max(0, ...this.#durations.values());
  }

  get isEmpty(): boolean {
    return this.#durations.size === 0;
  }

  /** A fragment at `position` of the file. */
  note(tracks: readonly FragmentTrack[], indexedId: number, position: number): void {
    for (const { id, samples } of tracks) for (const sample of samples) this.noteSample(id, sample);
    const [first] = tracks;
    const sample = first?.samples[0];
    if (first?.id === indexedId && sample?.isSync === true)
      this.keyFrames.add(sample.timeMs + sample.offsetMs, position);
  }

  noteSample(trackId: number, sample: Pick<Mp4Sample, 'timeMs' | 'durationMs' | 'offsetMs'>): void {
    const end = sample.timeMs + sample.durationMs + Math.max(0, sample.offsetMs);
    this.#durations.set(trackId, Math.max(this.durationOf(trackId), end));
  }
}
