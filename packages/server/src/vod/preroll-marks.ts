/*
 * Frames that lead from a key frame to the place that was asked for are between two commands, so that a player decodes
 * them and shows none. [FLV E.4.3.1, frame type 5; E-RTMP v2, VideoCommand]
 *
 *   legacy             Enhanced
 *   +------+---------+ +------+---------+
 *   | 0x5c | command | | 0xd1 | command |     c: codec id of the frames; command 0: begin, 1: end
 *   +------+---------+ +------+---------+
 *
 * FLV puts five bytes of AVC in front of the command; as E-RTMP, Flash Media Server leaves them out, and librtmp knows
 * commands by their two bytes.
 */
import { flvTagTypes } from '@millrace/protocol';
import { type LiveMessage, readMediaFacts } from '../live/index.js';
import { type FileTag, messageOf } from '../media-file/index.js';

const enhancedBit = 0x80;
const codecMask = 0x0f;
const legacyCommand = 0x50;
const enhancedCommand = 0xd1;
const commands = { begin: 0, end: 1 } as const;

/** Sound is ahead of its picture, but not by more than this, ms. */
const maxInterleavingMs = 1000;

/** The commands around the frames before a place. */
export class PrerollMarks {
  #state: 'off' | 'awaited' | 'begun' = 'off';
  #firstByte = 0;

  /** From here on, video before the place is put between commands. */
  expect(): void {
    this.#state = 'awaited';
  }

  /** What is to be sent before the tag. `placeMs`, as the times of the tags, ms. */
  before(tag: FileTag, placeMs: number): LiveMessage | undefined {
    if (this.#state === 'off' || tag.tagType === flvTagTypes.script) return undefined;
    const isVideo = tag.tagType === flvTagTypes.video;
    if (tag.timestamp >= placeMs + (isVideo ? 0 : maxInterleavingMs)) return this.end(placeMs);
    if (this.#state === 'begun' || !isVideo || !readMediaFacts(messageOf(tag)).isCoded) return undefined;
    this.#state = 'begun';
    const [first = 0] = tag.payload;
    this.#firstByte = first >= enhancedBit ? enhancedCommand : legacyCommand | (first & codecMask);
    return this.#command(commands.begin, placeMs);
  }

  /** Nothing before the place comes any more. */
  end(placeMs: number): LiveMessage | undefined {
    const hasBegun = this.#state === 'begun';
    this.#state = 'off';
    return hasBegun ? this.#command(commands.end, placeMs) : undefined;
  }

  #command(command: number, timestamp: number): LiveMessage {
    const payload = Uint8Array.of(this.#firstByte, command);
    return { messageTypeId: flvTagTypes.video, timestamp, messageStreamId: 0, payload };
  }
}
