import { type AmfValue, flvTagTypes, messageTypes, RtmpRemoteError } from '@millrace/protocol';
import { type LiveMessage, readMediaFacts } from '../live/index.js';
import type { ByteSource } from './byte-source.js';
import { type FileTag, type MediaFile, messageOf, type SeekPoint } from './media-file.js';
import { encodeRecordingMetadata, readRecordingMetadata } from './recording-metadata.js';
import { TagReader } from './tag-reader.js';
import type { WindowCache } from './window-cache.js';

const fileHeaderBytes = 9;
const maxHeaderBytes = 65_536;
/** Sequence headers are looked for in so many tags, at most. */
const maxHeadTags = 512;
const maxHeadBytes = 4 * 1024 * 1024;
/** Of what is kept for players, as of live streams. */
const maxKeptBytes = 1024 * 1024;
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
  /** Sequence headers and their like, by what they are for. */
  readonly #headers = new Map<string, LiveMessage>();
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

  /** Those at the head of the file. */
  headersAt(): readonly LiveMessage[] {
    return [...new Set(this.#headers.values())];
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
      if (tag.tagType !== flvTagTypes.script && tag.timestamp > timeMs) break;
      if (point !== undefined) {
        this.#remember(point);
        found = point;
      }
      reader.skip();
    }
    return found;
  }

  async keyFrameFrom(timeMs: number): Promise<SeekPoint | undefined> {
    const { position } = await this.seekPoint(timeMs);
    const reader = new TagReader(this.#source, position);
    for (let tag = await nextTag(reader); tag !== undefined; tag = await nextTag(reader)) {
      const point = this.#pointOf(tag);
      if (point !== undefined && point.timestamp >= timeMs) return point;
      reader.skip();
    }
    return undefined;
  }

  async #readHead(): Promise<void> {
    const reader = new TagReader(this.#source, this.#firstPosition);
    const coded = new Set<number>();
    let keptBytes = 0;
    let isFirst = true;
    for (let count = 0; count < maxHeadTags; count += 1) {
      const tag = await nextTag(reader);
      if (tag === undefined || tag.offset > this.#firstPosition + maxHeadBytes) return;
      reader.skip();
      if (tag.tagType === flvTagTypes.script) {
        if (this.#properties.size === 0 && coded.size === 0) this.#takeMetadata(tag.payload);
        continue;
      }
      if (isFirst) this.#firstTimestamp = tag.timestamp;
      isFirst = false;
      if (tag.tagType === flvTagTypes.video) this.#hasVideo = true;
      const facts = readMediaFacts(messageOf(tag));
      if (facts.isCoded) coded.add(tag.tagType);
      // Later ones stand where they are of use.
      if (facts.headerKeys.length === 0 || coded.has(tag.tagType)) continue;
      keptBytes += tag.payload.length;
      if (keptBytes > maxKeptBytes) return;
      const message = { ...messageOf(tag), payload: new Uint8Array(tag.payload) };
      for (const key of facts.headerKeys) this.#headers.set(key, message);
    }
  }

  #takeMetadata(payload: Uint8Array): void {
    const metadata = readRecordingMetadata(payload);
    if (metadata === undefined) return;
    this.#properties = metadata.properties;
    this.#durationMs = metadata.durationMs;
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

  #remember(point: SeekPoint): void {
    if (point.timestamp < this.#knownMs + pointSpacingMs) return;
    this.#points.push(point);
    this.#knownMs = point.timestamp;
  }
}

function dataMessage(payload: Uint8Array): LiveMessage {
  return { messageTypeId: messageTypes.dataAmf0, timestamp: 0, messageStreamId: 0, payload };
}

/** The next tag, which stays the next. */
async function nextTag(reader: TagReader): Promise<FileTag | undefined> {
  for (;;) {
    const tag = reader.peek();
    if (tag !== 'fill') return tag;
    await reader.fill();
  }
}
