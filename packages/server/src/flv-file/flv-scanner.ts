import type { FileHandle } from 'node:fs/promises';
import {
  type FlvTagType,
  flvTagHeaderBytes,
  flvTagTrailerBytes,
  flvTagTypes,
  RtmpRemoteError,
} from '@millrace/protocol';

/** A sound tag and where it is. */
export interface ScannedTag {
  readonly kind: 'tag';
  readonly offset: number;
  readonly tagType: FlvTagType;
  /** ms, 0 … 2³²−1. */
  readonly timestamp: number;
  readonly filtered: boolean;
  readonly payloadBytes: number;
  /** Offset after the tag and its PreviousTagSize, of which the file's last tag may lack a part. */
  readonly end: number;
  /** Whether the PreviousTagSize is there and right. */
  readonly hasTrailer: boolean;
}

/** Bytes that are no tags, from `offset` to `end`. */
export interface FlvDamage {
  readonly kind: 'damage';
  readonly offset: number;
  readonly end: number;
  readonly reason: string;
}

export interface ScannedHeader {
  readonly audio: boolean;
  readonly video: boolean;
}

const blockBytes = 1024 * 1024;
const fileHeaderBytes = 9;
const maxHeaderBytes = 65_536;
const noBytes = Buffer.alloc(0);

/**
 * Finds the tags of an FLV file of any size and what is between them, in order, with memory for a block of it and one
 * tag. Tags of reserved types are passed over.
 */
export class FlvScanner {
  /** Tags of reserved types that were passed over. */
  skippedTags = 0;
  readonly #file: FileHandle;
  readonly #size: number;
  /** Whether it looks for further tags after damage. */
  readonly #resync: boolean;
  #block: Buffer = noBytes;
  #blockStart = 0;
  #offset = 0;

  constructor(file: FileHandle, size: number, options: { readonly resync: boolean }) {
    this.#file = file;
    this.#size = size;
    this.#resync = options.resync;
  }

  /** How far it has come, bytes. */
  get offset(): number {
    return this.#offset;
  }

  /** To be called first. @throws RtmpRemoteError as `FlvDemuxer.next` where it is no FLV file. */
  async header(): Promise<ScannedHeader> {
    const bytes = await this.#view(0, fileHeaderBytes);
    if (bytes.length < fileHeaderBytes) {
      throw new RtmpRemoteError('ERR_FLV_TRUNCATED', 'it ends within the file header', { offset: bytes.length });
    }
    if (bytes.toString('latin1', 0, 3) !== 'FLV') {
      throw new RtmpRemoteError('ERR_FLV_SIGNATURE', 'it is no FLV file', { offset: 0 });
    }
    const dataOffset = bytes.readUInt32BE(5);
    if (dataOffset < fileHeaderBytes || dataOffset > maxHeaderBytes) {
      throw new RtmpRemoteError('ERR_FLV_DATA_OFFSET', `its file header has ${dataOffset} bytes`, { offset: 5 });
    }
    const flags = bytes[4] ?? 0;
    this.#offset = Math.min(this.#size, dataOffset + flvTagTrailerBytes);
    return { audio: (flags & 4) !== 0, video: (flags & 1) !== 0 };
  }

  /** The next tag, or the damage before it; `undefined` at the end of the file. */
  async next(): Promise<ScannedTag | FlvDamage | undefined> {
    for (;;) {
      const offset = this.#offset;
      if (offset >= this.#size) return undefined;
      const tag = await this.#read(offset);
      if (typeof tag === 'string') {
        this.#offset = this.#resync ? await this.#find(offset + 1) : this.#size;
        return { kind: 'damage', offset, end: this.#offset, reason: tag };
      }
      this.#offset = tag.end;
      if (isKnown(tag.tagType)) return { ...tag, tagType: tag.tagType };
      this.skippedTags += 1;
    }
  }

  /** The payload of a tag or its first `count` bytes: a view that is good until the next call of any method. */
  async payload(tag: ScannedTag, count = tag.payloadBytes): Promise<Uint8Array> {
    return this.#view(tag.offset + flvTagHeaderBytes, Math.min(count, tag.payloadBytes));
  }

  /** The tag at `offset`, or what is wrong there. */
  async #read(offset: number): Promise<(Omit<ScannedTag, 'tagType'> & { readonly tagType: number }) | string> {
    const head = await this.#view(offset, flvTagHeaderBytes);
    if (head.length < flvTagHeaderBytes) return 'the file ends within the header of a tag';
    const first = head[0] ?? 0;
    const payloadBytes = head.readUIntBE(1, 3);
    const timestamp = (((head[7] ?? 0) << 24) | head.readUIntBE(4, 3)) >>> 0;
    const tagType = first & 0x1f;
    const payloadEnd = offset + flvTagHeaderBytes + payloadBytes;
    if (first >> 6 !== 0) return 'no tag is here';
    if (payloadEnd > this.#size) return isKnown(tagType) ? 'the file ends within a tag' : 'no tag is here';
    const end = Math.min(this.#size, payloadEnd + flvTagTrailerBytes);
    const hasTrailer = await this.#hasTrailer(payloadEnd, flvTagHeaderBytes + payloadBytes);
    if (!hasTrailer && (!isKnown(tagType) || !(await this.#isPlausible(end)))) return 'no tag is here';
    return { kind: 'tag', offset, tagType, timestamp, filtered: (first & 0x20) !== 0, payloadBytes, end, hasTrailer };
  }

  async #hasTrailer(position: number, size: number): Promise<boolean> {
    const bytes = await this.#peek(position, flvTagTrailerBytes);
    return bytes.length === flvTagTrailerBytes && bytes.readUInt32BE(0) === size;
  }

  /** Whether a tag could begin here, or the file ends. */
  async #isPlausible(position: number): Promise<boolean> {
    if (position >= this.#size) return true;
    const bytes = await this.#peek(position, flvTagHeaderBytes);
    return bytes.length < flvTagHeaderBytes || looksLikeTag(bytes, 0);
  }

  /** Where the next tag is whose PreviousTagSize is right; the end of the file when there is none. */
  async #find(from: number): Promise<number> {
    for (let start = from; start + flvTagHeaderBytes <= this.#size; ) {
      const bytes = await this.#view(start, blockBytes);
      const last = bytes.length - flvTagHeaderBytes;
      for (let at = 0; at <= last; at += 1) {
        if (!looksLikeTag(bytes, at)) continue;
        const size = flvTagHeaderBytes + bytes.readUIntBE(at + 1, 3);
        if (start + at + size + flvTagTrailerBytes > this.#size) continue;
        if (await this.#hasTrailer(start + at + size, size)) return start + at;
      }
      start += Math.max(1, last + 1);
    }
    return this.#size;
  }

  /** As `#view`, but what is outside the block does not replace it. */
  async #peek(position: number, count: number): Promise<Buffer> {
    const at = position - this.#blockStart;
    if (at >= 0 && at + count <= this.#block.length) return this.#block.subarray(at, at + count);
    return this.#load(position, Math.min(count, this.#size - position));
  }

  /** Fewer bytes than `count` at the end of the file only. */
  async #view(position: number, count: number): Promise<Buffer> {
    const available = Math.max(0, Math.min(count, this.#size - position));
    let at = position - this.#blockStart;
    if (at < 0 || at + available > this.#block.length) {
      const length = Math.min(this.#size - position, Math.max(blockBytes, available));
      this.#block = await this.#load(position, length);
      this.#blockStart = position;
      at = 0;
    }
    return this.#block.subarray(at, at + available);
  }

  async #load(position: number, count: number): Promise<Buffer> {
    if (count <= 0) return noBytes;
    const bytes = Buffer.allocUnsafe(count);
    let filled = 0;
    while (filled < count) {
      const { bytesRead } = await this.#file.read(bytes, filled, count - filled, position + filled);
      // Somebody cut the file in the meantime.
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }
}

function isKnown(tagType: number): tagType is FlvTagType {
  return tagType === flvTagTypes.audio || tagType === flvTagTypes.video || tagType === flvTagTypes.script;
}

/** A known type, the reserved bits and the stream id 0. */
function looksLikeTag(bytes: Buffer, at: number): boolean {
  const type = bytes[at] ?? 0;
  return type >> 6 === 0 && isKnown(type & 0x1f) && bytes[at + 8] === 0 && bytes[at + 9] === 0 && bytes[at + 10] === 0;
}
