import { ByteReader, ByteWriter, RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { resolveAmfLimits } from './amf-limits.js';
import type { AmfDecodeOptions, AmfEncodeOptions } from './amf-registry.js';
import { encodeAmf0 } from './amf0.js';
import { Amf0Decoder } from './amf0-decoder.js';
import type { AmfInput, AmfValue } from './value.js';

/*
 * The AMF packet of Flash Remoting over HTTP [AMF0 §4.1]. Integers are big-endian, text is length(2) and UTF-8:
 *
 *   version(2) | header count(2) | header* | message count(2) | message*
 *
 *   header:   name | must understand(1), 0 is false | length(4) | value
 *   message:  target URI | response URI | length(4) | value
 *
 *   length:   of the value, bytes; FFFFFFFF where the sender does not know it, 0 from PyAMF 0.8, 1 from libamf 1.4
 *   value:    in AMF0 for every version, with tables of references of its own; behind the marker 0x11 in AMF3
 */

/** A packet as received. */
export interface AmfPacket {
  /**
   * 0: the peer speaks AMF0; 3: AMF3 as well. Flash Communication Server says 1 for AMF0. Any other is kept as it is:
   * who answers can say that it is unknown.
   */
  readonly version: number;
  readonly headers: readonly AmfPacketHeader[];
  readonly messages: readonly AmfPacketMessage[];
}

export interface AmfPacketHeader {
  readonly name: string;
  /** `true`: who does not know the header has to refuse the packet. */
  readonly mustUnderstand: boolean;
  readonly value: AmfValue;
}

export interface AmfPacketMessage {
  /** What is called: `service.method`; of an answer `/1/onResult` or `/1/onStatus`. */
  readonly targetUri: string;
  /** What the answer's target is made from: `/1`. */
  readonly responseUri: string;
  /** The arguments as one array; of an answer the result or the status object. */
  readonly value: AmfValue;
}

/** Bounds of a packet; those of AMF values (`maxElements`, …) hold for all values of the packet together. */
export interface AmfPacketDecodeOptions extends AmfDecodeOptions {
  /** Default 64: clients send one or two. */
  readonly maxHeaders?: number;
  /** Default 256: a client puts into one packet what it calls within one frame. */
  readonly maxMessages?: number;
}

const defaultMaxHeaders = 64;
const defaultMaxMessages = 256;
const unknownLength = 0xffff_ffff;
/** As for one value: echoes of a peer's short packet can be of any length. */
const maxEncodedBytes = 64 * 1024 * 1024;

/**
 * The packet that `bytes` are, from their start to their end. Nothing in it is a view of them.
 *
 * @throws RtmpRemoteError with the offset in `bytes`. Codes: `ERR_AMF_PACKET_TRUNCATED`, `ERR_AMF_PACKET_LENGTH` (a
 * value is shorter or longer than its length says), `ERR_AMF_PACKET_TRAILING_BYTES`, `ERR_AMF_PACKET_TOO_LARGE`,
 * `ERR_AMF_PACKET_TOO_MANY_HEADERS`, `ERR_AMF_PACKET_TOO_MANY_MESSAGES`, and those of `Amf0Decoder.readValue`.
 * @throws RtmpUsageError `ERR_AMF_LIMIT` for a limit that is not an integer from 0 up.
 */
export function decodeAmfPacket(bytes: Uint8Array, options: AmfPacketDecodeOptions = {}): AmfPacket {
  const { maxHeaders = defaultMaxHeaders, maxMessages = defaultMaxMessages } = options;
  for (const limit of [maxHeaders, maxMessages]) {
    if (Number.isSafeInteger(limit) && limit >= 0) continue;
    throw new RtmpUsageError('ERR_AMF_LIMIT', `A limit of a packet must be an integer from 0 up, not ${limit}`);
  }
  const { maxBytes } = resolveAmfLimits(options);
  if (bytes.length > maxBytes) {
    throw new RtmpRemoteError('ERR_AMF_PACKET_TOO_LARGE', `${bytes.length} bytes, ${maxBytes} allowed`, { offset: 0 });
  }
  const decoder = new PacketDecoder(bytes, options);
  const version = decoder.readUint16();
  const headerCount = decoder.readCount(maxHeaders, 'HEADERS');
  const headers: AmfPacketHeader[] = [];
  for (let i = 0; i < headerCount; i += 1) {
    const name = decoder.readText();
    headers.push({ name, mustUnderstand: decoder.readUint8() !== 0, value: decoder.readValue() });
  }
  const messageCount = decoder.readCount(maxMessages, 'MESSAGES');
  const messages: AmfPacketMessage[] = [];
  for (let i = 0; i < messageCount; i += 1) {
    const targetUri = decoder.readText();
    messages.push({ targetUri, responseUri: decoder.readText(), value: decoder.readValue() });
  }
  decoder.end();
  return { version, headers, messages };
}

class PacketDecoder {
  readonly #reader: ByteReader;
  readonly #options: AmfDecodeOptions;
  /** Values that the packet may still bring. */
  #elementsLeft: number;

  constructor(bytes: Uint8Array, options: AmfDecodeOptions) {
    this.#reader = new ByteReader(bytes);
    this.#options = options;
    this.#elementsLeft = resolveAmfLimits(options).maxElements;
  }

  readUint8(): number {
    return this.#whole(() => this.#reader.readUint8());
  }

  readUint16(): number {
    return this.#whole(() => this.#reader.readUint16());
  }

  readText(): string {
    return this.#whole(() => this.#reader.readUtf8(this.#reader.readUint16()));
  }

  readCount(limit: number, what: 'HEADERS' | 'MESSAGES'): number {
    const { offset } = this.#reader;
    const count = this.readUint16();
    if (count <= limit) return count;
    throw new RtmpRemoteError(`ERR_AMF_PACKET_TOO_MANY_${what}`, `${count} announced, ${limit} allowed`, { offset });
  }

  /** A length and the value behind it. */
  readValue(): AmfValue {
    const reader = this.#reader;
    const lengthOffset = reader.offset;
    const length = this.#whole(() => reader.readUint32());
    // No value has no bytes, and one of a single byte tells itself where it ends. Pinned by the vectors of lengths.
    if (length === unknownLength || length <= 1) return this.#readValueOf(reader);
    const start = reader.offset;
    if (length > reader.remaining) {
      throw new RtmpRemoteError(
        'ERR_AMF_PACKET_TRUNCATED',
        `A value of ${length} bytes, of which ${reader.remaining} are there`,
        { offset: lengthOffset },
      );
    }
    const end = start + length;
    const bounded = new ByteReader(reader.bytes.subarray(0, end), start);
    let value: AmfValue;
    try {
      value = this.#readValueOf(bounded);
    } catch (error) {
      if (!isTruncation(error)) throw error;
      throw new RtmpRemoteError('ERR_AMF_PACKET_LENGTH', `A value is longer than its ${length} bytes`, {
        offset: lengthOffset,
        cause: error,
      });
    }
    if (bounded.remaining > 0) {
      throw new RtmpRemoteError('ERR_AMF_PACKET_LENGTH', `A value ends ${bounded.remaining} bytes before its length`, {
        offset: lengthOffset,
      });
    }
    reader.offset = end;
    return value;
  }

  end(): void {
    const { offset, remaining } = this.#reader;
    if (remaining === 0) return;
    throw new RtmpRemoteError('ERR_AMF_PACKET_TRAILING_BYTES', `${remaining} bytes follow the last message`, {
      offset,
    });
  }

  /** [AMF0 §4.1.2, §4.1.3] references count from 0 in every header and message: each has a decoder of its own. */
  #readValueOf(reader: ByteReader): AmfValue {
    const decoder = new Amf0Decoder(reader, { ...this.#options, maxElements: this.#elementsLeft });
    const value = decoder.readValue();
    this.#elementsLeft -= decoder.elements;
    return value;
  }

  #whole<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      throw new RtmpRemoteError('ERR_AMF_PACKET_TRUNCATED', `The packet ends early: ${error.message}`, {
        offset: error.offset ?? this.#reader.offset,
        cause: error,
      });
    }
  }
}

function isTruncation(error: unknown): boolean {
  if (!(error instanceof RtmpRemoteError)) return false;
  return error.code === 'ERR_AMF0_TRUNCATED' || error.code === 'ERR_AMF3_TRUNCATED';
}

export interface AmfPacketInput {
  /** 0 to 65,535. It does not change how the values are written: for AMF3 give them in an `Amf3Value`. */
  readonly version: number;
  readonly headers?: readonly { readonly name: string; readonly mustUnderstand?: boolean; readonly value: AmfInput }[];
  readonly messages: readonly {
    readonly targetUri: string;
    readonly responseUri: string;
    readonly value: AmfInput;
  }[];
}

/**
 * A packet with the lengths of all its values.
 *
 * @throws RtmpUsageError as `AmfPacketEncoder` does.
 */
export function encodeAmfPacket(packet: AmfPacketInput, options: AmfEncodeOptions = {}): Uint8Array {
  const encoder = new AmfPacketEncoder(packet.version, options);
  for (const { name, value, mustUnderstand } of packet.headers ?? []) encoder.addHeader(name, value, mustUnderstand);
  for (const { targetUri, responseUri, value } of packet.messages) encoder.addMessage(targetUri, responseUri, value);
  return encoder.finish();
}

/**
 * Puts a packet together. Every value is written at once; where that fails nothing is added, so that the failure can be
 * answered instead.
 *
 * All throw RtmpUsageError: `ERR_AMF_PACKET_NOT_ENCODABLE` (a version, or a count of headers or messages, beyond 65,535,
 * a name or URI over 65,535 bytes), `ERR_AMF_PACKET_TOO_LARGE` (over 64 MiB in all), and what `Amf0Encoder.writeValue`
 * throws.
 */
export class AmfPacketEncoder {
  readonly #version: number;
  readonly #options: AmfEncodeOptions;
  readonly #headers: Uint8Array[] = [];
  readonly #messages: Uint8Array[] = [];
  #length = 0;

  constructor(version: number, options: AmfEncodeOptions = {}) {
    if (!Number.isInteger(version) || version < 0 || version > 0xffff) {
      throw new RtmpUsageError('ERR_AMF_PACKET_NOT_ENCODABLE', `A version of ${version} does not fit 16 bits`);
    }
    this.#version = version;
    this.#options = options;
  }

  addHeader(name: string, value: AmfInput, mustUnderstand = false): void {
    const writer = new ByteWriter();
    writeText(writer, name);
    writer.writeUint8(mustUnderstand ? 1 : 0);
    this.#add(this.#headers, writer, value);
  }

  addMessage(targetUri: string, responseUri: string, value: AmfInput): void {
    const writer = new ByteWriter();
    writeText(writer, targetUri);
    writeText(writer, responseUri);
    this.#add(this.#messages, writer, value);
  }

  /** The packet, as bytes of its own. */
  finish(): Uint8Array {
    const writer = new ByteWriter(this.#length + 6);
    writer.writeUint16(this.#version);
    for (const parts of [this.#headers, this.#messages]) {
      writer.writeUint16(parts.length);
      for (const part of parts) writer.writeBytes(part);
    }
    return writer.finish();
  }

  #add(parts: Uint8Array[], writer: ByteWriter, value: AmfInput): void {
    if (parts.length === 0xffff) {
      throw new RtmpUsageError('ERR_AMF_PACKET_NOT_ENCODABLE', 'A packet has no more than 65,535 of these');
    }
    // An encoder of its own: references count from 0 in every header and message.
    const encoded = encodeAmf0([value], this.#options);
    writer.writeUint32(encoded.length);
    writer.writeBytes(encoded);
    if (this.#length + writer.length > maxEncodedBytes) {
      throw new RtmpUsageError('ERR_AMF_PACKET_TOO_LARGE', `The packet takes more than ${maxEncodedBytes} bytes`);
    }
    this.#length += writer.length;
    parts.push(writer.finish());
  }
}

function writeText(writer: ByteWriter, text: string): void {
  const at = writer.length;
  writer.writeUint16(0);
  const length = writer.writeUtf8(text);
  if (length > 0xffff) throw new RtmpUsageError('ERR_AMF_PACKET_NOT_ENCODABLE', 'A name is longer than 65,535 bytes');
  writer.patchUint16(at, length);
}
