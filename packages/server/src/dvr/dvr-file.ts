import { encodeMetadata, flvTagTypes, messageTypes } from '@millrace/protocol';
import { TagReader } from '../flv-file/index.js';
import { type LiveMessage, readMediaFacts } from '../live/index.js';
import { type FileTag, type MediaFile, messageOf, type SeekPoint } from '../media-file/index.js';
import { DvrReader, type ReaderWatcher } from './dvr-reader.js';
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
  readonly #watcher: ReaderWatcher | undefined;

  constructor(window: DvrWindow, watcher?: ReaderWatcher) {
    this.#window = window;
    this.#watcher = watcher;
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
    return new DvrReader(this.#window, position, this.#watcher);
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

  /** Where to go on with this message, or with what is left, where that has gone. `timeMs`: about where it is. */
  placeOf(sequence: number, timeMs: number): SeekPoint {
    const { oldest } = this.#window;
    const hasGone =
      oldest !== undefined && sequence < oldest.sequence && this.#window.segmentAt(sequence) === undefined;
    return hasGone ? this.start : { position: sequence, timestamp: timeMs };
  }

  async keyFrameFrom(timeMs: number): Promise<SeekPoint | undefined> {
    const { position } = await this.seekPoint(timeMs);
    const reader = new DvrReader(this.#window, position);
    for (let tag = reader.peek(); tag !== undefined && tag !== 'later'; tag = reader.peek()) {
      if (tag === 'fill') {
        await reader.fill();
        continue;
      }
      if (this.#isStart(tag, this.#window.hasVideo) && tag.timestamp >= timeMs)
        return { position: tag.offset, timestamp: tag.timestamp };
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
      if (this.#isStart(tag, segment.hasVideo)) found = { position: sequence, timestamp };
      tags.skip();
      sequence += 1;
    }
    return found;
  }

  #isStart(tag: FileTag, hasVideo: boolean): boolean {
    const { keyFrameTracks, isCoded } = readMediaFacts(messageOf(tag));
    if (hasVideo) return keyFrameTracks.length > 0;
    return isCoded && tag.tagType === flvTagTypes.audio;
  }
}
