import { encodeFragment, encodeFragmentIndex, type FragmentTrack } from './mp4-fragment.js';
import { fileType, fragmentedMovie, type RecordedFor } from './mp4-head.js';
import type { MediaPacket } from './mp4-packets.js';
import { SampleBatches } from './mp4-sample-batch.js';
import { Mp4Tally } from './mp4-tally.js';
import type { Mp4Track } from './mp4-track.js';

/** Bytes of a fragmented MP4 file, made of packets one by one. Keeps a second of media. No I/O. */
export class Mp4Stream {
  readonly tally = new Mp4Tally();
  readonly #tracks: readonly Mp4Track[];
  readonly #recordedFor: RecordedFor | undefined;
  readonly #batches: SampleBatches;
  readonly #indexedId: number;
  #position: number;
  #sequence = 0;

  /** `tracks`: at least one, by their ids, video first. */
  constructor(tracks: readonly Mp4Track[], recordedFor?: RecordedFor) {
    this.#tracks = tracks;
    this.#recordedFor = recordedFor;
    const video = tracks.find(({ kind }) => kind === 'video');
    this.#indexedId = video?.id ?? tracks[0]?.id ?? 0;
    this.#batches = new SampleBatches(video?.id);
    this.#position = this.head().length;
  }

  /** Length of what was returned so far, with the head. */
  get bytes(): number {
    return this.#position;
  }

  /** How the file begins: with the durations of what was written so far. Always as long. */
  head(isComplete = false): Buffer {
    const of = (trackId: number): number => (isComplete ? this.tally.durationOf(trackId) : 0);
    return Buffer.concat([fileType(this.#recordedFor), fragmentedMovie(this.#tracks, { of })]);
  }

  /** Returns what is to be written now: nothing, or a fragment. `timeMs`: of decoding. The packet's bytes are kept. */
  add(trackId: number, packet: MediaPacket, timeMs: number): readonly Uint8Array[] {
    const isVideo = packet.kind === 'video';
    const isSync = !isVideo || packet.isKeyFrame;
    const sample = { data: packet.data, timeMs, offsetMs: isVideo ? packet.offsetMs : 0, isSync };
    return this.#encode(this.#batches.add(trackId, sample));
  }

  /** What is left, as a fragment. */
  flush(): readonly Uint8Array[] {
    return this.#encode(this.#batches.end());
  }

  /** The index behind the last fragment. */
  index(): Uint8Array {
    const { keyFrames } = this.tally;
    return encodeFragmentIndex({ trackId: this.#indexedId, times: keyFrames.times, positions: keyFrames.positions });
  }

  #encode(tracks: readonly FragmentTrack[] | undefined): readonly Uint8Array[] {
    if (tracks === undefined) return [];
    this.tally.note(tracks, this.#indexedId, this.#position);
    this.#sequence += 1;
    const parts = encodeFragment(this.#sequence, tracks);
    this.#position += parts.reduce((sum, { length }) => sum + length, 0);
    return parts;
  }
}
