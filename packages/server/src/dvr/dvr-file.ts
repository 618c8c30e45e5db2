import { encodeMetadata, flvTagTypes, messageTypes } from '@millrace/protocol';
import { type LiveMessage, readMediaFacts } from '../live/index.js';
import { type FileTag, type MediaFile, messageOf, type SeekPoint, TagReader } from '../vod/index.js';
import { DvrReader } from './dvr-reader.js';
import type { DvrSegment } from './dvr-segment.js';
import { timeNear } from './dvr-timeline.js';
import type { DvrWindow } from './dvr-window.js';

/**
 * A window as players of recordings see it. Its times are those of the stream, and go on beyond 32 bits; its positions
 * are sequence numbers of the publication. What has gone is taken for the oldest that there is.
 */
export class DvrFile implements MediaFile {
  readonly hasLiveMetadata = true;
  readonly #window: DvrWindow;
  readonly #onEdge: ((reader: DvrReader) => void) | undefined;

  /** `onEdge`: called when a reader has come to the end of what there is yet, each time that is found out. */
  constructor(window: DvrWindow, onEdge?: (reader: DvrReader) => void) {
    this.#window = window;
    this.#onEdge = onEdge;
  }

  get durationMs(): number {
    return this.#window.toMs;
  }

  get lastTimestamp(): number {
    return this.#window.toMs;
  }

  get hasVideo(): boolean {
    return this.#window.hasVideo;
  }

  get bytes(): number {
    return this.#window.bytes;
  }

  get start(): SeekPoint {
    const { oldest, next, toMs } = this.#window;
    return { position: oldest?.sequence ?? next, timestamp: oldest?.timeMs ?? toMs };
  }

  get metadata(): LiveMessage {
    const payload = encodeMetadata({});
    const none = { messageTypeId: messageTypes.dataAmf0, timestamp: 0, messageStreamId: 0, payload };
    return this.#window.headersAt(this.#window.next).data[0] ?? none;
  }

  headersAt(position: number): readonly LiveMessage[] {
    return this.#window.headersAt(position).media;
  }

  reader(position: number): DvrReader {
    return new DvrReader(this.#window, position, this.#onEdge);
  }

  async seekPoint(timeMs: number): Promise<SeekPoint> {
    const { segments } = this.#window;
    for (let i = segments.length - 1; i >= 0; i -= 1) {
      const segment = segments[i];
      if (segment === undefined || segment.startMs > timeMs) continue;
      const found = await this.#lastKeyFrame(segment, timeMs);
      if (found !== undefined) return found;
    }
    return this.start;
  }

  async keyFrameFrom(timeMs: number): Promise<SeekPoint | undefined> {
    const { position } = await this.seekPoint(timeMs);
    const reader = new DvrReader(this.#window, position);
    for (let tag = reader.peek(); tag !== undefined && tag !== 'later'; tag = reader.peek()) {
      if (tag === 'fill') {
        await reader.fill();
        continue;
      }
      if (this.#isStart(tag) && tag.timestamp >= timeMs) return { position: tag.offset, timestamp: tag.timestamp };
      reader.skip();
    }
    return undefined;
  }

  /** `undefined`: the segment has none up to the time, or has gone. */
  async #lastKeyFrame(segment: DvrSegment, timeMs: number): Promise<SeekPoint | undefined> {
    const point = segment.pointBefore({ timeMs });
    let { sequence } = point;
    let found: SeekPoint | undefined;
    const tags = new TagReader(segment, point.offset);
    for (let tag = tags.peek(); tag !== undefined; tag = tags.peek()) {
      if (typeof tag === 'string') {
        try {
          await tags.fill();
        } catch (error) {
          if (this.#window.segmentAt(sequence) === segment) throw error;
          return undefined;
        }
        continue;
      }
      const timestamp = timeNear(tag.timestamp, segment.startMs);
      if (tag.tagType !== flvTagTypes.script && timestamp > timeMs) break;
      if (this.#isStart(tag)) found = { position: sequence, timestamp };
      tags.skip();
      sequence += 1;
    }
    return found;
  }

  #isStart(tag: FileTag): boolean {
    const { keyFrameTracks, isCoded } = readMediaFacts(messageOf(tag));
    if (this.#window.hasVideo) return keyFrameTracks.length > 0;
    return isCoded && tag.tagType === flvTagTypes.audio;
  }
}
