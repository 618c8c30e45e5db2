import { flvTagTypes, messageTypes, type RawMessage } from '@millrace/protocol';
import {
  amf0Payload,
  type LiveMessage,
  type PublicationObserver,
  readMediaFacts,
  readPublishedData,
} from '../live/index.js';
import type { WindowCache } from '../media-file/index.js';
import { bytesOf, DvrHeaders, type HeaderSet } from './dvr-headers.js';
import type { DvrSegment, SegmentOptions } from './dvr-segment.js';
import { DvrTimeline } from './dvr-timeline.js';

export interface DvrLimits {
  readonly windowMs: number;
  readonly maxBytes: number;
  readonly segmentMs: number;
}

export interface DvrWindowOptions {
  readonly limits: DvrLimits;
  /** Of all windows. */
  readonly cache: WindowCache;
  readonly createSegment: (options: Omit<SegmentOptions, 'path' | 'opening'>) => DvrSegment;
  /** There is nothing of the window any more; `error`: why, if that is a fault. */
  readonly onClosed: (window: DvrWindow, error?: unknown) => void;
  /** Monotonic clock, ms. */
  readonly now: () => number;
}

/** A place of the window: that of a message in its publication. */
export interface DvrPlace {
  readonly sequence: number;
  /** ms */
  readonly timeMs: number;
}

/** Of media that waits for the disk. At 10 Mbit/s, 13 s of it. */
const maxQueuedBytes = 16 * 1024 * 1024;
/** Longer segments than this, in bytes, end at the next key frame; a multiple of what is due ends without one. */
const maxSegmentBytes = 64 * 1024 * 1024;
const overdue = 4;
/** A publisher whose time flies does not get a file for every frame. */
const minSegmentBytes = 256 * 1024;
const minSegmentWallMs = 1000;
/** Sound alone that is shorter belongs to the picture that follows. */
const minSoundMs = 1000;
const maxSegments = 4096;
/** What the headers of all places may take in memory, and how often they may change in one segment. */
const maxHeaderBytes = 16 * 1024 * 1024;
const maxHeaderSets = 1000;
const pointsPerSegment = 32;
const noBytes = new Uint8Array();

/**
 * The last minutes of one publication, on disk: segments that begin at key frames, of which the oldest is deleted when
 * those after it are a window. Nothing here waits, throws or slows the stream.
 */
export class DvrWindow implements PublicationObserver {
  readonly #options: DvrWindowOptions;
  readonly #segmentMs: number;
  readonly #headers = new DvrHeaders();
  #segments: DvrSegment[] = [];
  #deleting = new Set<Promise<void>>();
  #timeline: DvrTimeline | undefined;
  /** Sequence number that the next message of the publication will get. */
  #next = 0;
  #hasAudio = false;
  #hasVideo = false;
  #audioCodec: string | undefined;
  #videoCodec: string | undefined;
  #segmentBegunMs = 0;
  #headerBytes = 0;
  /** The newest segment is to end, at whatever comes next. */
  #isOverdue = false;
  #users = 0;
  #hasEnded = false;
  #isClosed = false;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: DvrWindowOptions) {
    this.#options = options;
    const { segmentMs, windowMs } = options.limits;
    this.#segmentMs = Math.max(segmentMs, windowMs / 1000);
  }

  /** The publication is over. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** There is nothing of it any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  get hasAudio(): boolean {
    return this.#hasAudio;
  }

  get hasVideo(): boolean {
    return this.#hasVideo;
  }

  get next(): number {
    return this.#next;
  }

  get cache(): WindowCache {
    return this.#options.cache;
  }

  /** The oldest place to begin at; `undefined`: there is none. */
  get oldest(): DvrPlace | undefined {
    for (const { keyFrame, firstSequence, startMs, hasVideo } of this.#segments) {
      if (keyFrame !== undefined) return { sequence: keyFrame.sequence, timeMs: keyFrame.timeMs };
      if (!hasVideo) return { sequence: firstSequence, timeMs: startMs };
    }
    return undefined;
  }

  /** Of the newest frame, ms; 0 before the first. */
  get toMs(): number {
    return this.#timeline?.newestMs ?? 0;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** Oldest first. */
  get segments(): readonly DvrSegment[] {
    return this.#segments;
  }

  /** What counts before a message. */
  headersAt(sequence: number): HeaderSet {
    return this.segmentAt(sequence)?.headersAt(sequence) ?? this.#headers.current;
  }

  /** That with the message; `undefined`: it has gone, or not come yet. */
  segmentAt(sequence: number): DvrSegment | undefined {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle]?.firstSequence ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    const segment = this.#segments[low - 1];
    return segment !== undefined && sequence < segment.endSequence ? segment : undefined;
  }

  /** Somebody reads: the window stays after the end of the publication, but not for ever. To be given back with `release`. */
  use(): void {
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    if (this.#hasEnded && this.#users === 0) this.close();
  }

  write(received: RawMessage, next: number): void {
    if (this.#isClosed) return;
    const isNew = next !== this.#next;
    if (received.messageTypeId === messageTypes.audio || received.messageTypeId === messageTypes.video) {
      this.#writeMedia(received);
    } else {
      this.#writeData(received, isNew);
    }
    this.#next = next;
    if (this.#pendingBytes() > maxQueuedBytes) this.close(new Error('the disk is too slow for the stream'));
  }

  /** No more messages come. Who reads has the length of a window for what is left. */
  end(): void {
    this.#hasEnded = true;
    if (this.#isClosed) return;
    void this.#segments.at(-1)?.finish();
    if (this.#users === 0) this.close();
    else this.#expiry = setTimeout(() => this.close(), this.#options.limits.windowMs);
  }

  /** Deletes everything. Players go back to the live stream. */
  close(error?: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#expiry);
    this.#dropSegments(this.#segments.length);
    this.#options.onClosed(this, error);
  }

  /** Resolves when all files that are not wanted any more are gone. */
  async settled(): Promise<void> {
    await Promise.all(this.#deleting);
  }

  #writeMedia(message: LiveMessage): void {
    const media = readMediaFacts(message);
    const isVideo = message.messageTypeId === messageTypes.video;
    if (message.payload.length > 0) {
      if (isVideo) this.#hasVideo = true;
      else this.#hasAudio = true;
    }
    if (media.isCoded) {
      this.#noteCodec(media.videoCodec, media.audioCodec);
      const isStart = isVideo ? media.keyFrameTracks.length > 0 : !this.#hasVideo;
      this.#writeFrame(message, isStart);
      return;
    }
    this.#append(message.messageTypeId, message.timestamp, message.payload);
    this.#headers.setMedia(media.headerKeys, message);
    this.#noteHeaders();
  }

  #writeFrame({ messageTypeId, timestamp, payload }: LiveMessage, isStart: boolean): void {
    this.#timeline ??= new DvrTimeline(timestamp);
    let timeMs = this.#timeline.frame(timestamp);
    if (timeMs === undefined) {
      // Nobody could seek in two times at once.
      this.#dropSegments(this.#segments.length);
      this.#timeline = new DvrTimeline(timestamp);
      timeMs = timestamp;
    }
    const isVideo = messageTypeId === messageTypes.video;
    if (this.#isDue(timeMs, isStart, isVideo)) this.#beginSegment(timeMs);
    const segment = this.#segments.at(-1);
    if (segment === undefined) return;
    segment.hasVideo ||= isVideo;
    if (isStart) segment.noteKeyFrame(timeMs, this.#segmentMs / pointsPerSegment);
    segment.append(isVideo ? flvTagTypes.video : flvTagTypes.audio, timestamp, payload);
  }

  #writeData(received: RawMessage, isNew: boolean): void {
    const data = readPublishedData(received);
    switch (data.action) {
      case 'pass':
        if (!isNew) return;
        // What AMF0 cannot say keeps its place, so that places are those of the live stream.
        this.#append(messageTypes.dataAmf0, data.message.timestamp, amf0Payload(data.message) ?? noBytes);
        if (data.handler !== undefined) this.#setData(data.handler, data.message);
        return;
      case 'clear':
        this.#headers.clearData(data.handler);
        this.#noteHeaders();
        return;
      case 'drop':
        return;
      default:
        data satisfies never;
    }
  }

  #setData(handler: string, message: LiveMessage): void {
    const payload = amf0Payload(message);
    if (payload === undefined) this.#headers.clearData(handler);
    else this.#headers.setData(handler, { ...message, messageTypeId: messageTypes.dataAmf0, payload });
    this.#noteHeaders();
  }

  /** What is no frame. Before the first frame it has no place, but counts for it. */
  #append(messageTypeId: number, timestamp: number, payload: Uint8Array): void {
    const segment = this.#segments.at(-1);
    if (segment === undefined || this.#timeline === undefined) return;
    segment.append(tagTypeOf(messageTypeId), this.#timeline.other(timestamp) >>> 0, payload);
  }

  /** Another codec's configuration is none for this one: AAC, then MP3. */
  #noteCodec(videoCodec: string | undefined, audioCodec: string | undefined): void {
    const hasChanged = (before: string | undefined, now: string | undefined): boolean =>
      before !== undefined && now !== undefined && before !== now;
    if (hasChanged(this.#videoCodec, videoCodec)) this.#headers.clearMedia('video:0:sequence');
    if (hasChanged(this.#audioCodec, audioCodec)) this.#headers.clearMedia('audio:0:sequence');
    this.#videoCodec = videoCodec ?? this.#videoCodec;
    this.#audioCodec = audioCodec ?? this.#audioCodec;
    this.#noteHeaders();
  }

  /** Keeps what has changed. */
  #noteHeaders(): void {
    const segment = this.#segments.at(-1);
    const { current } = this.#headers;
    if (segment === undefined || segment.headersAt(segment.endSequence) === current) return;
    const sets = segment.noteHeaders(current);
    this.#headerBytes += bytesOf(current);
    if (sets > maxHeaderSets) this.#isOverdue = true;
    if (this.#headerBytes <= maxHeaderBytes) return;
    // A window of places with megabytes to be told each would be in memory, not on disk.
    if (this.#segments.length > 1) this.#dropSegments(1);
    else this.close(new Error('the headers of the stream change too often'));
  }

  #isDue(timeMs: number, isStart: boolean, isVideo: boolean): boolean {
    const segment = this.#segments.at(-1);
    if (segment === undefined || this.#isOverdue) return true;
    const { maxBytes } = this.#options.limits;
    const dueBytes = Math.min(maxSegmentBytes, maxBytes / (2 * overdue));
    const { size } = segment;
    const lastedMs = timeMs - segment.startMs;
    const isLong = lastedMs >= this.#segmentMs;
    const isSmall = size < minSegmentBytes && this.#options.now() - this.#segmentBegunMs < minSegmentWallMs;
    if (size >= dueBytes * overdue || (lastedMs >= this.#segmentMs * overdue * 2 && !isSmall)) return true;
    // The places before the first picture stay places.
    const isFirstPicture = isVideo && !segment.hasVideo && lastedMs >= minSoundMs;
    return isStart && (size >= dueBytes || (isLong && !isSmall) || isFirstPicture);
  }

  #beginSegment(timeMs: number): void {
    void this.#segments.at(-1)?.finish();
    const segment = this.#options.createSegment({
      sequence: this.#next,
      timeMs,
      headers: this.#headers.current,
      onError: (error) => this.close(error),
    });
    const before = this.#segments.at(-1);
    if (before?.headersAt(before.endSequence) !== this.#headers.current) {
      this.#headerBytes += bytesOf(this.#headers.current);
    }
    this.#segments.push(segment);
    this.#segmentBegunMs = this.#options.now();
    this.#isOverdue = false;
    this.#trim(timeMs);
  }

  #trim(timeMs: number): void {
    const { windowMs, maxBytes } = this.#options.limits;
    let { bytes } = this;
    let count = 0;
    for (; count < this.#segments.length - 1; count += 1) {
      const following = this.#segments[count + 1];
      const isOld = following !== undefined && following.startMs <= timeMs - windowMs;
      if (!isOld && bytes <= maxBytes && this.#segments.length - count <= maxSegments) break;
      bytes -= this.#segments[count]?.size ?? 0;
    }
    this.#dropSegments(count);
  }

  #dropSegments(count: number): void {
    if (count === 0) return;
    for (const segment of this.#segments.splice(0, count)) {
      const deleted = segment.delete().then(() => {
        this.#deleting.delete(deleted);
      });
      this.#deleting.add(deleted);
    }
    const kept = new Set(this.#segments.flatMap((segment) => segment.headerSets));
    this.#headerBytes = [...kept].reduce((sum, set) => sum + bytesOf(set), 0);
  }

  #pendingBytes(): number {
    let sum = 0;
    // Those before are written while the newest begins.
    for (let i = this.#segments.length - 1; i >= Math.max(0, this.#segments.length - 8); i -= 1) {
      sum += this.#segments[i]?.pendingBytes ?? 0;
    }
    return sum;
  }
}

function tagTypeOf(messageTypeId: number): 8 | 9 | 18 {
  if (messageTypeId === messageTypes.audio) return flvTagTypes.audio;
  return messageTypeId === messageTypes.video ? flvTagTypes.video : flvTagTypes.script;
}
