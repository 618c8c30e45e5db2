import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageTypes } from '@millrace/protocol';
import { DanmuWriter } from '../danmu-file/index.js';
import { amf0Payload, type LiveMessage } from '../live/index.js';
import type { FileClaim } from './file-claims.js';
import { FlvWriter } from './flv-writer.js';
import type { FormatWriter, HeldMessage, MessageFacts } from './format-writer.js';
import { Mp4Writer } from './mp4-writer.js';
import { RecordingClock } from './recording-clock.js';
import { RecordingError, toRecordingError } from './recording-error.js';
import {
  finishRecording,
  finishUnfinished,
  type OpenedRecording,
  openRecording,
  type RecordType,
} from './recording-file.js';
import type { FileFormat, RecordingPlace } from './recording-place.js';
import { WriteQueue } from './write-queue.js';

/** A place that nobody else writes to. */
export interface ClaimedPlace {
  readonly place: RecordingPlace;
  readonly claim: FileClaim;
}

/** What was said, as a line, from the time of it in the recording, ms; `undefined`: there can be none. */
export type KeptLine = (timeMs: number) => string | undefined;

/** What a recording has come to, with what was there before where it was appended to. */
export interface RecordedFacts {
  readonly durationMs: number;
  readonly bytes: number;
}

/** What becomes of one file. After `stopped` or `failed` there is nothing more. */
export interface RecorderEvents {
  started(place: RecordingPlace): void;
  /** The file is complete; `undefined`: nothing came, and there is none. */
  stopped(place: RecordingPlace, facts: RecordedFacts | undefined): void;
  /** What was recorded up to there is kept. The stream is not affected. */
  failed(error: RecordingError): void;
  /** The file's format has no place for something that comes, in words: `Speex audio`. Told once of each. */
  lost(what: string): void;
  /** What is said during the recording cannot be kept any more. The recording goes on. */
  danmuLost(error: unknown): void;
}

/**
 * Finds the place of a recording. `taken` is told of the claim as soon as there is one: who ends the recording before it has
 * its place is to make way for the next.
 */
export type Acquire = (taken: (claim: FileClaim) => void) => Promise<ClaimedPlace>;

export interface RecorderOptions {
  readonly format: FileFormat;
  readonly acquire: Acquire;
  readonly type: RecordType;
  readonly recordedFor: 'publisher' | 'server';
  /** The disk must have this many bytes left. */
  readonly minFreeBytes: number;
  readonly events: RecorderEvents;
}

/** Of media that waits for the disk. At 10 Mbit/s, 13 s of it. */
const maxQueuedBytes = 16 * 1024 * 1024;
/** So much is held at most before a file begins with what is known. */
const maxWaitBytes = 8 * 1024 * 1024;
/** Messages of services that came before the first frame. */
const maxHeldLines = 1000;
/** What an entry takes beside its payload, about. */
const entryBytes = 200;
/** The room on the disk is looked at each time so much was written. */
const roomCheckBytes = 32 * 1024 * 1024;
/**
 * Writes the messages of one publication into one file. Nothing here waits, throws or slows the stream: what the
 * disk does not take in time ends the recording.
 */
export class FileRecorder {
  /** Resolves when the file is closed, whatever became of it. */
  readonly done: Promise<void>;
  readonly #options: RecorderOptions;
  /** What came before the file was open and the first frame there. */
  #held: HeldMessage[] = [];
  #heldBytes = 0;
  #isReady = false;
  #opened: OpenedRecording | undefined;
  #place: RecordingPlace | undefined;
  #queue: WriteQueue | undefined;
  readonly #writer: FormatWriter;
  #clock: RecordingClock | undefined;
  #danmu: DanmuWriter | undefined;
  readonly #heldLines: KeptLine[] = [];
  #sawKeyFrame = false;
  #nextRoomCheck = roomCheckBytes;
  #ended = false;
  #claim: FileClaim | undefined;
  #stop: (() => void) | undefined;
  #error: RecordingError | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { format, recordedFor, events } = options;
    this.#writer = format === 'flv' ? new FlvWriter(recordedFor) : new Mp4Writer(recordedFor, events.lost);
    this.done = this.#run();
  }

  /** `undefined`: not opened yet, or over. */
  get place(): RecordingPlace | undefined {
    return this.#ended ? undefined : this.#place;
  }

  /** Whether what comes has no place in this file any more: the next is to begin at a key frame. */
  get isOutdated(): boolean {
    return this.#writer.isOutdated;
  }

  /** Bytes that are not in the file yet. Past 16 MiB the recording ends. */
  get pendingBytes(): number {
    return this.#heldBytes + (this.#queue?.pendingBytes ?? 0);
  }

  /** The payload is kept: it must not change afterwards. */
  write(message: LiveMessage, facts: MessageFacts): void {
    if (this.#ended) return;
    if (this.#clock !== undefined) {
      this.#append(message, facts);
      return;
    }
    // Nobody could show it.
    if (message.messageTypeId === messageTypes.video && facts.isCoded && !facts.isKeyFrame && !this.#sawKeyFrame)
      return;
    if (facts.isKeyFrame) this.#sawKeyFrame = true;
    const held = { message, facts };
    this.#held.push(held);
    this.#heldBytes += message.payload.length + entryBytes;
    this.#isReady = this.#writer.hold(held) || this.#isReady || this.#heldBytes > maxWaitBytes;
    if (this.#heldBytes > maxQueuedBytes) this.#fail(tooSlow());
    else this.#beginIfReady();
  }

  /** Keeps what is said now with the recording, in a file beside it. */
  keep(line: KeptLine): void {
    if (this.#ended) return;
    const text = this.#clock && line(this.#clock.timeMs);
    if (text !== undefined) this.#danmu?.write(text);
    else if (this.#clock === undefined && this.#heldLines.length < maxHeldLines) this.#heldLines.push(line);
  }

  /** No more messages come. `done` tells when the file is complete; the next may claim it already. */
  end(): void {
    this.#ended = true;
    this.#claim?.finishing();
    this.#stop?.();
  }

  #holds(claim: FileClaim): void {
    this.#claim = claim;
    if (this.#ended) claim.finishing();
  }

  async #run(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#stop = resolve;
    });
    let claimed: ClaimedPlace | undefined;
    try {
      claimed = await this.#options.acquire((claim) => this.#holds(claim));
      this.#holds(claimed.claim);
      await claimed.claim.ready;
      await this.#checkRoom(claimed.place);
      this.#opened = await openRecording(claimed.place, this.#options.type, this.#writer);
      this.#opensWith(this.#opened, claimed.place);
      if (this.#error === undefined) this.#options.events.started(claimed.place);
      this.#beginIfReady();
      await over;
      await this.#finish(claimed, this.#opened);
    } catch (error) {
      this.#fail(toRecordingError(error));
      await this.#salvage(claimed?.place);
    } finally {
      claimed?.claim.release();
    }
  }

  #opensWith({ file, position, startMs }: OpenedRecording, place: RecordingPlace): void {
    this.#place = place;
    this.#danmu = new DanmuWriter({
      recording: place.file,
      isAppended: startMs !== undefined,
      onError: (error) => this.#options.events.danmuLost(error),
    });
    this.#nextRoomCheck = position + roomCheckBytes;
    this.#queue = new WriteQueue(file, position, (error) => this.#fail(toRecordingError(error)));
  }

  async #finish({ place }: ClaimedPlace, { file }: OpenedRecording): Promise<void> {
    if (this.#error === undefined) {
      if (this.#held.length > 0) this.#begin();
      if (this.#clock !== undefined) this.#queue?.push(...this.#writer.end());
      await this.#queue?.drain();
    }
    await this.#danmu?.close();
    // Also told while the last of it was written.
    if (this.#error !== undefined) {
      await this.#queue?.abandon();
      await file.close();
      await this.#salvage(place);
      return;
    }
    const isKept = await finishRecording(place, file, this.#writer);
    const { durationMs, bytes } = this.#writer;
    const facts = { durationMs, bytes };
    this.#options.events.stopped(place, isKept ? facts : undefined);
  }

  /** What is in the file up to its last whole tag is kept; if that fails as well, the next start of the server tries again. */
  async #salvage(place: RecordingPlace | undefined): Promise<void> {
    if (place === undefined || this.#opened === undefined) return;
    // Where the disk is full or gone this fails too.
    await finishUnfinished(place).catch(() => undefined);
  }

  #fail(error: RecordingError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#ended = true;
    this.#options.events.failed(error);
    this.#held = [];
    this.#claim?.finishing();
    this.#stop?.();
  }

  #beginIfReady(): void {
    if (this.#opened !== undefined && this.#clock === undefined && this.#isReady) this.#begin();
  }

  /** Writes how the file begins, then what was held. */
  #begin(): void {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    const first = held.find(({ facts }) => facts.isCoded) ?? held[0];
    const startMs = this.#opened?.startMs;
    this.#clock = new RecordingClock(first?.message.timestamp ?? 0, startMs);
    const beginMs = this.#clock.timeMs;
    for (const line of this.#heldLines.splice(0)) {
      const text = line(beginMs);
      if (text !== undefined) this.#danmu?.write(text);
    }
    if (startMs === undefined) {
      try {
        this.#queue?.push(...this.#writer.begin(held));
      } catch (error) {
        this.#fail(toRecordingError(error));
        return;
      }
    }
    for (const { message, facts } of held) this.#append(message, facts);
  }

  #append(message: LiveMessage, facts: MessageFacts): void {
    const payload = amf0Payload(message);
    const { messageTypeId, timestamp } = message;
    // Empty messages are RTMP's silence; files have no counterpart. What AMF0 cannot say has none either.
    if (payload === undefined || payload.length === 0 || this.#clock === undefined) return;
    if (messageTypeId === messageTypes.video && facts.isCoded) {
      if (facts.isKeyFrame) this.#sawKeyFrame = true;
      else if (!this.#sawKeyFrame) return;
    }
    const timeMs = facts.isCoded ? this.#clock.frame(timestamp) : this.#clock.other(timestamp);
    const queue = this.#queue;
    queue?.push(...this.#writer.write(message, facts, timeMs));
    if (queue !== undefined && queue.pendingBytes > maxQueuedBytes) this.#fail(tooSlow());
    const { bytes } = this.#writer;
    if (bytes < this.#nextRoomCheck || this.#place === undefined) return;
    this.#nextRoomCheck = bytes + roomCheckBytes;
    this.#checkRoom(this.#place).catch((error: unknown) => this.#fail(toRecordingError(error)));
  }

  async #checkRoom({ part }: RecordingPlace): Promise<void> {
    const { minFreeBytes } = this.#options;
    if (minFreeBytes === 0) return;
    const { bavail, bsize } = await statfs(dirname(part));
    if (bavail * bsize >= minFreeBytes) return;
    throw new RecordingError('NetStream.Record.Failed', 'The disk is full.');
  }
}

function tooSlow(): RecordingError {
  return new RecordingError('NetStream.Record.Failed', 'The disk is too slow for the stream.');
}
