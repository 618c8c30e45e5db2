import type { FragmentTrack } from './mp4-fragment.js';
import { fileType, wholeMovie } from './mp4-head.js';
import { SampleTables } from './mp4-sample-tables.js';
import type { Mp4Track } from './mp4-track.js';
import { mdatHeader } from './mp4-write-box.js';

/** The head of a file with all media behind it, in the order in which they were noted. */
export class Mp4Movie {
  readonly #tables = new Map<number, SampleTables>();
  #mediaBytes = 0;

  /** Samples that follow each other in the file, track by track. */
  note(batch: readonly FragmentTrack[]): void {
    for (const { id, samples } of batch) {
      const tables = this.#tables.get(id) ?? new SampleTables();
      this.#tables.set(id, tables);
      for (const [i, sample] of samples.entries()) {
        tables.add(sample, this.#mediaBytes, i === 0);
        this.#mediaBytes += sample.data.length;
      }
    }
  }

  get sampleCount(): number {
    return [...this.#tables.values()].reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  }

  get durationMs(): number {
    return Math.max(0, ...[...this.#tables.values()].map(({ endMs }) => endMs));
  }

  /** Everything before the media. Tracks of which nothing was noted are left out. */
  head(tracks: readonly Mp4Track[]): Buffer {
    const start = fileType();
    const data = mdatHeader(this.#mediaBytes);
    const known = tracks.filter(({ id }) => this.#tables.has(id));
    const movie = (base: number, isLong: boolean): Buffer =>
      wholeMovie(known, ({ id }) => {
        const { endMs, startMs, durationMs } = this.#tablesOf(id);
        return { endMs, startMs, durationMs, tables: this.#tablesOf(id).encode(base, isLong) };
      });
    const headBytes = (isLong: boolean): number => start.length + movie(0, isLong).length + data.length;
    const isLong = headBytes(true) + this.#mediaBytes >= 2 ** 32;
    return Buffer.concat([start, movie(headBytes(isLong), isLong), data]);
  }

  #tablesOf(id: number): SampleTables {
    return this.#tables.get(id) ?? new SampleTables();
  }
}
