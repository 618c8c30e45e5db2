import { flvTagHeaderBytes, flvTagTrailerBytes } from '@millrace/protocol';
import { TagReader } from '../flv-file/index.js';
import type { FileTag, MediaReader } from '../media-file/index.js';
import type { DvrSegment } from './dvr-segment.js';
import { timeNear } from './dvr-timeline.js';
import type { DvrWindow } from './dvr-window.js';

/** Told of what happens to a reader. */
export interface ReaderWatcher {
  /** It has come to the end of what there is yet; each time that is found out. */
  edge(reader: DvrReader): void;
  /** What it was to give next has gone, and there is an oldest place. It gives nothing more: another is to begin there. */
  gone(reader: DvrReader): void;
}

/**
 * The messages of a window as tags, from one on. Where they have gone in the meantime, and nobody watches, it goes
 * on at the oldest place, with the headers that count there. `offset` of a tag is its sequence number.
 */
export class DvrReader implements MediaReader {
  readonly #window: DvrWindow;
  readonly #watcher: ReaderWatcher | undefined;
  #sequence: number;
  #segment: DvrSegment | undefined;
  #tags: TagReader | undefined;
  /** Bytes of the segment as far as `#tags` knows it. */
  #knownBytes = 0;
  /** Where the tag of `#sequence` is in the segment, or one before it, and how many come before it. */
  #offset = 0;
  #toSkip = 0;
  #tag: FileTag | undefined;
  #tagBytes = 0;
  /** To be given first. */
  #headers: FileTag[] = [];

  constructor(window: DvrWindow, sequence: number, watcher?: ReaderWatcher) {
    this.#window = window;
    this.#sequence = sequence;
    this.#watcher = watcher;
  }

  /** Of the message that is to be given next. */
  get sequence(): number {
    return this.#sequence;
  }

  peek(): FileTag | 'fill' | 'later' | undefined {
    const header = this.#headers[0];
    if (header !== undefined) return header;
    if (this.#tag !== undefined) return this.#tag;
    const segment = this.#find();
    if (typeof segment === 'string' || segment === undefined) return segment;
    if (this.#headers[0] !== undefined) return this.#headers[0];
    return this.#read(segment);
  }

  skip(): void {
    if (this.#headers.shift() !== undefined || this.#tag === undefined) return;
    this.#tags?.skip();
    this.#tag = undefined;
    this.#sequence += 1;
    this.#offset += this.#tagBytes;
  }

  async fill(): Promise<void> {
    try {
      await this.#tags?.fill();
    } catch (error) {
      // Deleted in the meantime: `peek` goes to another place.
      if (this.#window.isClosed || this.#window.segmentAt(this.#sequence) !== this.#segment) return;
      throw error;
    }
  }

  #find(): DvrSegment | 'later' | undefined {
    const window = this.#window;
    if (window.isClosed) return undefined;
    if (this.#sequence >= window.next) return this.#edge();
    const segment = window.segmentAt(this.#sequence);
    if (segment !== undefined) {
      if (segment !== this.#segment) this.#enter(segment);
      return segment;
    }
    const { oldest } = window;
    const first = oldest && window.segmentAt(oldest.sequence);
    if (oldest === undefined || first === undefined || oldest.sequence < this.#sequence) return this.#edge();
    if (this.#watcher !== undefined) {
      this.#watcher.gone(this);
      return 'later';
    }
    this.#sequence = oldest.sequence;
    const { media } = window.headersAt(oldest.sequence);
    this.#headers = media.map(({ messageTypeId, payload }) => ({
      tagType: messageTypeId as FileTag['tagType'],
      timestamp: oldest.timeMs,
      payload,
      offset: oldest.sequence,
    }));
    this.#enter(first);
    return first;
  }

  #edge(): 'later' | undefined {
    if (this.#window.hasEnded) return undefined;
    this.#watcher?.edge(this);
    return 'later';
  }

  #enter(segment: DvrSegment): void {
    const { sequence, offset } = segment.pointBefore({ sequence: this.#sequence });
    this.#segment = segment;
    this.#offset = offset;
    this.#toSkip = this.#sequence - sequence;
    this.#tags = undefined;
  }

  #read(segment: DvrSegment): FileTag | 'fill' | undefined {
    for (;;) {
      this.#tags ??= this.#open(segment);
      const tag = this.#tags.peek();
      if (tag === 'fill') return tag;
      if (tag === undefined || typeof tag === 'string') {
        // It has grown, or somebody has cut it.
        if (segment.size <= this.#knownBytes) return undefined;
        this.#tags = undefined;
        continue;
      }
      this.#tagBytes = flvTagHeaderBytes + tag.payload.length + flvTagTrailerBytes;
      if (this.#toSkip > 0) {
        this.#toSkip -= 1;
        this.#offset += this.#tagBytes;
        this.#tags.skip();
        continue;
      }
      const timestamp = timeNear(tag.timestamp, segment.startMs);
      this.#tag = { ...tag, timestamp, offset: this.#sequence };
      return this.#tag;
    }
  }

  #open(segment: DvrSegment): TagReader {
    this.#knownBytes = segment.size;
    // What is still growing is no window that others will read.
    const isWhole = segment !== this.#window.segments.at(-1);
    return new TagReader(segment, this.#offset, false, isWhole ? this.#window.cache : undefined);
  }
}
