import { type FileHandle, open, unlink } from 'node:fs/promises';
import { type FlvTagType, flvTagHeaderBytes, flvTagTrailerBytes, writeFlvTagHeader } from '@millrace/protocol';
import { type ByteSource, fileSource } from '../media-file/index.js';
import { WriteQueue } from '../recording/index.js';
import type { HeaderSet } from './dvr-headers.js';

/** Of one segment. Reading from one to the next finds what lies between. */
const maxPoints = 64;

/** A place in a segment. */
export interface SegmentPoint {
  /** Of the message in the publication. */
  readonly sequence: number;
  /** Of its tag in the file. */
  readonly offset: number;
  /** ms */
  readonly timeMs: number;
}

export interface SegmentOptions {
  readonly path: string;
  /** Opens a file at that path, for writing only. */
  readonly opening: Promise<FileHandle>;
  readonly sequence: number;
  readonly timeMs: number;
  readonly headers: HeaderSet;
  readonly onError: (error: unknown) => void;
}

/**
 * A part of a window: messages one after another, a file of the same number of FLV tags, and some of their places. The
 * file has no head; tags have the timestamps of the stream.
 */
export class DvrSegment implements ByteSource {
  readonly path: string;
  readonly firstSequence: number;
  /** Of its first frame, ms. */
  readonly startMs: number;
  /** Sequence number after that of its last message. */
  endSequence: number;
  /** The first key frame, if there is one. */
  keyFrame: SegmentPoint | undefined;
  /** Where there is no picture, each frame of sound is a place to begin at. */
  hasVideo = false;
  readonly #opening: Promise<FileHandle>;
  readonly #queue: WriteQueue;
  /** Rising. */
  readonly #points: SegmentPoint[];
  /** Rising; the first is from the beginning. */
  readonly #headers: { readonly sequence: number; readonly set: HeaderSet }[];
  #size = 0;
  #closing: Promise<void> | undefined;

  constructor({ path, opening, sequence, timeMs, headers, onError }: SegmentOptions) {
    this.path = path;
    this.firstSequence = sequence;
    this.endSequence = sequence;
    this.startMs = timeMs;
    this.#points = [{ sequence, offset: 0, timeMs }];
    this.#headers = [{ sequence, set: headers }];
    this.#opening = opening;
    this.#queue = new WriteQueue(opening, 0, onError);
  }

  /** Of what was appended, in the file or not yet. */
  get size(): number {
    return this.#size;
  }

  /** Of these, bytes that are not in the file yet. */
  get pendingBytes(): number {
    return this.#queue.pendingBytes;
  }

  /** The message has the sequence number `endSequence`. Does not copy the payload. */
  append(tagType: FlvTagType, timestamp: number, payload: Uint8Array): void {
    const around = Buffer.allocUnsafe(flvTagHeaderBytes + flvTagTrailerBytes);
    writeFlvTagHeader(around, 0, tagType, timestamp, payload.length);
    around.writeUInt32BE(flvTagHeaderBytes + payload.length, flvTagHeaderBytes);
    this.#queue.push(around.subarray(0, flvTagHeaderBytes), payload, around.subarray(flvTagHeaderBytes));
    this.#size += around.length + payload.length;
    this.endSequence += 1;
  }

  /** The message that is appended next is a place to begin at. `spacingMs`: those that are nearer to the last are not kept. */
  noteKeyFrame(timeMs: number, spacingMs: number): void {
    const point = { sequence: this.endSequence, offset: this.#size, timeMs };
    this.keyFrame ??= point;
    const last = this.#points.at(-1);
    if (last === undefined || this.#points.length >= maxPoints || timeMs < last.timeMs + spacingMs) return;
    this.#points.push(point);
  }

  /** Other headers count from the message on that is appended next. Returns how many sets the segment has. */
  noteHeaders(set: HeaderSet): number {
    this.#headers.push({ sequence: this.endSequence, set });
    return this.#headers.length;
  }

  get headerSets(): readonly HeaderSet[] {
    return this.#headers.map(({ set }) => set);
  }

  /** What counts before the message with this sequence number. */
  headersAt(sequence: number): HeaderSet | undefined {
    return this.#headers.findLast((one) => one.sequence <= sequence)?.set ?? this.#headers[0]?.set;
  }

  /** The place from which on to read for a message, or for a time. */
  pointBefore(where: { readonly sequence: number } | { readonly timeMs: number }): SegmentPoint {
    const found =
      'sequence' in where
        ? this.#points.findLast(({ sequence }) => sequence <= where.sequence)
        : this.#points.findLast(({ timeMs }) => timeMs <= where.timeMs);
    return found ?? { sequence: this.firstSequence, offset: 0, timeMs: this.startMs };
  }

  /** From memory what is not in the file yet. Rejects with the system's errors, also where the file was deleted. */
  async read(target: Uint8Array, position: number): Promise<number> {
    const end = Math.min(position + target.length, this.#size);
    const inFile = Math.max(0, Math.min(end, this.#queue.writtenEnd) - position);
    // Now: when the file has been read this will be in the file, and not in memory any more.
    this.#queue.copyPending(target.subarray(inFile, Math.max(inFile, end - position)), position + inFile);
    if (inFile === 0) return Math.max(0, end - position);
    // Not kept open: a window has hundreds of files, and few of them are read.
    const file = await open(this.path, 'r');
    try {
      const read = await fileSource(file, position + inFile).read(target.subarray(0, inFile), position);
      return read < inFile ? read : end - position;
    } finally {
      await file.close();
    }
  }

  /** Nothing is appended any more. Resolves when the file is written and closed; never rejects. */
  finish(): Promise<void> {
    this.#closing ??= this.#queue.drain().then(() => this.#close());
    return this.#closing;
  }

  /** Resolves when the file is gone, or cannot be deleted; never rejects. */
  async delete(): Promise<void> {
    await this.#queue.abandon().catch(() => undefined);
    this.#closing ??= this.#close();
    await this.#closing;
    await unlink(this.path).catch(() => undefined);
  }

  async #close(): Promise<void> {
    try {
      await (await this.#opening).close();
    } catch {
      // It was told to `onError`, or the file is complete without.
    }
  }
}
