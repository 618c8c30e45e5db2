import type { MovieTrack } from './movie.js';

/** How many samples of each track stand before a place. */
export interface Place {
  video: number;
  audio: number;
}

/**
 * The samples of both tracks in the order in which they are sent: by decoding time, the picture before its sound. Each
 * has a rank, counted from 0. Times begin with 0 at the first sample, whatever the file's edit lists say.
 */
export class Timeline {
  readonly video: MovieTrack | undefined;
  readonly audio: MovieTrack | undefined;
  readonly #videoOffsetMs: number;
  readonly #audioOffsetMs: number;

  constructor(video: MovieTrack | undefined, audio: MovieTrack | undefined) {
    this.video = video;
    this.audio = audio;
    const firsts = [video, audio].flatMap((track) => (hasSamples(track) ? [track.table.firstMs] : []));
    const zeroMs = firsts.length === 0 ? 0 : Math.min(...firsts);
    this.#videoOffsetMs = (video?.table.firstMs ?? 0) - zeroMs;
    this.#audioOffsetMs = (audio?.table.firstMs ?? 0) - zeroMs;
  }

  get count(): number {
    return (this.video?.table.count ?? 0) + (this.audio?.table.count ?? 0);
  }

  /** ms. */
  get durationMs(): number {
    const videoEnd = hasSamples(this.video) ? this.video.table.endMs + this.#videoOffsetMs : 0;
    const audioEnd = hasSamples(this.audio) ? this.audio.table.endMs + this.#audioOffsetMs : 0;
    return Math.max(videoEnd, audioEnd);
  }

  /** Of the last sample, ms. */
  get lastMs(): number {
    const { video, audio } = this;
    return Math.max(
      hasSamples(video) ? this.videoMs(video.table.count - 1) : 0,
      hasSamples(audio) ? this.audioMs(audio.table.count - 1) : 0,
    );
  }

  /** Time of a sample of the track, ms. */
  videoMs(index: number): number {
    return (this.video?.table.timeOf(index) ?? 0) + this.#videoOffsetMs;
  }

  audioMs(index: number): number {
    return (this.audio?.table.timeOf(index) ?? 0) + this.#audioOffsetMs;
  }

  rankOfVideo(index: number): number {
    const timeMs = this.videoMs(index) - this.#audioOffsetMs;
    return index + (this.audio?.table.countUpTo(timeMs - 1) ?? 0);
  }

  rankOfAudio(index: number): number {
    const timeMs = this.audioMs(index) - this.#videoOffsetMs;
    return index + (this.video?.table.countUpTo(timeMs) ?? 0);
  }

  /** The last sample of the track at or before the time; −1: there is none. */
  videoAt(timeMs: number): number {
    return (this.video?.table.countUpTo(timeMs - this.#videoOffsetMs) ?? 0) - 1;
  }

  audioAt(timeMs: number): number {
    return (this.audio?.table.countUpTo(timeMs - this.#audioOffsetMs) ?? 0) - 1;
  }

  /** What stands before the sample of a rank. */
  placeOf(rank: number): Place {
    // How many samples of video have a rank below: their ranks rise with them.
    let low = 0;
    let high = Math.min(rank, this.video?.table.count ?? 0);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.rankOfVideo(middle) < rank) low = middle + 1;
      else high = middle;
    }
    return { video: low, audio: Math.min(rank - low, this.audio?.table.count ?? 0) };
  }

  /** Which track's sample is the next one, where so many of each stand before it; `undefined`: there is none. */
  nextAt(video: number, audio: number): 'video' | 'audio' | undefined {
    const hasVideo = video < (this.video?.table.count ?? 0);
    const hasAudio = audio < (this.audio?.table.count ?? 0);
    if (hasVideo && hasAudio) return this.videoMs(video) <= this.audioMs(audio) ? 'video' : 'audio';
    return hasVideo ? 'video' : hasAudio ? 'audio' : undefined;
  }
}

function hasSamples(track: MovieTrack | undefined): track is MovieTrack {
  return track !== undefined && track.table.count > 0;
}
