import type { FileHandle } from 'node:fs/promises';
import {
  type FlvTagType,
  flvTagHeaderBytes,
  flvTagTrailerBytes,
  flvTagTypes,
  messageTypes,
  RtmpRemoteError,
  writeFlvTagHeader,
} from '@millrace/protocol';
import {
  closeFlv,
  cutFlv,
  encodeOpenHead,
  type FlvHead,
  type FlvSurvey,
  FlvTally,
  headBytes,
  newHead,
  readPublishedProperties,
  surveyFlv,
} from '../flv-file/index.js';
import { amf0Payload, type LiveMessage } from '../live/index.js';
import type { FormatWriter, HeldMessage, MessageFacts, ResumedFile } from './format-writer.js';
import { RecordingError } from './recording-error.js';

/** A stream of data alone is recorded from when it has gone on for this long, ms: until then media may still come. */
const dataAloneMs = 5000;

/** FLV holds every message as it came. */
export class FlvWriter implements FormatWriter {
  readonly isOutdated = false;
  readonly #recordedFor: 'publisher' | 'server';
  #head: FlvHead | undefined;
  #tally = new FlvTally();
  #position = 0;
  #hasFrame = false;
  #firstHeldAt: number | undefined;
  /** The message whose metadata the head has. */
  #described: LiveMessage | undefined;

  constructor(recordedFor: 'publisher' | 'server') {
    this.#recordedFor = recordedFor;
  }

  get bytes(): number {
    return this.#position;
  }

  get durationMs(): number {
    return this.#tally.durationMs;
  }

  get isEmpty(): boolean {
    return this.#tally.isEmpty;
  }

  async resume(file: FileHandle): Promise<ResumedFile> {
    const { size } = await file.stat();
    let survey: FlvSurvey;
    try {
      survey = await surveyFlv(file, size);
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      throw new RecordingError('NetStream.Record.NoAccess', 'What is recorded there is no FLV file.', { cause: error });
    }
    this.#head = survey.head;
    this.#tally = survey.tally;
    return {
      durationMs: survey.tally.durationMs,
      cut: async () => {
        this.#position = await cutFlv(file, survey);
        return this.#position;
      },
    };
  }

  hold({ message, facts }: HeldMessage): boolean {
    this.#firstHeldAt ??= message.timestamp;
    const isLongEnough = ((message.timestamp - this.#firstHeldAt) | 0) > dataAloneMs;
    this.#hasFrame ||= facts.isCoded || isLongEnough;
    return this.#hasFrame;
  }

  begin(held: readonly HeldMessage[]): readonly Uint8Array[] {
    const frame = held.findIndex(({ facts }) => facts.isCoded);
    const before = frame < 0 ? held : held.slice(0, frame);
    this.#described = before.findLast(({ message }) => propertiesIn(message) !== undefined)?.message;
    this.#head = newHead((this.#described && propertiesIn(this.#described)) ?? new Map(), this.#recordedFor);
    this.#position = headBytes(this.#head);
    return [encodeOpenHead(this.#head)];
  }

  write(message: LiveMessage, _facts: MessageFacts, timeMs: number): readonly Uint8Array[] {
    const payload = amf0Payload(message);
    if (payload === undefined || message === this.#described) return [];
    const tagType = tagTypeOf(message.messageTypeId);
    const around = Buffer.allocUnsafe(flvTagHeaderBytes + flvTagTrailerBytes);
    writeFlvTagHeader(around, 0, tagType, timeMs, payload.length);
    around.writeUInt32BE(flvTagHeaderBytes + payload.length, flvTagHeaderBytes);
    this.#tally.note(tagType, timeMs, payload, this.#position);
    this.#position += around.length + payload.length;
    return [around.subarray(0, flvTagHeaderBytes), payload, around.subarray(flvTagHeaderBytes)];
  }

  end(): readonly Uint8Array[] {
    return [];
  }

  async close(file: FileHandle): Promise<'done' | 'noRoom'> {
    const isDone = this.#head !== undefined && (await closeFlv(file, this.#head, this.#tally, this.#position));
    return isDone ? 'done' : 'noRoom';
  }
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
