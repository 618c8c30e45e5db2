import type { FragmentTrack, Mp4Sample } from './mp4-fragment.js';

/** A frame as it comes: how long it lasts is not known before the next. */
export type NewSample = Omit<Mp4Sample, 'durationMs'>;

/** Media that is kept together in a file lasts about as long, ms, or has so many bytes. */
const batchMs = 1000;
const maxBatchBytes = 4 * 1024 * 1024;
/** A key frame begins a new one after this time, ms: streams of key frames alone would begin one with each. */
const minBatchMs = 500;
/** How long the only frame of a track lasts, ms. */
const onlyFrameMs = 40;

interface Lane {
  samples: Mp4Sample[];
  /** The newest, which lasts until the next. */
  last: NewSample | undefined;
  stepMs: number;
}

/** Gathers frames into batches that begin with a key frame where there is one in time, each with its exact duration. */
export class SampleBatches {
  readonly #lanes = new Map<number, Lane>();
  readonly #videoId: number | undefined;
  #startMs: number | undefined;
  #bytes = 0;

  /** `videoId`: of the track whose key frames count; `undefined`: none do. */
  constructor(videoId: number | undefined) {
    this.#videoId = videoId;
  }

  /** Returns the batch, by track ids, that is complete before this frame, if it is; tracks without frames are not in it. */
  add(trackId: number, sample: NewSample): readonly FragmentTrack[] | undefined {
    const lane = this.#lanes.get(trackId) ?? { samples: [], last: undefined, stepMs: onlyFrameMs };
    this.#lanes.set(trackId, lane);
    this.#advance(lane, sample);
    const isKeyFrame = trackId === this.#videoId && sample.isSync;
    const lastedMs = sample.timeMs - (this.#startMs ?? sample.timeMs);
    const isFull = lastedMs >= batchMs || this.#bytes >= maxBatchBytes || (isKeyFrame && lastedMs >= minBatchMs);
    const batch = isFull ? this.#take() : undefined;
    if (batch !== undefined || this.#startMs === undefined) this.#startMs = sample.timeMs;
    return batch;
  }

  /** What is left, at the end. */
  end(): readonly FragmentTrack[] | undefined {
    for (const lane of this.#lanes.values()) {
      if (lane.last === undefined) continue;
      lane.samples.push({ ...lane.last, durationMs: lane.stepMs });
      lane.last = undefined;
    }
    return this.#take();
  }

  #advance(lane: Lane, sample: NewSample): void {
    const { last } = lane;
    // Time in a track cannot go back. What is shown when stays the same.
    const timeMs = Math.max(sample.timeMs, last?.timeMs ?? 0);
    lane.last = { ...sample, timeMs, offsetMs: sample.offsetMs + sample.timeMs - timeMs };
    if (last === undefined) return;
    const durationMs = timeMs - last.timeMs;
    if (durationMs > 0) lane.stepMs = durationMs;
    lane.samples.push({ ...last, durationMs });
    this.#bytes += last.data.length;
  }

  #take(): readonly FragmentTrack[] | undefined {
    const tracks = [...this.#lanes].map(([id, { samples }]) => ({ id, samples }));
    for (const lane of this.#lanes.values()) lane.samples = [];
    this.#bytes = 0;
    const filled = tracks.filter(({ samples }) => samples.length > 0).sort((a, b) => a.id - b.id);
    return filled.length === 0 ? undefined : filled;
  }
}
