import {
  FlvDemuxer,
  type FlvTag,
  flvTagTypes,
  parseAudioTagHeader,
  parseVideoTagHeader,
  type RawMessage,
} from '@millrace/protocol';

/**
 * The tags of an FLV file over and over: headers and metadata once, then the frames, whose timestamps go on where the
 * file begins again. The file must begin with a key frame and have video.
 */
export class TagLoop {
  /** One round, ms. */
  readonly periodMs: number;
  readonly #opening: readonly FlvTag[];
  readonly #frames: readonly FlvTag[];
  #opened = false;
  #index = 0;
  #roundStartMs = 0;

  /** @throws RtmpRemoteError where `file` is no FLV; Error where it has no video to loop. */
  constructor(file: Uint8Array) {
    const tags = readTags(file);
    this.#opening = tags.filter((tag) => roleOf(tag) === 'opening');
    this.#frames = tags.filter((tag) => roleOf(tag) === 'frame');
    const video = this.#frames.filter((tag) => tag.tagType === flvTagTypes.video);
    const [first, last] = [video.at(0), video.at(-1)];
    if (first === undefined || last === undefined || video.length < 2) throw new Error('a loop needs video');
    // Constant frame rate: the last frame lasts as long as the others do on average.
    const lengthMs = last.timestamp - first.timestamp;
    this.periodMs = Math.round((lengthMs * video.length) / (video.length - 1));
  }

  /** Position, ms from the start of the first round, at which `next` is due. */
  get nextDueMs(): number {
    return this.#roundStartMs + (this.#frames[this.#index]?.timestamp ?? 0);
  }

  /** The messages due now; there is always one. */
  next(): RawMessage[] {
    const messages = this.#opened ? [] : this.#opening.map((tag) => message(tag, 0));
    this.#opened = true;
    const frame = this.#frames[this.#index];
    if (frame !== undefined) messages.push(message(frame, this.nextDueMs));
    this.#index += 1;
    if (this.#index === this.#frames.length) {
      this.#index = 0;
      this.#roundStartMs += this.periodMs;
    }
    return messages;
  }
}

function readTags(file: Uint8Array): FlvTag[] {
  const demuxer = new FlvDemuxer();
  demuxer.push(file);
  const tags: FlvTag[] = [];
  for (let item = demuxer.next(); item !== undefined; item = demuxer.next()) if (item.kind === 'tag') tags.push(item);
  demuxer.end();
  return tags;
}

/** `opening` is said once; an end of sequence, which would end the picture at the first seam, not at all. */
function roleOf({ tagType, payload }: FlvTag): 'opening' | 'frame' | 'none' {
  if (tagType === flvTagTypes.script) return 'opening';
  const header = tagType === flvTagTypes.video ? parseVideoTagHeader(payload) : parseAudioTagHeader(payload);
  if (header?.packetType === 'sequenceStart') return 'opening';
  return header?.packetType === 'codedFrames' ? 'frame' : 'none';
}

function message({ tagType, payload }: FlvTag, timestamp: number): RawMessage {
  return { messageTypeId: tagType, timestamp: timestamp >>> 0, messageStreamId: 0, payload };
}
