import { type FlvTagType, flvTagHeaderBytes, flvTagTrailerBytes, flvTagTypes } from '@millrace/protocol';
import type { ByteSource, FileTag, MediaReader } from '../media-file/index.js';
import { readWindow, type WindowCache } from '../media-file/index.js';

/** What is read at once: about a second of a stream of 2 Mbit/s. */
const windowBytes = 256 * 1024;
/** After damage, tags that are longer than this are not looked for. */
const maxFoundBytes = 1024 * 1024;
const noBytes = new Uint8Array();

/**
 * The tags of an FLV file one after another, with one window of the file in memory. Bytes that are no tags, and tags of
 * reserved types, are passed over; a tag that is cut off at the end of the file is not there.
 */
export class TagReader implements MediaReader {
  readonly #source: ByteSource;
  #end: number;
  readonly #cache: WindowCache | undefined;
  #window: Uint8Array = noBytes;
  #windowStart = 0;
  #position: number;
  /** Bytes from `#position` on that must be in the window. */
  #needed = flvTagHeaderBytes;
  /** The place is no tag's: looks for one. */
  #searching: boolean;
  #tag: FileTag | undefined;
  #tagEnd = 0;

  /** `position`: of a tag; with `search`, any place before one. */
  constructor(source: ByteSource, position: number, search = false, cache?: WindowCache) {
    this.#source = source;
    this.#cache = cache;
    this.#end = source.size;
    this.#position = position;
    this.#searching = search;
  }

  peek(): FileTag | 'fill' | undefined {
    for (;;) {
      if (this.#tag !== undefined) return this.#tag;
      if (this.#position + flvTagHeaderBytes > this.#end) return undefined;
      const step = this.#searching ? this.#search() : this.#read();
      if (step === 'fill') return 'fill';
    }
  }

  skip(): void {
    if (this.#tag === undefined) return;
    this.#position = this.#tagEnd;
    this.#tag = undefined;
  }

  /** Reads what `peek` wants. Rejects with the system's errors. */
  async fill(): Promise<void> {
    const position = this.#position;
    const wanted = this.#searching ? maxFoundBytes + windowBytes : Math.max(windowBytes, this.#needed);
    const length = Math.min(wanted, this.#end - position);
    if (length <= 0) return;
    this.#window = noBytes;
    // What is longer than usual is not kept for others.
    const isUsual = wanted === windowBytes && this.#cache !== undefined;
    const read = isUsual
      ? this.#cache.read(this.#source, position, length)
      : readWindow(this.#source, position, length);
    this.#window = await read;
    if (this.#window.length < length) this.#end = position + this.#window.length;
    this.#windowStart = position;
  }

  /** `'fill'`: there is not enough in the window. */
  #read(): 'fill' | 'done' {
    const position = this.#position;
    if (!this.#has(position, flvTagHeaderBytes)) return this.#need(flvTagHeaderBytes);
    const at = position - this.#windowStart;
    const first = this.#byte(at);
    const payloadBytes = this.#uint24(at + 1);
    const payloadEnd = position + flvTagHeaderBytes + payloadBytes;
    const known = tagTypeOf(first);
    if (first >> 6 !== 0 || payloadEnd > this.#end || (known === undefined && payloadBytes > maxFoundBytes)) {
      this.#lost();
      return 'done';
    }
    const tagEnd = Math.min(this.#end, payloadEnd + flvTagTrailerBytes);
    // With what tells whether a tag follows, where the trailer does not.
    const needed = Math.min(this.#end, tagEnd + flvTagHeaderBytes) - position;
    if (!this.#has(position, needed)) return this.#need(needed);
    const isSound = this.#hasTrailer(payloadEnd) || (known !== undefined && this.#isPlausible(tagEnd));
    if (!isSound) this.#lost();
    else if (known === undefined) this.#position = tagEnd;
    else this.#found(known, payloadEnd, tagEnd);
    return 'done';
  }

  #search(): 'fill' | 'done' {
    for (; ; this.#position += 1) {
      this.#passOtherBytes();
      const position = this.#position;
      if (position + flvTagHeaderBytes > this.#end) return 'done';
      if (!this.#has(position, flvTagHeaderBytes)) return this.#need(flvTagHeaderBytes);
      const at = position - this.#windowStart;
      if (!this.#looksLikeTag(at)) continue;
      const size = flvTagHeaderBytes + this.#uint24(at + 1) + flvTagTrailerBytes;
      if (size > maxFoundBytes || position + size > this.#end) continue;
      if (!this.#has(position, size)) return this.#need(size);
      if (!this.#hasTrailer(position + size - flvTagTrailerBytes)) continue;
      this.#searching = false;
      return 'done';
    }
  }

  /** Up to a byte in the window with which a tag may begin: gigabytes of something else are to be passed in seconds. */
  #passOtherBytes(): void {
    const window = this.#window;
    let at = this.#position - this.#windowStart;
    if (at < 0) return;
    while (at < window.length && tagTypeOf(window[at] ?? 0) === undefined) at += 1;
    this.#position = this.#windowStart + at;
  }

  #found(tagType: FlvTagType, payloadEnd: number, tagEnd: number): void {
    const offset = this.#position;
    const at = offset - this.#windowStart;
    const timestamp = ((this.#byte(at + 7) << 24) | this.#uint24(at + 4)) >>> 0;
    const payload = this.#window.subarray(at + flvTagHeaderBytes, payloadEnd - this.#windowStart);
    this.#tag = { tagType, timestamp, payload, offset };
    this.#tagEnd = tagEnd;
  }

  #lost(): void {
    this.#searching = true;
    this.#position += 1;
  }

  #need(count: number): 'fill' {
    this.#needed = count;
    return 'fill';
  }

  #has(position: number, count: number): boolean {
    return position >= this.#windowStart && position + count <= this.#windowStart + this.#window.length;
  }

  #hasTrailer(position: number): boolean {
    if (!this.#has(position, flvTagTrailerBytes)) return false;
    const at = position - this.#windowStart;
    const size = ((this.#byte(at) << 24) | this.#uint24(at + 1)) >>> 0;
    return size === position - this.#position;
  }

  /** Whether a tag could begin here, or the file ends. */
  #isPlausible(position: number): boolean {
    return !this.#has(position, flvTagHeaderBytes) || this.#looksLikeTag(position - this.#windowStart);
  }

  /** A known type, the reserved bits and the stream id 0. */
  #looksLikeTag(at: number): boolean {
    const first = this.#byte(at);
    return first >> 6 === 0 && tagTypeOf(first) !== undefined && this.#uint24(at + 8) === 0;
  }

  #byte(at: number): number {
    return this.#window[at] ?? 0;
  }

  #uint24(at: number): number {
    return (this.#byte(at) << 16) | (this.#byte(at + 1) << 8) | this.#byte(at + 2);
  }
}

/** Encrypted tags (the filter bit) are as good as reserved ones: no player could show them. */
function tagTypeOf(first: number): FlvTagType | undefined {
  switch (first & 0x3f) {
    case flvTagTypes.audio:
    case flvTagTypes.video:
    case flvTagTypes.script:
      return first as FlvTagType;
    default:
      return undefined;
  }
}
