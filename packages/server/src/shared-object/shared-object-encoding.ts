import {
  encodedMessageLength,
  encodeSharedObject,
  messageTypes,
  type ObjectEncoding,
  type SharedObjectEventInput,
  sharedObjectEventTypes,
  statusLevel,
  writeMessage,
} from '@millrace/protocol';
import type { EventData } from './slot-data.js';

/** What members are told. */
export type OutEvent =
  | { readonly type: 'useSuccess' | 'clear' }
  /** A slot's name and value, or the name and arguments of a message. */
  | { readonly type: 'change' | 'sendMessage'; readonly data: EventData }
  | { readonly type: 'success' | 'remove'; readonly name: string }
  | { readonly type: 'status'; readonly code: string };

/** One message of an object. */
export interface OutMessage {
  readonly version: number;
  readonly events: readonly OutEvent[];
}

/** How messages look to one kind of member. */
export interface MemberFormat {
  readonly chunkSize: number;
  readonly objectEncoding: ObjectEncoding;
}

export interface ObjectName {
  readonly name: string;
  readonly persistent: boolean;
}

/**
 * One of its own: what is written here goes past the session, with full headers. 2, 3 and 7 are the session's, 4, 5 and 6
 * those of media, 8 that of services.
 */
const chunkStreamId = 9;
/** The length field of a message has 24 bits. */
const maxPayloadBytes = 0xff_ffff;

/** Members with the same key get the same bytes. */
export function formatKey({ chunkSize, objectEncoding }: MemberFormat): string {
  return `${chunkSize}/${objectEncoding}`;
}

/**
 * Messages of one object in the format of some members, one after another in one block of memory. A message without
 * events, or too long for RTMP, has no bytes.
 */
export class EncodedBatch {
  readonly #bytes: Buffer;
  /** Where each message ends. */
  readonly #ends: number[] = [];

  constructor(object: ObjectName, messages: readonly OutMessage[], format: MemberFormat) {
    const { chunkSize, objectEncoding } = format;
    const type = objectEncoding === 3 ? messageTypes.sharedObjectAmf3 : messageTypes.sharedObjectAmf0;
    const bodies = messages.map((message) => encodeBody(object, message, objectEncoding));
    let length = 0;
    for (const body of bodies) {
      if (body !== undefined) length += encodedMessageLength(body.length, 0, chunkStreamId, chunkSize);
    }
    this.#bytes = Buffer.allocUnsafeSlow(length);
    let end = 0;
    for (const body of bodies) {
      if (body !== undefined) end = writeMessage(this.#bytes, end, chunkStreamId, type, 0, 0, body, chunkSize);
      this.#ends.push(end);
    }
  }

  /** A view of the messages from `from` up to but not including `to`. */
  view(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#endBefore(from), this.#endBefore(to));
  }

  #endBefore(index: number): number {
    return index <= 0 ? 0 : (this.#ends[index - 1] ?? this.#bytes.length);
  }
}

function encodeBody(
  { name, persistent }: ObjectName,
  { version, events }: OutMessage,
  objectEncoding: ObjectEncoding,
): Uint8Array | undefined {
  if (events.length === 0) return undefined;
  const content = { name, version, persistent, events: events.map((event) => wireEvent(event, objectEncoding)) };
  const { payload } = encodeSharedObject(content, objectEncoding === 3 ? 'amf3' : 'amf0');
  return payload.length > maxPayloadBytes ? undefined : payload;
}

/** What is encoded already goes through as an event whose data nobody knows. */
function wireEvent(event: OutEvent, objectEncoding: ObjectEncoding): SharedObjectEventInput {
  switch (event.type) {
    case 'change':
    case 'sendMessage': {
      const data = objectEncoding === 3 ? event.data.amf3 : event.data.amf0;
      return { type: 'unknown', eventType: sharedObjectEventTypes[event.type], data };
    }
    case 'status':
      return { type: 'status', code: event.code, level: statusLevel(event.code) };
    case 'useSuccess':
    case 'clear':
    case 'success':
    case 'remove':
      return event;
    default:
      return event satisfies never;
  }
}
