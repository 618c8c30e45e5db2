import { type FlvTagType, flvTagTypes } from '@millrace/protocol';
import { type ByteSource, type FileTag, readWindow, type WindowCache } from '../media-file/index.js';
import type { MovieTrack } from './movie.js';
import type { SampleEntry } from './sample-entry.js';
import type { Timeline } from './timeline.js';

/** What is read at once: about a second of a stream of 2 Mbit/s. */
const blockBytes = 256 * 1024;
/** What is longer is one long frame, and not kept for others. */
const maxKeptBytes = 2 * blockBytes;
/** In one block, however small they are. */
const maxBlockTags = 4096;
/** Bytes of no use between two samples that are read along with them: another read would cost more. */
const maxGapBytes = 64 * 1024;
const maxReadBytes = 1024 * 1024;
/** Sequence headers before a sample are tags of their own: of video, of audio; then the sample. */
const slots = { video: 0, audio: 1, sample: 3 } as const;
const slotCount = 4;
const compositionBytes = 3;
const maxTimestamp = 0xffff_ffff;
/** Places of blocks that are remembered for a file. */
const maxKnown = 1024;

export function positionOfRank(rank: number): number {
  return rank * slotCount + slots.sample;
}

export function rankOfPosition(position: number): number {
  return Math.floor(position / slotCount);
}

/** Some tags, one after another, in memory. */
export interface TagBlock {
  readonly tags: readonly FileTag[];
  /** Of the first tag after them; `undefined`: there are no more. */
  readonly next: number | undefined;
}

interface PlannedTag {
  readonly position: number;
  readonly tagType: FlvTagType;
  readonly timestamp: number;
  /** What comes before the sample, and the composition time after that. */
  readonly prefix: Uint8Array;
  readonly compositionMs: number | undefined;
  /** Of the sample in the file; 0 bytes: there is none. */
  readonly offset: number;
  readonly size: number;
  /** Of the payload. */
  readonly bytes: number;
}

interface Plan {
  readonly tags: readonly PlannedTag[];
  readonly bytes: number;
  readonly next: number | undefined;
}

/**
 * Makes the tags of an MP4 file, a block at a time: reads the samples that are sent next, wherever they are in the
 * file, and puts FLV's headers before them. Players who began together get the same blocks.
 */
export class TagBlocks {
  readonly #source: ByteSource;
  readonly #timeline: Timeline;
  readonly #cache: WindowCache | undefined;
  /** The payloads of tags one behind another, as if they were a file; places in it are those of tags. */
  readonly #payloads: ByteSource;
  /** Of blocks in memory, shared as their bytes are. */
  readonly #tags = new WeakMap<Uint8Array, readonly FileTag[]>();
  /** How long the blocks from some places on are. */
  readonly #known = new Map<number, Pick<Plan, 'bytes' | 'next'>>();
  #planned: Plan | undefined;

  constructor(source: ByteSource, timeline: Timeline, cache: WindowCache | undefined) {
    this.#source = source;
    this.#timeline = timeline;
    this.#cache = cache;
    this.#payloads = {
      size: Number.POSITIVE_INFINITY,
      read: (target, position) => this.#assemble(this.#planned ?? this.#plan(position), target),
    };
  }

  /** Rejects with the system's errors. */
  async read(position: number): Promise<TagBlock> {
    // Who is behind somebody else needs not think about what comes.
    const known = this.#known.get(position);
    const plan = known === undefined ? this.#plan(position) : undefined;
    const { bytes, next } = known ?? this.#remember(position, plan ?? this.#plan(position));
    if (bytes === 0) return { tags: [], next };
    const isKept = this.#cache !== undefined && bytes <= maxKeptBytes;
    // Whoever reads does it at once, or finds it read.
    this.#planned = plan;
    const reading = isKept
      ? this.#cache.read(this.#payloads, position, bytes)
      : readWindow(this.#payloads, position, bytes);
    this.#planned = undefined;
    const window = await reading;
    let tags = this.#tags.get(window);
    if (tags === undefined) {
      tags = tagsIn(plan ?? this.#plan(position), window);
      this.#tags.set(window, tags);
    }
    return { tags, next: window.length < bytes ? undefined : next };
  }

  #remember(position: number, { bytes, next }: Plan): Pick<Plan, 'bytes' | 'next'> {
    const known = { bytes, next };
    this.#known.set(position, known);
    if (this.#known.size > maxKnown) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    return known;
  }

  /** Which tags come from a place on, up to a block of them. */
  #plan(position: number): Plan {
    const timeline = this.#timeline;
    const tags: PlannedTag[] = [];
    let bytes = 0;
    let rank = rankOfPosition(position);
    let slot = position - rank * slotCount;
    const place = timeline.placeOf(rank);
    const video = new Cursor(timeline.video, place.video, flvTagTypes.video, slots.video);
    const audio = new Cursor(timeline.audio, place.audio, flvTagTypes.audio, slots.audio);
    const add = (tag: PlannedTag): void => {
      tags.push(tag);
      bytes += tag.bytes;
    };
    for (; bytes < blockBytes && tags.length < maxBlockTags; rank += 1) {
      const kind = timeline.nextAt(video.index, audio.index);
      if (kind === undefined) return { tags, bytes, next: undefined };
      const cursor = kind === 'video' ? video : audio;
      const timestamp = kind === 'video' ? timeline.videoMs(video.index) : timeline.audioMs(audio.index);
      if (timestamp > maxTimestamp) return { tags, bytes, next: undefined };
      if (rank === 0) {
        for (const one of [video, audio]) {
          if (slot <= one.slot) one.header(one.firstHeader(), rank, timestamp, add);
        }
      } else if (cursor.isRunStart && slot <= cursor.slot) {
        cursor.header(cursor.newHeader(), rank, timestamp, add);
      }
      slot = 0;
      cursor.sample(rank, timestamp, add);
      cursor.skip();
    }
    return { tags, bytes, next: rank * slotCount };
  }

  /** Resolves with the bytes of the tags before the first that the file does not have. */
  async #assemble({ tags }: Plan, target: Uint8Array): Promise<number> {
    const copies: Copy[] = [];
    let at = 0;
    for (const tag of tags) {
      const end = at + tag.bytes;
      if (end > target.length) break;
      const from = writePrefix(target, at, tag);
      if (tag.size > 0) copies.push({ at: from, tagAt: at, offset: tag.offset, size: tag.size });
      at = end;
    }
    const missing = await this.#copy(copies, target);
    return missing ?? at;
  }

  /** Reads samples into their places, in the order of the file. Resolves with the place of the first tag that it lacks. */
  async #copy(copies: readonly Copy[], target: Uint8Array): Promise<number | undefined> {
    const sorted = copies.toSorted((a, b) => a.offset - b.offset);
    let missing: number | undefined;
    for (let first = 0; first < sorted.length; ) {
      const span = spanFrom(sorted, first);
      // One alone needs no copy of it.
      const only = span.after === first + 1 ? sorted[first] : undefined;
      const wanted = span.end - span.offset;
      const bytes = only === undefined ? Buffer.allocUnsafe(wanted) : target.subarray(only.at, only.at + only.size);
      const filled = await this.#source.read(bytes, span.offset);
      for (const copy of sorted.slice(first, span.after)) {
        const start = copy.offset - span.offset;
        if (start + copy.size > filled) missing = Math.min(missing ?? copy.tagAt, copy.tagAt);
        else if (only === undefined) target.set(bytes.subarray(start, start + copy.size), copy.at);
      }
      first = span.after;
    }
    return missing;
  }
}

interface Copy {
  /** In the target: of the sample, of its tag. */
  readonly at: number;
  readonly tagAt: number;
  /** In the file. */
  readonly offset: number;
  readonly size: number;
}

/** What is read at once from a sample on; `after`: the first sample that is not within it. */
function spanFrom(copies: readonly Copy[], first: number): { offset: number; end: number; after: number } {
  const offset = copies[first]?.offset ?? 0;
  let end = offset + (copies[first]?.size ?? 0);
  let after = first + 1;
  for (; after < copies.length; after += 1) {
    const next = copies[after];
    if (next === undefined || next.offset > end + maxGapBytes || next.offset + next.size > offset + maxReadBytes) break;
    end = Math.max(end, next.offset + next.size);
  }
  return { offset, end, after };
}

/** Where the next block goes on in one track. */
class Cursor {
  readonly slot: number;
  readonly #track: MovieTrack | undefined;
  readonly #tagType: FlvTagType;
  #index: number;
  /** Runs are what stands together in the file; only with them something else begins. */
  #runStart = 0;
  #runEnd = 0;
  #offset = 0;
  #entry: SampleEntry | undefined;

  constructor(track: MovieTrack | undefined, index: number, tagType: FlvTagType, slot: number) {
    this.#track = track;
    this.#index = index;
    this.#tagType = tagType;
    this.slot = slot;
    this.#look();
  }

  get index(): number {
    return this.#index;
  }

  get isRunStart(): boolean {
    return this.#index === this.#runStart;
  }

  /** The sequence header of the first sample. */
  firstHeader(): Uint8Array | undefined {
    return this.#entry?.header;
  }

  /** The sequence header, where the sample is coded otherwise than that before it. */
  newHeader(): Uint8Array | undefined {
    const table = this.#track?.table;
    if (table === undefined || this.#index === 0) return undefined;
    const before = table.descriptionOf(this.#index - 1);
    return before === table.descriptionOf(this.#index) ? undefined : this.#entry?.header;
  }

  header(header: Uint8Array | undefined, rank: number, timestamp: number, add: (tag: PlannedTag) => void): void {
    if (header === undefined) return;
    add({
      position: rank * slotCount + this.slot,
      tagType: this.#tagType,
      timestamp,
      prefix: header,
      compositionMs: undefined,
      offset: 0,
      size: 0,
      bytes: header.length,
    });
  }

  /** The sample, if there is something to send. */
  sample(rank: number, timestamp: number, add: (tag: PlannedTag) => void): void {
    const entry = this.#entry;
    const table = this.#track?.table;
    const size = table?.sizeOf(this.#index) ?? 0;
    if (table === undefined || entry === undefined || size === 0) return;
    const prefix = entry.kind === 'audio' || table.isKey(this.#index) ? entry.keyPrefix : entry.interPrefix;
    add({
      position: positionOfRank(rank),
      tagType: this.#tagType,
      timestamp,
      prefix,
      compositionMs: entry.hasComposition ? table.compositionOf(this.#index) : undefined,
      offset: this.#offset,
      size,
      bytes: prefix.length + (entry.hasComposition ? compositionBytes : 0) + size,
    });
  }

  skip(): void {
    this.#offset += this.#track?.table.sizeOf(this.#index) ?? 0;
    this.#index += 1;
    if (this.#index >= this.#runEnd) this.#look();
  }

  #look(): void {
    if (this.#track === undefined || this.#index >= this.#track.table.count) return;
    const { table, entries } = this.#track;
    this.#runStart = this.#index;
    this.#runEnd = table.runEndOf(this.#index);
    this.#offset = table.offsetOf(this.#index);
    this.#entry = entries[table.descriptionOf(this.#index) - 1];
  }
}

/** Returns where the sample is to go. */
function writePrefix(target: Uint8Array, at: number, { prefix, compositionMs }: PlannedTag): number {
  target.set(prefix, at);
  const end = at + prefix.length;
  if (compositionMs === undefined) return end;
  target[end] = compositionMs >> 16;
  target[end + 1] = compositionMs >> 8;
  target[end + 2] = compositionMs;
  return end + compositionBytes;
}

function tagsIn(plan: Plan, bytes: Uint8Array): FileTag[] {
  const tags: FileTag[] = [];
  let at = 0;
  for (const { position, tagType, timestamp, bytes: length } of plan.tags) {
    const end = at + length;
    if (end > bytes.length) break;
    tags.push({ tagType, timestamp, payload: bytes.subarray(at, end), offset: position });
    at = end;
  }
  return tags;
}
