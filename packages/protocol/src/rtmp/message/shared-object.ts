import {
  Amf0Decoder,
  Amf0Encoder,
  type AmfInput,
  type AmfLimits,
  type AmfValue,
  defaultAmfLimits,
} from '../../amf/index.js';
import { ByteReader, ByteWriter, RtmpRemoteError, RtmpUsageError } from '../../bytes/index.js';
import type { MessageEncoding, MessageHeader, SharedObjectMessage } from './message.js';

// Shared object message (types 19 and 16) [RTMP §7.1.3]
//
//   +------------+----------------+-----------+-------------+------------+--------------+---------+------------+
//   |format (1)  |name length (2) |version (4)|flags (4)    |reserved (4)|event type (1)|data     |event data  | …
//   |type 16 only|name            |           |2: persistent|            |              |length(4)|            |
//   +------------+----------------+-----------+-------------+------------+--------------+---------+------------+
//
//    1 use, 2 release               nothing                              client → server
//    3 request change               ( name | value )*                    client → server
//    4 change                       ( name | value )*                    server → client
//    5 success                      name                                 server → client
//    6 send message                 handler's name, arguments: values    both
//    7 status                       code | level                         server → client
//    8 clear, 11 use success        nothing                              server → client
//    9 remove, 10 request remove    name                                 server → client, client → server
//   14 request clear                nothing                              client → server
//
// Names, code and level are a length (2) and UTF-8; values are AMF0, also in type 16, where the marker 0x11 switches a
// value to AMF3. The handler's name is a value, with its marker. The specification says nothing of the layout: it is
// that of Red5 (RTMPProtocolDecoder.doDecodeSharedObject, RTMPProtocolEncoder.doEncodeSharedObject), which Flash Player
// understands, and of Adobe Media Server's messages as csimi/rtmp-client describes them (SharedObject.md: 14 is from there,
// as are 12 and 13, whose meaning is not known). Red5 reads several slots in one event 4 and writes one in each.
//
// Every event is a message within the message: references of AMF do not reach from one into another.

/** Numbers of the events. */
export const sharedObjectEventTypes = {
  use: 1,
  release: 2,
  requestChange: 3,
  change: 4,
  success: 5,
  sendMessage: 6,
  status: 7,
  clear: 8,
  remove: 9,
  requestRemove: 10,
  useSuccess: 11,
  requestClear: 14,
} as const;

const persistentFlag = 2;

type Event<Value> =
  | { readonly type: 'use' }
  | { readonly type: 'release' }
  /** A slot's new value. */
  | { readonly type: 'requestChange'; readonly name: string; readonly value: Value }
  | { readonly type: 'change'; readonly name: string; readonly value: Value }
  | { readonly type: 'success'; readonly name: string }
  /** Calls `name` of every client that uses the object. */
  | { readonly type: 'sendMessage'; readonly name: string; readonly args: readonly Value[] }
  | { readonly type: 'status'; readonly code: string; readonly level: string }
  | { readonly type: 'clear' }
  | { readonly type: 'remove'; readonly name: string }
  | { readonly type: 'requestRemove'; readonly name: string }
  | { readonly type: 'useSuccess' }
  | { readonly type: 'requestClear' }
  /** Skipped by its length. `data` is a view. */
  | { readonly type: 'unknown'; readonly eventType: number; readonly data: Uint8Array };

interface Content<Value> {
  /** What the object is called within its application. */
  readonly name: string;
  /** 0 … 2³²−1. Of a client: the newest version that it knows; of a server: the one that these events lead to. */
  readonly version: number;
  /** As the flags say. Other flags (Adobe's servers set 16 and 32) and the reserved bytes are not kept. */
  readonly persistent: boolean;
  readonly events: readonly Event<Value>[];
}

export type SharedObjectEvent = Event<AmfValue>;
/** An event to be sent: plain objects and `Date`s may stand for AMF values. */
export type SharedObjectEventInput = Event<AmfInput>;
/** What a shared object message says. */
export type SharedObjectContent = Content<AmfValue>;
export type SharedObjectContentInput = Content<AmfInput>;

/** `AmfLimits` hold for all events of a message together. */
export interface SharedObjectLimits extends AmfLimits {
  /** Events in one message. Absent: 65,536, as there may be values. */
  readonly maxEvents?: number;
}

const defaultMaxEvents = 65_536;

/**
 * What a shared object message says. An event with several slots becomes several; a slot without a value has
 * `undefined`. Bytes behind the fields of an event are ignored.
 *
 * Throws `RtmpRemoteError`: `ERR_RTMP_SHARED_OBJECT_SHORT` where the message ends within a field, or an event is shorter
 * than its fields or longer than the message; `ERR_RTMP_SHARED_OBJECT_EVENTS` for too many events;
 * `ERR_RTMP_SHARED_OBJECT_HANDLER` where a message has no name; `ERR_RTMP_MESSAGE_FORMAT` for type 16 in another format
 * than 0; the AMF decoder's codes. Offsets are from the start of `message.payload`.
 */
export function decodeSharedObject(
  { payload, encoding }: Pick<SharedObjectMessage, 'payload' | 'encoding'>,
  limits: Partial<SharedObjectLimits> = {},
): SharedObjectContent {
  const reader = new ByteReader(payload);
  return completely(reader, () => {
    if (encoding === 'amf3') checkFormat(reader.readUint8());
    const name = readName(reader);
    const version = reader.readUint32();
    const persistent = (reader.readUint32() & persistentFlag) !== 0;
    reader.skip(4);
    return { name, version, persistent, events: readEvents(reader, limits) };
  });
}

/**
 * A shared object message. Values go into AMF0, as far as they are in no `Amf3Value`, whatever the encoding.
 *
 * @throws RtmpUsageError `ERR_RTMP_SHARED_OBJECT_NAME` for names and statuses over 65,535 bytes, and the AMF encoder's
 * codes for values that cannot be encoded.
 */
export function encodeSharedObject(
  content: SharedObjectContentInput,
  encoding: MessageEncoding,
  header: MessageHeader = { timestamp: 0, messageStreamId: 0 },
): SharedObjectMessage {
  const writer = new ByteWriter();
  if (encoding === 'amf3') writer.writeUint8(0);
  writeName(writer, content.name);
  writer.writeUint32(content.version);
  writer.writeUint32(content.persistent ? persistentFlag : 0);
  writer.writeUint32(0);
  for (const event of content.events) {
    writer.writeUint8(event.type === 'unknown' ? event.eventType : sharedObjectEventTypes[event.type]);
    const lengthAt = writer.length;
    writer.writeUint32(0);
    writeEventData(writer, event);
    writer.patchUint32(lengthAt, writer.length - lengthAt - 4);
  }
  const { timestamp, messageStreamId } = header;
  return { type: 'sharedObject', timestamp, messageStreamId, encoding, payload: writer.finish() };
}

function readEvents(reader: ByteReader, limits: Partial<SharedObjectLimits>): SharedObjectEvent[] {
  const { maxEvents = defaultMaxEvents, ...amf } = limits;
  const budget = new ElementBudget(amf);
  const events: SharedObjectEvent[] = [];
  while (reader.remaining > 0) {
    const start = reader.offset;
    const eventType = reader.readUint8();
    const length = reader.readUint32();
    if (length > reader.remaining) {
      throw shortMessage(`event ${eventType} says ${length} bytes, ${reader.remaining} are left`, reader.offset);
    }
    const end = reader.offset + length;
    const data = new ByteReader(reader.bytes.subarray(0, end), reader.offset);
    readEvent(eventType, data, budget, events);
    if (events.length > maxEvents) {
      throw new RtmpRemoteError(
        'ERR_RTMP_SHARED_OBJECT_EVENTS',
        `a shared object message with more than ${maxEvents} events`,
        { offset: start },
      );
    }
    reader.offset = end;
  }
  return events;
}

function readEvent(eventType: number, data: ByteReader, budget: ElementBudget, events: SharedObjectEvent[]): void {
  const known = eventNames.get(eventType);
  switch (known) {
    case 'use':
    case 'release':
    case 'clear':
    case 'useSuccess':
    case 'requestClear':
      events.push({ type: known });
      return;
    case 'requestChange':
    case 'change':
      // One slot without its name would be none: it is cut off.
      do {
        const name = readName(data);
        const [value] = data.remaining > 0 ? budget.read(data, 1) : [];
        events.push({ type: known, name, value });
      } while (data.remaining > 0);
      return;
    case 'success':
    case 'remove':
    case 'requestRemove':
      events.push({ type: known, name: readName(data) });
      return;
    case 'sendMessage': {
      const [name, ...args] = budget.read(data);
      if (typeof name !== 'string') {
        throw new RtmpRemoteError('ERR_RTMP_SHARED_OBJECT_HANDLER', 'a message to a shared object has no name', {
          offset: data.offset,
        });
      }
      events.push({ type: known, name, args });
      return;
    }
    case 'status':
      events.push({ type: known, code: readName(data), level: readName(data) });
      return;
    case undefined:
      events.push({ type: 'unknown', eventType, data: data.readBytes(data.remaining) });
      return;
    default:
      known satisfies never;
  }
}

type KnownEventType = keyof typeof sharedObjectEventTypes;
const eventNames = new Map(
  Object.entries(sharedObjectEventTypes).map(([name, number]) => [number as number, name as KnownEventType]),
);

/** How many values the events of one message may still have, each of which is read by a decoder of its own. */
class ElementBudget {
  readonly #limits: Partial<AmfLimits>;
  #left: number;

  constructor(limits: Partial<AmfLimits>) {
    this.#limits = limits;
    this.#left = limits.maxElements ?? defaultAmfLimits.maxElements;
  }

  /** Up to `count` values; without it all to the end. */
  read(data: ByteReader, count = Number.POSITIVE_INFINITY): AmfValue[] {
    const decoder = new Amf0Decoder(data, { ...this.#limits, maxElements: this.#left });
    const values: AmfValue[] = [];
    while (data.remaining > 0 && values.length < count) values.push(decoder.readValue());
    this.#left = Math.max(0, this.#left - decoder.elements);
    return values;
  }
}

function writeEventData(writer: ByteWriter, event: SharedObjectEventInput): void {
  switch (event.type) {
    case 'use':
    case 'release':
    case 'clear':
    case 'useSuccess':
    case 'requestClear':
      return;
    case 'requestChange':
    case 'change':
      writeName(writer, event.name);
      new Amf0Encoder(writer).writeValue(event.value);
      return;
    case 'success':
    case 'remove':
    case 'requestRemove':
      writeName(writer, event.name);
      return;
    case 'sendMessage': {
      const encoder = new Amf0Encoder(writer);
      for (const value of [event.name, ...event.args]) encoder.writeValue(value);
      return;
    }
    case 'status':
      writeName(writer, event.code);
      writeName(writer, event.level);
      return;
    case 'unknown':
      writer.writeBytes(event.data);
      return;
    default:
      event satisfies never;
  }
}

/** [Errata §7.2] Red5 knows 3 for bodies that are AMF3 throughout; nobody is known to send it. */
function checkFormat(format: number): void {
  if (format === 0) return;
  throw new RtmpRemoteError('ERR_RTMP_MESSAGE_FORMAT', `a message of type 16 in format ${format}`, { offset: 0 });
}

/** Slots are few and come again and again. */
function readName(reader: ByteReader): string {
  return reader.readRecurringUtf8(reader.readUint16());
}

function writeName(writer: ByteWriter, name: string): void {
  const at = writer.length;
  writer.writeUint16(0);
  const length = writer.writeUtf8(name);
  if (length > 0xffff) {
    throw new RtmpUsageError('ERR_RTMP_SHARED_OBJECT_NAME', `a name of ${length} bytes, 65535 are possible`);
  }
  writer.patchUint16(at, length);
}

function completely<T>(reader: ByteReader, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RtmpRemoteError && error.code === 'ERR_BYTES_TRUNCATED') {
      throw shortMessage(error.message, error.offset ?? reader.offset, error);
    }
    throw error;
  }
}

function shortMessage(reason: string, offset: number, cause?: RtmpRemoteError): RtmpRemoteError {
  return new RtmpRemoteError('ERR_RTMP_SHARED_OBJECT_SHORT', `a shared object message is cut off: ${reason}`, {
    offset,
    ...(cause === undefined ? {} : { cause }),
  });
}
