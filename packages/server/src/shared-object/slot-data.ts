import {
  Amf3Value,
  type AmfInput,
  type AmfValue,
  ByteWriter,
  decodeAmf0,
  encodeAmf0,
  RtmpUsageError,
} from '@millrace/protocol';
import { encodeAmf0Form } from '../live/index.js';

/** What stands behind the length of an event, ready to be sent, in both forms: a name and a value, or a message. */
export interface EventData {
  /** For members that read AMF0 alone. The same bytes as `amf3` where AMF0 can say it. */
  readonly amf0: Uint8Array;
  /** For members with object encoding 3. */
  readonly amf3: Uint8Array;
}

/** A slot's name and its value. @throws RtmpUsageError for what AMF cannot carry, and names over 65,535 bytes. */
export function slotData(name: string, value: AmfInput): EventData {
  const head = nameBytes(name);
  return withHead(head, [value]);
}

/** The handler's name and the arguments of a message. @throws RtmpUsageError as `slotData`. */
export function messageData(name: string, args: readonly AmfInput[]): EventData {
  return withHead(new Uint8Array(), [name, ...args]);
}

/** Bytes of the longer form. */
export function dataLength({ amf0, amf3 }: EventData): number {
  return Math.max(amf0.length, amf3.length);
}

/** The value in what `slotData` has made: a new one each time. */
export function slotValue(data: EventData): AmfValue {
  return readValue(slotValueBytes(data));
}

/** The bytes of that value: a view. */
export function slotValueBytes({ amf3 }: EventData): Uint8Array {
  const nameLength = (amf3[0] ?? 0) * 256 + (amf3[1] ?? 0);
  return amf3.subarray(2 + nameLength);
}

/** The first value in what this server has encoded. */
export function readValue(bytes: Uint8Array): AmfValue {
  return decodeAmf0(bytes, anySize)[0];
}

/** It was decoded once within the limits of its sender, or is the server's own. */
const anySize = { maxDepth: 100_000, maxElements: Number.MAX_SAFE_INTEGER, maxStringBytes: Number.MAX_SAFE_INTEGER };

function withHead(head: Uint8Array, values: readonly AmfInput[]): EventData {
  const plain = encode(values);
  if (plain !== undefined) {
    const bytes = joined(head, plain);
    return { amf0: bytes, amf3: bytes };
  }
  const [first, ...rest] = values.map((value) => (isSimple(value) ? value : new Amf3Value(value)));
  const extended = encodeAmf0([first, ...rest]);
  // What AMF0 has not becomes what comes nearest, or null.
  const form = encodeAmf0Form(decodeAmf0(extended, anySize), extended.length) ?? encodeAmf0(values.map(simpleOrNull));
  return { amf0: joined(head, form), amf3: joined(head, extended) };
}

/** `undefined`: AMF0 alone cannot say it. */
function encode(values: readonly AmfInput[]): Uint8Array | undefined {
  try {
    return encodeAmf0(values);
  } catch (error) {
    if (error instanceof RtmpUsageError) return undefined;
    throw error;
  }
}

function isSimple(value: AmfInput): boolean {
  return typeof value !== 'object' || value === null;
}

function simpleOrNull(value: AmfInput): AmfInput {
  return isSimple(value) ? value : null;
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}

function nameBytes(name: string): Uint8Array {
  const writer = new ByteWriter(2 + name.length);
  writer.writeUint16(0);
  const length = writer.writeUtf8(name);
  if (length > 0xffff) {
    throw new RtmpUsageError('ERR_RTMP_SHARED_OBJECT_NAME', `a name of ${length} bytes, 65535 are possible`);
  }
  writer.patchUint16(0, length);
  return writer.finish();
}
