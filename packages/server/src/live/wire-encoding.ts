import {
  encodedMessageLength,
  encodeFlvHeader,
  messageTypes,
  type ObjectEncoding,
  writeFlvTagHeader,
  writeMessage,
} from '@millrace/protocol';
import { type TimeShift, timeBetween } from './hand-over.js';
import { amf0Payload, type LiveMessage, payloadFor, typeFor } from './live-message.js';
import { readMediaFacts } from './media-facts.js';

/** How messages look on one kind of connection. An encoding has no state: any player may start at any message. */
export interface WireEncoding {
  /** Encodings with the same key give the same bytes, and so their players share one log. */
  readonly key: string;
  /** Bytes that `write` will need; 0 when players of this encoding do not get the message. */
  encodedLength(message: LiveMessage): number;
  /** Writes the message; returns the offset after it. Only called when `encodedLength` is not 0. */
  write(target: Uint8Array, offset: number, message: LiveMessage): number;
  /** What stands at the very start of a connection and announces these media; absent where nothing does. */
  fileHeader?(announced: MediaSelection): Uint8Array;
}

export interface MediaSelection {
  readonly audio: boolean;
  readonly video: boolean;
}

/** Chunk stream ids of what a player gets. Fixed, never the publisher's: peers must not depend on them, and some cut them to 6 bits. */
const chunkStreamIds = { data: 5, audio: 4, video: 6 } as const;

function isSelected(messageTypeId: number, selection: MediaSelection): boolean {
  if (messageTypeId === messageTypes.audio) return selection.audio;
  if (messageTypeId === messageTypes.video) return selection.video;
  return true;
}

function chunkStreamIdFor(messageTypeId: number): number {
  if (messageTypeId === messageTypes.audio) return chunkStreamIds.audio;
  if (messageTypeId === messageTypes.video) return chunkStreamIds.video;
  return chunkStreamIds.data;
}

const noBytes = new Uint8Array();

/** RTMP chunks: every message starts with a type 0 header and the absolute timestamp, and is written whole. */
export function rtmpEncoding(
  messageStreamId: number,
  chunkSize: number,
  selection: MediaSelection,
  objectEncoding: ObjectEncoding = 0,
): WireEncoding {
  return {
    key: `rtmp/${messageStreamId}/${chunkSize}/amf${objectEncoding}/${selection.audio ? 'a' : ''}${selection.video ? 'v' : ''}`,
    encodedLength(message) {
      if (!isSelected(message.messageTypeId, selection)) return 0;
      const payload = payloadFor(message, objectEncoding);
      if (payload === undefined) return 0;
      const chunkStreamId = chunkStreamIdFor(message.messageTypeId);
      return encodedMessageLength(payload.length, message.timestamp, chunkStreamId, chunkSize);
    },
    write(target, offset, message) {
      return writeMessage(
        target,
        offset,
        chunkStreamIdFor(message.messageTypeId),
        typeFor(message, objectEncoding),
        message.timestamp,
        messageStreamId,
        payloadFor(message, objectEncoding) ?? noBytes,
        chunkSize,
      );
    },
  };
}

/** As `inner`, with other times. */
export function shiftedEncoding(inner: WireEncoding, shift: TimeShift): WireEncoding {
  const { offsetMs, floorMs } = shift;
  return {
    key: `${inner.key}/${offsetMs}/${floorMs ?? ''}`,
    encodedLength(message) {
      const shifted = withShift(message, shift);
      return shifted === undefined ? 0 : inner.encodedLength(shifted);
    },
    write: (target, offset, message) => inner.write(target, offset, withShift(message, shift) ?? message),
  };
}

function withShift(message: LiveMessage, { offsetMs, floorMs }: TimeShift): LiveMessage | undefined {
  const { messageTypeId } = message;
  const isMedia = messageTypeId === messageTypes.audio || messageTypeId === messageTypes.video;
  // Metadata stays at 0.
  if (!isMedia && message.timestamp === 0) return message;
  const timestamp = (message.timestamp + offsetMs) >>> 0;
  if (floorMs === undefined || timeBetween(floorMs, timestamp) > 0) return { ...message, timestamp };
  if (messageTypeId === messageTypes.audio && readMediaFacts(message).isCoded) return undefined;
  return { ...message, timestamp: floorMs };
}

const flvTagHeaderBytes = 11;
const flvPreviousTagSizeBytes = 4;

/** FLV tags without the file header; data is AMF0 [FLV E.4.4]. Empty messages (RTMP's "silence") have no counterpart in FLV and are left out. */
export function flvEncoding(selection: MediaSelection): WireEncoding {
  return {
    key: `flv/${selection.audio ? 'a' : ''}${selection.video ? 'v' : ''}`,
    encodedLength(message) {
      const payload = amf0Payload(message) ?? noBytes;
      if (payload.length === 0 || !isSelected(message.messageTypeId, selection)) return 0;
      return flvTagHeaderBytes + payload.length + flvPreviousTagSizeBytes;
    },
    write(target, offset, message) {
      const { messageTypeId, timestamp } = message;
      const payload = amf0Payload(message) ?? noBytes;
      const tagType = messageTypeId === messageTypes.audio || messageTypeId === messageTypes.video ? messageTypeId : 18;
      writeFlvTagHeader(target, offset, tagType, timestamp, payload.length);
      target.set(payload, offset + flvTagHeaderBytes);
      const end = offset + flvTagHeaderBytes + payload.length;
      const tagSize = flvTagHeaderBytes + payload.length;
      target[end] = tagSize >>> 24;
      target[end + 1] = tagSize >>> 16;
      target[end + 2] = tagSize >>> 8;
      target[end + 3] = tagSize;
      return end + flvPreviousTagSizeBytes;
    },
    fileHeader: encodeFlvHeader,
  };
}

/** Eight digits for every length: leading zeros are allowed, and the size of the framing does not depend on the message. */
const chunkSizeDigits = 8;
const chunkFramingBytes = chunkSizeDigits + 4;

/**
 * Each message as a chunk of an HTTP/1.1 body [RFC 9112 §7.1]. The framing is part of the shared bytes, so viewers still
 * get one write each of the same memory. The last chunk, which ends the body, is the HTTP server's.
 */
export function chunkedEncoding(inner: WireEncoding): WireEncoding {
  const { fileHeader } = inner;
  return {
    key: `chunked/${inner.key}`,
    encodedLength(message) {
      const length = inner.encodedLength(message);
      return length === 0 ? 0 : length + chunkFramingBytes;
    },
    write(target, offset, message) {
      const start = writeChunkSize(target, offset, inner.encodedLength(message));
      return writeLineEnd(target, inner.write(target, start, message));
    },
    ...(fileHeader && { fileHeader: (announced: MediaSelection) => frameChunk(fileHeader(announced)) }),
  };
}

/** `bytes` as one chunk of an HTTP/1.1 body. */
export function frameChunk(bytes: Uint8Array): Uint8Array {
  const framed = new Uint8Array(bytes.length + chunkFramingBytes);
  const start = writeChunkSize(framed, 0, bytes.length);
  framed.set(bytes, start);
  writeLineEnd(framed, start + bytes.length);
  return framed;
}

function writeChunkSize(target: Uint8Array, offset: number, size: number): number {
  for (let i = 0; i < chunkSizeDigits; i += 1) {
    const digit = (size >>> (4 * (chunkSizeDigits - 1 - i))) & 0xf;
    target[offset + i] = digit < 10 ? 0x30 + digit : 0x57 + digit;
  }
  return writeLineEnd(target, offset + chunkSizeDigits);
}

function writeLineEnd(target: Uint8Array, offset: number): number {
  target[offset] = 0x0d;
  target[offset + 1] = 0x0a;
  return offset + 2;
}
