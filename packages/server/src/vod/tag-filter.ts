import { flvTagTypes } from '@millrace/protocol';
import { type LiveMessage, readMediaFacts, readPublishedData } from '../live/index.js';
import { type FileTag, type MediaFile, messageOf, type SeekPoint } from '../media-file/index.js';
import { PrerollMarks } from './preroll-marks.js';

const none: readonly LiveMessage[] = [];

/** What of a file's tags a player sends, and with which times. */
export class TagFilter {
  /** Around the video before `prerollToMs`. */
  readonly marks = new PrerollMarks();
  /** Added to the times of the file. */
  offsetMs = 0;
  /** Video before this time, ms of the file, is to be shown at once: it leads to the frame that was asked for. */
  prerollToMs = 0;
  /** Nothing before this time is sent, ms of the file. */
  skipToMs = 0;
  /** Nothing from this time on is sent, ms of the file. */
  endMs = Number.POSITIVE_INFINITY;
  /** No video before the next key frame. */
  awaitingKeyFrame = false;
  /** The file's metadata is sent where it stands. Else what is true of the whole file was sent before. */
  passesMetadata = false;
  /** The audio or video that was taken last has sequence headers. */
  hadHeaders = false;

  /** The time of a tag in the stream, ms. */
  timeOf(timestamp: number): number {
    return Math.max(timestamp, this.prerollToMs) + this.offsetMs;
  }

  /** The tag as it is sent; `undefined`: it is not. */
  take(tag: FileTag): LiveMessage | undefined {
    const { tagType, timestamp } = tag;
    const message = messageOf(tag);
    if (tagType === flvTagTypes.script) return this.#takeData(message);
    if (timestamp >= this.endMs) return undefined;
    const facts = readMediaFacts(message);
    this.hadHeaders = facts.headerKeys.length > 0;
    if (timestamp < this.skipToMs) {
      // Of what is not sent, the configuration still counts.
      return !this.hadHeaders ? undefined : this.shift({ ...message, timestamp: this.skipToMs });
    }
    if (timestamp < this.prerollToMs && tagType === flvTagTypes.audio && facts.isCoded) return undefined;
    if (tagType === flvTagTypes.video && this.awaitingKeyFrame && facts.isCoded) {
      if (facts.keyFrameTracks.length === 0) return undefined;
      this.awaitingKeyFrame = false;
    }
    return this.shift(message);
  }

  /** What is to be sent before the tag. */
  marksBefore(tag: FileTag): readonly LiveMessage[] {
    const mark = this.marks.before(tag, this.prerollToMs);
    return mark === undefined ? none : [this.shift(mark)];
  }

  /** What is to be sent where no more of the video comes. */
  endMarks(): readonly LiveMessage[] {
    const mark = this.marks.end(this.prerollToMs);
    return mark === undefined ? none : [this.shift(mark)];
  }

  /** What decoders are to be given before a place, with the time of the place. */
  headersAt(file: MediaFile, { position, timestamp }: SeekPoint): LiveMessage[] {
    return file.headersAt(position).map((message) => this.shift({ ...message, timestamp }));
  }

  /** With its time in the stream. */
  shift(message: LiveMessage): LiveMessage {
    const timestamp = this.timeOf(message.timestamp);
    return timestamp === message.timestamp ? message : { ...message, timestamp: timestamp >>> 0 };
  }

  #takeData(message: LiveMessage): LiveMessage | undefined {
    if (message.timestamp < Math.max(this.skipToMs, this.prerollToMs)) return undefined;
    const data = readPublishedData(message);
    if (data.action !== 'pass' || (data.handler === 'onMetaData' && !this.passesMetadata)) return undefined;
    return this.shift(data.message);
  }
}

/** What a duration of one frame gets. */
export function isFrame(tag: FileTag, hasVideo: boolean): boolean {
  if (tag.tagType !== (hasVideo ? flvTagTypes.video : flvTagTypes.audio)) return false;
  return readMediaFacts(messageOf(tag)).isCoded;
}
