import {
  AmfEcmaArray,
  type AmfInput,
  AmfObject,
  absoluteTimeMs,
  avcNalLengthBytes,
  encodeAmf0,
  encodeCurrentTime,
  encodeMetadata,
  insertLatencySei,
  messageTypes,
  parseMetadata,
  type RawMessage,
} from '@millrace/protocol';
import type { ClockOptions, LatencyMethod } from './latency-meter.js';

type StreamMessage = Omit<RawMessage, 'messageStreamId'>;

export interface StampOptions extends ClockOptions {
  readonly latency: readonly LatencyMethod[];
}

/** By the draft. */
const currentTimeIntervalMs = 15_000;
const defaultNalLengthBytes = 4;
const baseTimeName = 'cu_basetime';

/**
 * Puts the publisher's clock into what is published. Timestamp 0 is set by the first message: everything after it is
 * taken to be from the time that its timestamp says, however late or early it is sent.
 */
export class LatencyStamp {
  readonly #methods: ReadonlySet<LatencyMethod>;
  readonly #clockOffsetMs: number;
  #baseTimeMs: number | undefined;
  #metadataSent = false;
  #nextCurrentTimeMs = 0;
  #nalLengthBytes = defaultNalLengthBytes;

  constructor({ latency, clockOffsetMs = 0 }: StampOptions) {
    this.#methods = new Set(latency);
    this.#clockOffsetMs = clockOffsetMs;
  }

  /** What is to be sent in place of a message. `nowMs`: UTC ms of this machine's clock. */
  messages(message: StreamMessage, nowMs = Date.now()): StreamMessage[] {
    const timeMs = this.#timeOf(message.timestamp, nowMs);
    switch (message.messageTypeId) {
      case messageTypes.audio:
        return [...this.#before(message.timestamp, timeMs), message];
      case messageTypes.video:
        return [...this.#before(message.timestamp, timeMs), this.#withSei(message, timeMs)];
      case messageTypes.dataAmf0:
        return [this.#withBaseTime(message)];
      default:
        return [message];
    }
  }

  /** What is to be sent in place of a data message's values. */
  values(timestamp: number, values: readonly AmfInput[], nowMs = Date.now()): readonly AmfInput[] {
    this.#timeOf(timestamp, nowMs);
    const at = values[0] === '@setDataFrame' ? 1 : 0;
    if (values[at] !== 'onMetaData' || !this.#methods.has('baseTime')) return values;
    const properties = withMember(values[at + 1], this.#baseTimeMs ?? 0);
    if (properties === undefined) return values;
    this.#metadataSent = true;
    return [...values.slice(0, at + 1), properties, ...values.slice(at + 2)];
  }

  #timeOf(timestamp: number, nowMs: number): number {
    const now = nowMs + this.#clockOffsetMs;
    this.#baseTimeMs ??= Math.round(now) - timestamp;
    return absoluteTimeMs(this.#baseTimeMs, timestamp, now);
  }

  /** What goes ahead of a message of audio or video. */
  #before(timestamp: number, timeMs: number): StreamMessage[] {
    const messages: StreamMessage[] = [];
    if (this.#methods.has('baseTime') && !this.#metadataSent) {
      this.#metadataSent = true;
      const payload = encodeMetadata({ [baseTimeName]: this.#baseTimeMs }, { setDataFrame: true });
      messages.push({ messageTypeId: messageTypes.dataAmf0, timestamp, payload });
    }
    if (this.#methods.has('currentTime') && timeMs >= this.#nextCurrentTimeMs) {
      this.#nextCurrentTimeMs = timeMs + currentTimeIntervalMs;
      messages.push({ messageTypeId: messageTypes.dataAmf0, timestamp, payload: encodeCurrentTime(timeMs) });
    }
    return messages;
  }

  #withSei(message: StreamMessage, timeMs: number): StreamMessage {
    if (!this.#methods.has('sei')) return message;
    this.#nalLengthBytes = avcNalLengthBytes(message.payload) ?? this.#nalLengthBytes;
    return { ...message, payload: insertLatencySei(message.payload, timeMs, this.#nalLengthBytes) };
  }

  #withBaseTime(message: StreamMessage): StreamMessage {
    const { handler, values, setDataFrame, complete } = parseMetadata(message.payload);
    // What cannot be read to its end goes out as it is.
    if (handler !== 'onMetaData' || !complete) return message;
    const all = [...(setDataFrame ? ['@setDataFrame'] : []), handler, ...values];
    const stamped = this.values(message.timestamp, all);
    return stamped === all ? message : { ...message, payload: encodeAmf0(stamped) };
  }
}

/** `undefined` where the value has no members. */
function withMember(value: AmfInput, baseTimeMs: number): AmfInput | undefined {
  if (value instanceof AmfObject || value instanceof AmfEcmaArray) {
    return new AmfEcmaArray([...value.properties, [baseTimeName, baseTimeMs]]);
  }
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? { ...value, [baseTimeName]: baseTimeMs } : undefined;
}
