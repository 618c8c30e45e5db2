import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type FlvTagType,
  flvTagHeaderBytes,
  flvTagTrailerBytes,
  flvTagTypes,
  messageTypes,
  writeFlvTagHeader,
} from '@millrace/protocol';
import {
  encodeOpenHead,
  type FlvHead,
  FlvTally,
  headBytes,
  newHead,
  readPublishedProperties,
} from '../flv-file/index.js';
import { amf0Payload, type LiveMessage } from '../live/index.js';
import type { FileClaim } from './file-claims.js';
import { RecordingClock } from './recording-clock.js';
import { RecordingError, toRecordingError } from './recording-error.js';
import {
  finishRecording,
  finishUnfinished,
  type OpenedRecording,
  openRecording,
  type RecordType,
} from './recording-file.js';
import type { RecordingPlace } from './recording-place.js';
import { WriteQueue } from './write-queue.js';

/** A place that nobody else writes to. */
export interface ClaimedPlace {
  readonly place: RecordingPlace;
  readonly claim: FileClaim;
}

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
}

export interface RecorderOptions {
  readonly acquire: () => Promise<ClaimedPlace>;
  readonly type: RecordType;
  readonly recordedFor: 'publisher' | 'server';
  /** The disk must have this many bytes left. */
  readonly minFreeBytes: number;
  readonly events: RecorderEvents;
}

/** What is known of a message. */
export interface MessageFacts {
  /** Frames: neither configuration nor data. */
  readonly isCoded: boolean;
  readonly isKeyFrame: boolean;
}

interface HeldMessage {
  readonly message: LiveMessage;
  readonly facts: MessageFacts;
}

/** Of media that waits for the disk. At 10 Mbit/s, 13 s of it. */
const maxQueuedBytes = 16 * 1024 * 1024;
/** What an entry takes beside its payload, about. */
const entryBytes = 200;
/** The room on the disk is looked at each time so much was written. */
const roomCheckBytes = 32 * 1024 * 1024;
/** A stream of data alone is recorded from when it has gone on for this long, ms: until then media may still come. */
const dataAloneMs = 5000;

/**
 * Writes the messages of one publication into one FLV file. Nothing here waits, throws or slows the stream: what the
 * disk does not take in time ends the recording.
 */
export class FlvRecorder {
  /** Resolves when the file is closed, whatever became of it. */
  readonly done: Promise<void>;
  readonly #options: RecorderOptions;
  /** What came before the file was open and the first frame there. */
  #held: HeldMessage[] = [];
  #heldBytes = 0;
  #hasFrame = false;
  #opened: OpenedRecording | undefined;
  #place: RecordingPlace | undefined;
  #queue: WriteQueue | undefined;
  #head: FlvHead | undefined;
  #tally = new FlvTally();
  #clock: RecordingClock | undefined;
  #position = 0;
  #sawKeyFrame = false;
  #nextRoomCheck = roomCheckBytes;
  #ended = false;
  #claimed: ClaimedPlace | undefined;
  #stop: (() => void) | undefined;
  #error: RecordingError | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  /** `undefined`: not opened yet, or over. */
  get place(): RecordingPlace | undefined {
    return this.#ended ? undefined : this.#place;
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
    if (facts.isCoded) this.#hasFrame = true;
    this.#held.push({ message, facts });
    this.#heldBytes += message.payload.length + entryBytes;
    const first = this.#held[0]?.message.timestamp ?? 0;
    if (((message.timestamp - first) | 0) > dataAloneMs) this.#hasFrame = true;
    if (this.#heldBytes > maxQueuedBytes) this.#fail(tooSlow());
    else this.#beginIfReady();
  }

  /** No more messages come. `done` tells when the file is complete; the next may claim it already. */
  end(): void {
    this.#ended = true;
    this.#claimed?.claim.finishing();
    this.#stop?.();
  }

  async #run(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#stop = resolve;
    });
    let claimed: ClaimedPlace | undefined;
    try {
      claimed = await this.#options.acquire();
      this.#claimed = claimed;
      if (this.#ended) claimed.claim.finishing();
      await claimed.claim.ready;
      await this.#checkRoom(claimed.place);
      this.#opened = await openRecording(claimed.place, this.#options.type);
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

  #opensWith({ file, position, tally, head }: OpenedRecording, place: RecordingPlace): void {
    this.#place = place;
    this.#position = position;
    this.#tally = tally;
    this.#head = head;
    this.#nextRoomCheck = position + roomCheckBytes;
    this.#queue = new WriteQueue(file, position, (error) => this.#fail(toRecordingError(error)));
  }

  async #finish({ place }: ClaimedPlace, { file }: OpenedRecording): Promise<void> {
    if (this.#error === undefined) {
      if (this.#held.length > 0) this.#begin();
      await this.#queue?.drain();
    }
    // Also told while the last of it was written.
    if (this.#error !== undefined) {
      await this.#queue?.abandon();
      await file.close();
      await this.#salvage(place);
      return;
    }
    const written = { head: this.#head, tally: this.#tally, bytes: this.#position };
    const isKept = await finishRecording(place, file, written);
    const facts = { durationMs: this.#tally.durationMs, bytes: this.#position };
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
    this.#claimed?.claim.finishing();
    this.#stop?.();
  }

  #beginIfReady(): void {
    if (this.#opened !== undefined && this.#clock === undefined && this.#hasFrame) this.#begin();
  }

  /** Writes the head, then what was held. */
  #begin(): void {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    const first = held.find(({ facts }) => facts.isCoded) ?? held[0];
    this.#clock = new RecordingClock(first?.message.timestamp ?? 0, this.#opened?.startMs);
    const described = this.#position === 0 ? this.#writeHead(held) : undefined;
    for (const { message, facts } of held) if (message !== described) this.#append(message, facts);
  }

  /** Returns the message whose metadata the head has. */
  #writeHead(held: readonly HeldMessage[]): LiveMessage | undefined {
    const frame = held.findIndex(({ facts }) => facts.isCoded);
    const before = frame < 0 ? held : held.slice(0, frame);
    const described = before.findLast(({ message }) => propertiesIn(message) !== undefined)?.message;
    this.#head = newHead((described && propertiesIn(described)) ?? new Map(), this.#options.recordedFor);
    this.#queue?.push(encodeOpenHead(this.#head));
    this.#position = headBytes(this.#head);
    return described;
  }

  #append(message: LiveMessage, facts: MessageFacts): void {
    const payload = amf0Payload(message);
    const { messageTypeId, timestamp } = message;
    // Empty messages are RTMP's silence; FLV has no counterpart. What AMF0 cannot say has none either.
    if (payload === undefined || payload.length === 0 || this.#clock === undefined) return;
    if (messageTypeId === messageTypes.video && facts.isCoded) {
      if (facts.isKeyFrame) this.#sawKeyFrame = true;
      else if (!this.#sawKeyFrame) return;
    }
    const timeMs = facts.isCoded ? this.#clock.frame(timestamp) : this.#clock.other(timestamp);
    const tagType = tagTypeOf(messageTypeId);
    const around = Buffer.allocUnsafe(flvTagHeaderBytes + flvTagTrailerBytes);
    writeFlvTagHeader(around, 0, tagType, timeMs, payload.length);
    around.writeUInt32BE(flvTagHeaderBytes + payload.length, flvTagHeaderBytes);
    this.#tally.note(tagType, timeMs, payload, this.#position);
    this.#position += around.length + payload.length;
    const queue = this.#queue;
    queue?.push(around.subarray(0, flvTagHeaderBytes), payload, around.subarray(flvTagHeaderBytes));
    if (queue !== undefined && queue.pendingBytes > maxQueuedBytes) this.#fail(tooSlow());
    if (this.#position < this.#nextRoomCheck || this.#place === undefined) return;
    this.#nextRoomCheck = this.#position + roomCheckBytes;
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

function propertiesIn(message: LiveMessage): ReturnType<typeof readPublishedProperties> {
  const payload = amf0Payload(message);
  const isData = tagTypeOf(message.messageTypeId) === flvTagTypes.script;
  return isData && payload !== undefined ? readPublishedProperties(payload) : undefined;
}

function tagTypeOf(messageTypeId: number): FlvTagType {
  if (messageTypeId === messageTypes.audio) return flvTagTypes.audio;
  return messageTypeId === messageTypes.video ? flvTagTypes.video : flvTagTypes.script;
}
