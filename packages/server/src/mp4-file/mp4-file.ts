import { encodeMetadata, messageTypes } from '@millrace/protocol';
import type { LiveMessage } from '../live/index.js';
import type { ByteSource, MediaFile, SeekPoint, WindowCache } from '../media-file/index.js';
import type { MovieTrack } from './movie.js';
import { mp4Properties } from './mp4-properties.js';
import { type Mp4Index, readMp4Index } from './mp4-reader.js';
import { Mp4TagReader } from './mp4-tag-reader.js';
import type { SampleEntry } from './sample-entry.js';
import { positionOfRank, rankOfPosition, TagBlocks } from './tag-blocks.js';
import { Timeline } from './timeline.js';

/**
 * An MP4 or F4V file, with fragments or without, as the tags of an FLV file: its first track of video and its first of
 * audio. Its index is in memory, of its media what is being sent.
 */
export class Mp4File implements MediaFile {
  readonly index: Mp4Index;
  readonly bytes: number;
  readonly #timeline: Timeline;
  readonly #blocks: TagBlocks;
  #metadata: LiveMessage | undefined;

  private constructor(source: ByteSource, index: Mp4Index, windows: WindowCache | undefined) {
    this.index = index;
    this.bytes = source.size;
    this.#timeline = new Timeline(index.video, index.audio);
    this.#blocks = new TagBlocks(source, this.#timeline, windows);
  }

  /**
   * Reads the index. Rejects with the system's errors.
   *
   * @throws RtmpRemoteError `ERR_MP4_…`: it is no MP4 file, or has no track that can be played
   */
  static async open(source: ByteSource, windows?: WindowCache): Promise<Mp4File> {
    return new Mp4File(source, await readMp4Index(source), windows);
  }

  get durationMs(): number {
    return this.#timeline.durationMs;
  }

  get lastTimestamp(): number {
    return this.#timeline.lastMs;
  }

  get hasVideo(): boolean {
    return (this.#timeline.video?.table.count ?? 0) > 0;
  }

  get start(): SeekPoint {
    return { position: 0, timestamp: 0 };
  }

  get metadata(): LiveMessage {
    this.#metadata ??= {
      messageTypeId: messageTypes.dataAmf0,
      timestamp: 0,
      messageStreamId: 0,
      payload: encodeMetadata(mp4Properties(this.index, this.durationMs)),
    };
    return this.#metadata;
  }

  headersAt(position: number): readonly LiveMessage[] {
    const { video, audio } = this.#timeline;
    const rank = rankOfPosition(position);
    const place = this.#timeline.placeOf(rank);
    // A reader tells changes itself, but for that of the very sample that it begins with.
    const own = position === positionOfRank(rank) ? this.#timeline.nextAt(place.video, place.audio) : undefined;
    const videoEntry = entryAt(video, own === 'video' ? place.video : place.video - 1);
    const audioEntry = entryAt(audio, own === 'audio' ? place.audio : place.audio - 1);
    return [videoEntry, audioEntry].flatMap((entry) => (entry?.header === undefined ? [] : [headerMessage(entry)]));
  }

  reader(position: number): Mp4TagReader {
    return new Mp4TagReader(this.#blocks, position);
  }

  async seekPoint(timeMs: number): Promise<SeekPoint> {
    const timeline = this.#timeline;
    if (timeline.count === 0) return this.start;
    if (!this.hasVideo) return this.#audioPoint(Math.max(0, timeline.audioAt(timeMs)));
    const { table } = timeline.video ?? {};
    const index = table?.keyAtOrBefore(timeline.videoAt(timeMs)) ?? table?.keyAtOrAfter(0);
    return index === undefined ? this.start : this.#videoPoint(index);
  }

  async keyFrameFrom(timeMs: number): Promise<SeekPoint | undefined> {
    const timeline = this.#timeline;
    const beforeMs = Math.ceil(timeMs) - 1;
    if (this.hasVideo) {
      const index = timeline.video?.table.keyAtOrAfter(timeline.videoAt(beforeMs) + 1);
      return index === undefined ? undefined : this.#videoPoint(index);
    }
    const index = timeline.audioAt(beforeMs) + 1;
    return index < (timeline.audio?.table.count ?? 0) ? this.#audioPoint(index) : undefined;
  }

  #videoPoint(index: number): SeekPoint {
    const timeline = this.#timeline;
    return { position: positionOfRank(timeline.rankOfVideo(index)), timestamp: timeline.videoMs(index) };
  }

  #audioPoint(index: number): SeekPoint {
    const timeline = this.#timeline;
    return { position: positionOfRank(timeline.rankOfAudio(index)), timestamp: timeline.audioMs(index) };
  }
}

function entryAt(track: MovieTrack | undefined, index: number): SampleEntry | undefined {
  if (track === undefined || track.table.count === 0) return undefined;
  return track.entries[track.table.descriptionOf(Math.max(0, index)) - 1];
}

function headerMessage({ kind, header }: SampleEntry): LiveMessage {
  const messageTypeId = kind === 'video' ? messageTypes.video : messageTypes.audio;
  return { messageTypeId, timestamp: 0, messageStreamId: 0, payload: header ?? new Uint8Array() };
}
