import {
  type AmfValue,
  flvTagHeaderBytes,
  flvTagTrailerBytes,
  flvTagTypes,
  messageTypes,
  RtmpRemoteError,
} from '@millrace/protocol';
import { type LiveMessage, readMediaFacts } from '../live/index.js';
import type { ByteSource, WindowCache } from '../media-file/index.js';
import { type FileTag, type MediaFile, messageOf, type SeekPoint } from '../media-file/index.js';
import { HeaderHistory } from './header-history.js';
import { encodeRecordingMetadata, readRecordingMetadata } from './recording-metadata.js';
import { TagReader } from './tag-reader.js';

const fileHeaderBytes = 9;
const maxHeaderBytes = 65_536;
/** Sequence headers are looked for in so many tags, at most. */
const maxHeadTags = 512;
const maxHeadBytes = 4 * 1024 * 1024;
const maxTagBytes = flvTagHeaderBytes + 0xff_ffff + flvTagTrailerBytes;
/** Of the sequence headers that the file lists, so many are believed. */
const maxListedHeaders = 256;
/** Sequence headers are far shorter. */
const maxListedHeaderBytes = 65_536;
/** Where the time of the last tag is looked for. */
const tailBytes = 1024 * 1024;
/** Distance of the places that are remembered, ms: to find a place, no more than this is read. */
const pointSpacingMs = 2000;

/** A recording that players share: what is at its head, how long it is, where its key frames are. */
export class FlvFile implements MediaFile {
  readonly #source: ByteSource;
  readonly #windows: WindowCache | undefined;
  /** Where the first tag is. */
  readonly #firstPosition: number;
  #firstTimestamp = 0;
  #lastTimestamp = 0;
  #properties: ReadonlyMap<string, AmfValue> = new Map();
  #durationMs: number | undefined;
  readonly #headers = new HeaderHistory();
  /** Where the file says that there are sequence headers, of those that were not read yet. Rising. */
  #unreadHeaders: number[] = [];
  #hasVideo = false;
  /** Places of key frames, with at least `pointSpacingMs` between them where they were found by reading. */
  #points: SeekPoint[] = [];
  /** All places up to this time are known. */
  #knownMs = -1;
  #metadataMessage: LiveMessage | undefined;

  private constructor(source: ByteSource, firstPosition: number, windows: WindowCache | undefined) {
    this.#source = source;
    this.#windows = windows;
    this.#firstPosition = firstPosition;
  }

  /**
   * Reads the head and the tail. Rejects with the system's errors.
   *
   * @throws RtmpRemoteError `ERR_FLV_…`: it is no FLV file
   */
  static async open(source: ByteSource, windows?: WindowCache): Promise<FlvFile> {
    const header = Buffer.alloc(fileHeaderBytes);
    const length = await source.read(header, 0);
    if (length < fileHeaderBytes) {
      throw new RtmpRemoteError('ERR_FLV_TRUNCATED', 'it ends within the file header', { offset: length });
    }
    if (header.toString('latin1', 0, 3) !== 'FLV') {
      throw new RtmpRemoteError('ERR_FLV_SIGNATURE', 'it is no FLV file', { offset: 0 });
    }
    const dataOffset = header.readUInt32BE(5);
    if (dataOffset < fileHeaderBytes || dataOffset > maxHeaderBytes) {
      throw new RtmpRemoteError('ERR_FLV_DATA_OFFSET', `its file header has ${dataOffset} bytes`, { offset: 5 });
    }
    const file = new FlvFile(source, dataOffset + 4, windows);
    await file.#readHead();
    await file.#readTail();
    return file;
  }

  get durationMs(): number {
    return this.#durationMs ?? this.#lastTimestamp;
  }

  get lastTimestamp(): number {
    return this.#lastTimestamp;
  }

  get hasVideo(): boolean {
    return this.#hasVideo;
  }

  get bytes(): number {
    return this.#source.size;
  }

  get start(): SeekPoint {
    return { position: this.#firstPosition, timestamp: this.#firstTimestamp };
  }

  get metadata(): LiveMessage {
    this.#metadataMessage ??= dataMessage(encodeRecordingMetadata(this.#properties, this.durationMs));
    return this.#metadataMessage;
  }

  /** As far as they are known: those that the file lists, and those that were come across. */
  headersAt(position: number): readonly LiveMessage[] {
    return this.#headers.before(position);
  }

  noteHeaders(tag: FileTag): void {
    if (tag.tagType === flvTagTypes.script) return;
    const message = messageOf(tag);
    const { headerKeys } = readMediaFacts(message);
    if (headerKeys.length > 0) this.#headers.add(tag.offset, headerKeys, message);
  }

  reader(position: number): TagReader {
    return new TagReader(this.#source, position, false, this.#windows);
  }

  async seekPoint(timeMs: number): Promise<SeekPoint> {
    const known = this.#pointBefore(timeMs);
    const reader = new TagReader(this.#source, known.position);
    let found = known;
    let isKnown = known.position === this.#firstPosition;
    for (let tag = await nextTag(reader); tag !== undefined; tag = await nextTag(reader)) {
      const point = this.#pointOf(tag);
      if (!isKnown && (point === undefined || tag.offset !== known.position)) {
        // The file's own list of places is wrong: it is not looked at again.
        this.#points = [];
        this.#knownMs = -1;
        return this.seekPoint(timeMs);
      }
      isKnown = true;
      this.noteHeaders(tag);
      if (tag.tagType !== flvTagTypes.script && tag.timestamp > timeMs) break;
      if (point !== undefined) {
        this.#remember(point);
        found = point;
      }
      reader.skip();
    }
    await this.#readHeadersBefore(found.position);
    return found;
  }

  async keyFrameFrom(timeMs: number): Promise<SeekPoint | undefined> {
    const { position } = await this.seekPoint(timeMs);
    const reader = new TagReader(this.#source, position);
    for (let tag = await nextTag(reader); tag !== undefined; tag = await nextTag(reader)) {
      const point = this.#pointOf(tag);
      if (point !== undefined && point.timestamp >= timeMs) return point;
      this.noteHeaders(tag);
      reader.skip();
    }
    return undefined;
  }

  async #readHead(): Promise<void> {
    // Where there is no tag any more, the next is not looked for in all of the file.
    const end = Math.min(this.bytes, this.#firstPosition + maxHeadBytes + maxTagBytes);
    const head: ByteSource = { size: end, read: (target, position) => this.#source.read(target, position) };
    const reader = new TagReader(head, this.#firstPosition);
    let hasMedia = false;
    for (let count = 0; count < maxHeadTags; count += 1) {
      const tag = await nextTag(reader);
      if (tag === undefined || tag.offset > this.#firstPosition + maxHeadBytes) return;
      reader.skip();
      if (tag.tagType === flvTagTypes.script) {
        if (this.#properties.size === 0 && !hasMedia) this.#takeMetadata(tag.payload);
        continue;
      }
      if (!hasMedia) this.#firstTimestamp = tag.timestamp;
      hasMedia = true;
      if (tag.tagType === flvTagTypes.video) this.#hasVideo = true;
      this.noteHeaders(tag);
    }
  }

  #takeMetadata(payload: Uint8Array): void {
    const metadata = readRecordingMetadata(payload);
    if (metadata === undefined) return;
    this.#properties = metadata.properties;
    this.#durationMs = metadata.durationMs;
    this.#unreadHeaders = (metadata.sequenceHeaders?.positions ?? []).slice(0, maxListedHeaders);
    if (metadata.keyFrames === undefined) return;
    const { times, positions } = metadata.keyFrames;
    this.#points = times.map((timestamp, i) => ({ timestamp, position: positions[i] ?? 0 }));
    this.#points = this.#points.filter(({ position }) => position > this.#firstPosition && position < this.bytes);
    this.#knownMs = Number.POSITIVE_INFINITY;
  }

  async #readTail(): Promise<void> {
    const from = Math.max(this.#firstPosition, this.bytes - tailBytes);
    const reader = new TagReader(this.#source, from, from !== this.#firstPosition);
    this.#lastTimestamp = this.#firstTimestamp;
    for (let tag = await nextTag(reader); tag !== undefined; tag = await nextTag(reader)) {
      if (tag.tagType !== flvTagTypes.script) this.#lastTimestamp = Math.max(this.#lastTimestamp, tag.timestamp);
      reader.skip();
    }
  }

  /** The place that is known, from which on to read for the time. */
  #pointBefore(timeMs: number): SeekPoint {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#points[middle]?.timestamp ?? 0) <= timeMs) low = middle + 1;
      else high = middle;
    }
    return this.#points[low - 1] ?? this.start;
  }

  #pointOf(tag: FileTag): SeekPoint | undefined {
    const { tagType, timestamp, offset: position } = tag;
    if (this.#hasVideo ? tagType !== flvTagTypes.video : tagType !== flvTagTypes.audio) return undefined;
    if (this.#hasVideo && readMediaFacts(messageOf(tag)).keyFrameTracks.length === 0) return undefined;
    return { position, timestamp };
  }

  async #readHeadersBefore(position: number): Promise<void> {
    for (;;) {
      const next = this.#unreadHeaders[0];
      if (next === undefined || next >= position) return;
      const tag = await readTagAt(this.#source, next);
      // Another player may have been faster.
      if (this.#unreadHeaders[0] === next) this.#unreadHeaders.shift();
      if (tag !== undefined) this.noteHeaders(tag);
    }
  }

  #remember(point: SeekPoint): void {
    if (point.timestamp < this.#knownMs + pointSpacingMs) return;
    this.#points.push(point);
    this.#knownMs = point.timestamp;
  }
}

function dataMessage(payload: Uint8Array): LiveMessage {
  return { messageTypeId: messageTypes.dataAmf0, timestamp: 0, messageStreamId: 0, payload };
}

/** What may be a sequence header; `undefined`: it is none. */
async function readTagAt(source: ByteSource, offset: number): Promise<FileTag | undefined> {
  const head = Buffer.alloc(flvTagHeaderBytes);
  if ((await source.read(head, offset)) < head.length) return undefined;
  const tagType = head[0];
  const length = head.readUIntBE(1, 3);
  if ((tagType !== flvTagTypes.audio && tagType !== flvTagTypes.video) || length > maxListedHeaderBytes)
    return undefined;
  const payload = Buffer.alloc(length);
  if ((await source.read(payload, offset + flvTagHeaderBytes)) < length) return undefined;
  return { tagType, timestamp: head.readUIntBE(4, 3) + (head[7] ?? 0) * 2 ** 24, payload, offset };
}

/** The next tag, which stays the next. */
async function nextTag(reader: TagReader): Promise<FileTag | undefined> {
  for (;;) {
    const tag = reader.peek();
    if (tag !== 'fill') return tag;
    await reader.fill();
  }
}
