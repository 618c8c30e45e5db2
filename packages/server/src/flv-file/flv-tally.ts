import { type FlvTagType, flvTagTypes, parseVideoTagHeader } from '@millrace/protocol';
import { HeaderIndex } from './header-index.js';
import { KeyFrameIndex } from './key-frame-index.js';

/** A frame is not expected to last longer than this, ms; what is longer is a gap. */
const maxFrameMs = 1000;

/** What the head of an FLV file says about its tags, gathered tag by tag. Memory does not grow with the file. */
export class FlvTally {
  readonly keyFrames = new KeyFrameIndex();
  readonly headers = new HeaderIndex();
  hasAudio = false;
  hasVideo = false;
  keyFrameCount = 0;
  /** Of audio and video; data where there is nothing else. `undefined`: there are no tags. */
  #newestMs: number | undefined;
  #newestDataMs: number | undefined;
  #audioMs: number | undefined;
  #videoMs: number | undefined;
  /** The distance of the newest two frames of a kind. */
  #audioStepMs = 0;
  #videoStepMs = 0;

  get isEmpty(): boolean {
    return this.#newestMs === undefined && this.#newestDataMs === undefined;
  }

  /** From time 0 to the end of the last frame, as long as the one before took. */
  get durationMs(): number {
    if (this.#newestMs === undefined) return Math.max(0, this.#newestDataMs ?? 0);
    const audioEnd = this.#audioMs === undefined ? 0 : this.#audioMs + this.#audioStepMs;
    const videoEnd = this.#videoMs === undefined ? 0 : this.#videoMs + this.#videoStepMs;
    return Math.max(0, this.#newestMs, audioEnd, videoEnd);
  }

  /** A tag at `position` of the file. `payload`: at least its first 2048 bytes. Returns whether it is a key frame. */
  note(tagType: FlvTagType, timeMs: number, payload: Uint8Array, position: number): boolean {
    if (tagType === flvTagTypes.script) {
      this.#newestDataMs = Math.max(this.#newestDataMs ?? timeMs, timeMs);
      return false;
    }
    this.#newestMs = Math.max(this.#newestMs ?? timeMs, timeMs);
    this.headers.add(tagType, timeMs, payload, position);
    if (tagType === flvTagTypes.audio) {
      this.hasAudio = true;
      this.#audioStepMs = stepOf(this.#audioMs, timeMs) ?? this.#audioStepMs;
      this.#audioMs = timeMs;
      return false;
    }
    this.hasVideo = true;
    this.#videoStepMs = stepOf(this.#videoMs, timeMs) ?? this.#videoStepMs;
    this.#videoMs = timeMs;
    if (!isKeyFrame(payload)) return false;
    this.keyFrameCount += 1;
    this.keyFrames.add(timeMs, position);
    return true;
  }
}

function stepOf(before: number | undefined, timeMs: number): number | undefined {
  if (before === undefined) return undefined;
  const step = timeMs - before;
  return step > 0 && step <= maxFrameMs ? step : undefined;
}

/** The first bytes tell. Tracks of a multitrack message have one frame type. */
function isKeyFrame(payload: Uint8Array): boolean {
  const frameType = ((payload[0] ?? 0) >> 4) & 7;
  if (frameType !== 1 && frameType !== 4) return false;
  const header = parseVideoTagHeader(payload);
  if (header === undefined) return false;
  // Of a message cut to its first bytes the tracks' lengths do not fit; its packet type cannot be read then.
  return header.isKeyFrame || (header.enhanced && header.packetType === 'unknown' && isMultitrackFrames(payload));
}

const packetTypeMultitrack = 6;
const packetTypeCodedFrames = 1;
const packetTypeCodedFramesX = 3;

function isMultitrackFrames(payload: Uint8Array): boolean {
  if (((payload[0] ?? 0) & 0x0f) !== packetTypeMultitrack) return false;
  const packetType = (payload[1] ?? 0) & 0x0f;
  return packetType === packetTypeCodedFrames || packetType === packetTypeCodedFramesX;
}
