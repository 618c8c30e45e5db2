import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { readUint24, readUint32 } from './enhanced-header.js';
import { type FlvTagType, flvTagHeaderBytes, flvTagTrailerBytes, flvTagTypes } from './flv-tag.js';
import { PendingBytes } from './pending-bytes.js';

export interface FlvLimits {
  /** The longest tag payload that is taken, bytes; tags cannot be longer than 16,777,215. */
  readonly maxPayloadBytes: number;
  /** The longest file header that is skipped through, bytes (9 is usual). */
  readonly maxHeaderBytes: number;
}

/** As long as the messages that a server takes by default; a header of 64 KiB has never been seen. */
export const defaultFlvLimits: FlvLimits = { maxPayloadBytes: 8_388_608, maxHeaderBytes: 65_536 };

export interface FlvHeader {
  readonly kind: 'header';
  /** 1, in every file known. */
  readonly version: number;
  /** Whether audio tags are announced; they may come all the same. */
  readonly audio: boolean;
  /** Whether video tags are announced; they may come all the same. */
  readonly video: boolean;
}

export interface FlvTag {
  readonly kind: 'tag';
  readonly tagType: FlvTagType;
  /** ms, signed 32 bits; `timestamp >>> 0` is the RTMP timestamp. */
  readonly timestamp: number;
  /** A copy: the caller's to keep. */
  readonly payload: Uint8Array;
  /** Whether the payload is encrypted or otherwise to be processed first [FLV Annex F]. */
  readonly filtered: boolean;
}

interface PendingTag {
  readonly tagType: FlvTagType;
  readonly timestamp: number;
  readonly dataSize: number;
  readonly filtered: boolean;
}

type State = 'header' | 'tagHeader' | 'payload';

const fileHeaderBytes = 9;

/**
 * Takes an FLV file or stream apart, however its bytes are cut up. Wrong PreviousTagSizes and stream ids are overlooked,
 * tags of reserved types skipped.
 */
export class FlvDemuxer {
  readonly #limits: FlvLimits;
  readonly #pending = new PendingBytes();
  #state: State = 'header';
  #tag: PendingTag | undefined;
  /** Bytes that are to be passed over before the state goes on. */
  #toSkip = 0;
  /** How many of `#toSkip` may be missing at the end of a file without any loss. */
  #skipIsTrailer = false;
  #offset = 0;
  #drained = true;
  #ended = false;
  #skippedTags = 0;
  #error: RtmpRemoteError | undefined;

  constructor(limits: Partial<FlvLimits> = {}) {
    this.#limits = { ...defaultFlvLimits, ...limits };
  }

  /** Bytes consumed so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Tags of reserved types that were skipped. */
  get skippedTags(): number {
    return this.#skippedTags;
  }

  /**
   * Adds bytes. They are not copied until `next()` has returned `undefined`: do not change them before that.
   *
   * @throws RtmpUsageError `ERR_FLV_ENDED` after `end()`
   */
  push(bytes: Uint8Array): void {
    if (this.#ended) throw new RtmpUsageError('ERR_FLV_ENDED', 'push() after end()');
    this.#pending.append(bytes);
    this.#drained = false;
  }

  /**
   * The next header or tag; `undefined`: more bytes are needed.
   *
   * @throws RtmpRemoteError `ERR_FLV_SIGNATURE`, `ERR_FLV_DATA_OFFSET`, `ERR_FLV_PAYLOAD_TOO_LONG`; then always the same
   */
  next(): FlvHeader | FlvTag | undefined {
    if (this.#error !== undefined) throw this.#error;
    for (;;) {
      if (!this.#skip()) return this.#wait();
      switch (this.#state) {
        case 'header': {
          const bytes = this.#take(fileHeaderBytes);
          return bytes === undefined ? this.#wait() : this.#readFileHeader(bytes);
        }
        case 'tagHeader': {
          const bytes = this.#take(flvTagHeaderBytes);
          if (bytes === undefined) return this.#wait();
          this.#readTagHeader(bytes);
          break;
        }
        case 'payload': {
          const tag = this.#tag;
          if (tag === undefined) return this.#wait();
          const bytes = this.#take(tag.dataSize);
          if (bytes === undefined) return this.#wait();
          this.#state = 'tagHeader';
          this.#toSkip = flvTagTrailerBytes;
          this.#skipIsTrailer = true;
          const { tagType, timestamp, filtered } = tag;
          return { kind: 'tag', tagType, timestamp, payload: new Uint8Array(bytes), filtered };
        }
        default: {
          const unhandled: never = this.#state;
          return unhandled;
        }
      }
    }
  }

  /**
   * Says that no more bytes come; to be called when `next()` has returned `undefined`. The last PreviousTagSize may be
   * missing.
   *
   * @throws RtmpRemoteError `ERR_FLV_TRUNCATED`: the input ends within the header or a tag; what came before is good
   * @throws RtmpUsageError `ERR_FLV_NOT_DRAINED`: `next()` has not returned `undefined` since the last `push()`
   */
  end(): void {
    if (this.#error !== undefined) throw this.#error;
    if (!this.#drained) throw new RtmpUsageError('ERR_FLV_NOT_DRAINED', 'end() before next() returned undefined');
    this.#ended = true;
    const inSkip = this.#toSkip > 0;
    const whole = this.#state === 'tagHeader' && (inSkip ? this.#skipIsTrailer : this.#pending.length === 0);
    if (!whole) this.#fail('ERR_FLV_TRUNCATED', `The input ends within ${this.#place(inSkip)}`);
  }

  #place(inSkip: boolean): string {
    if (this.#state === 'header') return 'the file header';
    if (this.#state === 'payload') return 'a tag';
    return inSkip ? 'the file header or a tag of a reserved type' : 'a tag header';
  }

  #wait(): undefined {
    this.#pending.keep();
    this.#drained = true;
    return undefined;
  }

  /** A view of the next `count` bytes, which are consumed; `undefined` where there are fewer. */
  #take(count: number): Uint8Array | undefined {
    const bytes = this.#pending.take(count);
    if (bytes !== undefined) this.#offset += count;
    return bytes;
  }

  #skip(): boolean {
    const count = Math.min(this.#toSkip, this.#pending.length);
    this.#take(count);
    this.#toSkip -= count;
    return this.#toSkip === 0;
  }

  #readFileHeader(bytes: Uint8Array): FlvHeader {
    if (bytes[0] !== 0x46 || bytes[1] !== 0x4c || bytes[2] !== 0x56) {
      this.#fail('ERR_FLV_SIGNATURE', 'The input does not begin with "FLV"', 0);
    }
    const dataOffset = readUint32(bytes, 5);
    if (dataOffset < fileHeaderBytes || dataOffset > this.#limits.maxHeaderBytes) {
      const range = `${fileHeaderBytes} to ${this.#limits.maxHeaderBytes} allowed`;
      this.#fail('ERR_FLV_DATA_OFFSET', `A file header of ${dataOffset} bytes, ${range}`, 5);
    }
    const flags = bytes[4] ?? 0;
    this.#state = 'tagHeader';
    this.#toSkip = dataOffset - fileHeaderBytes + flvTagTrailerBytes;
    this.#skipIsTrailer = dataOffset === fileHeaderBytes;
    return { kind: 'header', version: bytes[3] ?? 0, audio: (flags & 4) !== 0, video: (flags & 1) !== 0 };
  }

  #readTagHeader(bytes: Uint8Array): void {
    const type = bytes[0] ?? 0;
    const dataSize = readUint24(bytes, 1);
    const tagType = knownTagType(type & 0x1f);
    if (tagType === undefined) {
      this.#skippedTags += 1;
      this.#toSkip = dataSize + flvTagTrailerBytes;
      this.#skipIsTrailer = false;
      return;
    }
    if (dataSize > this.#limits.maxPayloadBytes) {
      const message = `A tag of ${dataSize} bytes, ${this.#limits.maxPayloadBytes} allowed`;
      this.#fail('ERR_FLV_PAYLOAD_TOO_LONG', message, this.#offset - flvTagHeaderBytes);
    }
    const timestamp = ((bytes[7] ?? 0) << 24) | readUint24(bytes, 4);
    this.#tag = { tagType, timestamp, dataSize, filtered: (type & 0x20) !== 0 };
    this.#state = 'payload';
  }

  #fail(code: string, message: string, offset = this.#offset): never {
    this.#error = new RtmpRemoteError(code, message, { offset });
    throw this.#error;
  }
}

function knownTagType(type: number): FlvTagType | undefined {
  switch (type) {
    case flvTagTypes.audio:
    case flvTagTypes.video:
    case flvTagTypes.script:
      return type;
    default:
      return undefined;
  }
}
