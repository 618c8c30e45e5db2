import {
  Amf3Value,
  type AmfValue,
  encodeAmf0,
  encodedMessageLength,
  messageTypes,
  type ObjectEncoding,
  RtmpUsageError,
  type ServiceHeader,
  writeMessage,
} from '@millrace/protocol';
import { encodeAmf0Form } from '../live/index.js';

/** A message as it is sent, in both forms of a command message. */
export interface EncodedMessage {
  readonly header: Pick<ServiceHeader, 'priority' | 'abandon'>;
  /** The body of type 20; `undefined`: it cannot be said in AMF0, and those who read AMF0 alone go without. */
  readonly amf0: Uint8Array | undefined;
  /** The body of type 17. */
  readonly amf3: Uint8Array;
}

/** How messages look to one kind of member. */
export interface MemberFormat {
  readonly messageStreamId: number;
  readonly chunkSize: number;
  readonly objectEncoding: ObjectEncoding;
}

/**
 * One of its own: what is written here goes past the session, with full headers. 2, 3 and 7 are the session's, 4, 5 and 6
 * those of media.
 */
const chunkStreamId = 8;

/**
 * A service message of these values. They are sent in AMF0 to everybody, also behind the format byte of type 17, unless
 * they hold what only AMF3 has: then members with object encoding 3 get the objects in AMF3, the others what comes nearest.
 *
 * @param values the header, then the content.
 * @returns `undefined`: there is no way to send them.
 */
export function encodeServiceMessage(
  name: string,
  header: Pick<ServiceHeader, 'priority' | 'abandon'>,
  values: readonly AmfValue[],
): EncodedMessage | undefined {
  const plain = encode([name, 0, ...values]);
  if (plain !== undefined) {
    const amf3 = withFormatByte(plain);
    return { header, amf0: amf3.subarray(1), amf3 };
  }
  const extended = encode([name, 0, ...values.map(inAmf3)]);
  if (extended === undefined) return undefined;
  return { header, amf0: encodeAmf0Form([name, 0, ...values], extended.length), amf3: withFormatByte(extended) };
}

/** Bytes of the longer of the forms. */
export function encodedLength({ amf0, amf3 }: EncodedMessage): number {
  return Math.max(amf0?.length ?? 0, amf3.length - 1);
}

/** Members with the same key get the same bytes. */
export function formatKey({ messageStreamId, chunkSize, objectEncoding }: MemberFormat): string {
  return `${messageStreamId}/${chunkSize}/${objectEncoding}`;
}

/** Messages in the format of some members, one after another in one block of memory. */
export class EncodedBatch {
  readonly #bytes: Buffer;
  /** Where each message ends. */
  readonly #ends: number[] = [];
  readonly #copies: (Buffer | undefined)[] = [];

  constructor(messages: readonly EncodedMessage[], format: MemberFormat) {
    const { chunkSize } = format;
    let length = 0;
    for (const message of messages) {
      const body = bodyFor(message, format);
      if (body !== undefined) length += encodedMessageLength(body.length, 0, chunkStreamId, chunkSize);
    }
    this.#bytes = Buffer.allocUnsafeSlow(length);
    let end = 0;
    for (const message of messages) {
      const body = bodyFor(message, format);
      if (body !== undefined) end = write(this.#bytes, end, body, format);
      this.#ends.push(end);
    }
  }

  /** A view of the messages from `from` up to but not including `to`; empty where these members get none of them. */
  view(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#endBefore(from), this.#endBefore(to));
  }

  /** One message by itself, for who gets it later: the same copy for all, so that it does not hold the whole batch. */
  copy(index: number): Buffer {
    const copy = this.#copies[index] ?? Buffer.from(this.view(index, index + 1));
    this.#copies[index] = copy;
    return copy;
  }

  #endBefore(index: number): number {
    return index <= 0 ? 0 : (this.#ends[index - 1] ?? this.#bytes.length);
  }
}

function write(target: Buffer, offset: number, body: Uint8Array, format: MemberFormat): number {
  const { messageStreamId, chunkSize, objectEncoding } = format;
  const type = objectEncoding === 3 ? messageTypes.commandAmf3 : messageTypes.commandAmf0;
  return writeMessage(target, offset, chunkStreamId, type, 0, messageStreamId, body, chunkSize);
}

function bodyFor({ amf0, amf3 }: EncodedMessage, { objectEncoding }: MemberFormat): Uint8Array | undefined {
  return objectEncoding === 3 ? amf3 : amf0;
}

function encode(values: readonly (AmfValue | Amf3Value)[]): Uint8Array | undefined {
  try {
    return encodeAmf0(values);
  } catch (error) {
    if (error instanceof RtmpUsageError) return undefined;
    throw error;
  }
}

function inAmf3(value: AmfValue): AmfValue | Amf3Value {
  return typeof value === 'object' && value !== null ? new Amf3Value(value) : value;
}

/** [Errata §7.2] */
function withFormatByte(values: Uint8Array): Uint8Array {
  const body = new Uint8Array(values.length + 1);
  body.set(values, 1);
  return body;
}
