import { RtmpUsageError } from '../../bytes/index.js';
import {
  basicHeaderLength,
  extendedTimestampMark,
  maxChunkStreamId,
  minChunkStreamId,
  writeBasicHeader,
  writeUint24,
  writeUint32,
} from './chunk-header.js';

/** Refuses what no chunk header can carry, before anything is written. */
export function checkChunkArguments(chunkStreamId: number, payloadLength: number, chunkSize: number): void {
  if (!(chunkStreamId >= minChunkStreamId && chunkStreamId <= maxChunkStreamId && Number.isInteger(chunkStreamId))) {
    throw new RtmpUsageError('ERR_RTMP_CHUNK_STREAM_ID', `chunk stream id ${chunkStreamId} is not in 2 … 65599`);
  }
  if (payloadLength > 0xffffff) {
    throw new RtmpUsageError('ERR_RTMP_MESSAGE_TOO_LONG', `a message of ${payloadLength} bytes does not fit 24 bits`);
  }
  checkChunkSize(chunkSize);
}

export function checkChunkSize(bytes: number): void {
  if (!(bytes >= 1 && bytes <= 0x7fffffff && Number.isInteger(bytes))) {
    throw new RtmpUsageError('ERR_RTMP_CHUNK_SIZE', `chunk size ${bytes} is not in 1 … 2^31-1`);
  }
}

/**
 * Bytes that `writeMessage` writes for such a message.
 * @throws RtmpUsageError when the chunk stream id (2 … 65599), length (up to 2²⁴−1) or chunk size (1 … 2³¹−1) is out of range
 */
export function encodedMessageLength(
  payloadLength: number,
  timestamp: number,
  chunkStreamId: number,
  chunkSize: number,
): number {
  checkChunkArguments(chunkStreamId, payloadLength, chunkSize);
  const extended = timestamp >>> 0 >= extendedTimestampMark ? 4 : 0;
  const chunks = payloadLength === 0 ? 1 : Math.ceil(payloadLength / chunkSize);
  return chunks * (basicHeaderLength(chunkStreamId) + extended) + 11 + payloadLength;
}

/**
 * Writes one message as chunks that need no earlier ones: a type 0 header with the absolute timestamp, then type 3
 * continuations. The bytes are therefore right for every receiver whose chunk size is `chunkSize`, whatever it got
 * before on this chunk stream. `timestamp` is taken modulo 2³². The payload is copied.
 * @returns the offset after the last byte written
 * @throws RtmpUsageError as `encodedMessageLength` does, and when `target` is too short (nothing is written then)
 */
export function writeMessage(
  target: Uint8Array,
  offset: number,
  chunkStreamId: number,
  messageTypeId: number,
  timestamp: number,
  messageStreamId: number,
  payload: Uint8Array,
  chunkSize: number,
): number {
  const end = offset + encodedMessageLength(payload.length, timestamp, chunkStreamId, chunkSize);
  if (end > target.length) {
    throw new RtmpUsageError('ERR_RTMP_TARGET_TOO_SHORT', `${end} bytes needed, the target has ${target.length}`);
  }
  const extended = timestamp >>> 0 >= extendedTimestampMark;
  let at = writeBasicHeader(target, offset, 0, chunkStreamId);
  at = writeUint24(target, at, extended ? extendedTimestampMark : timestamp);
  at = writeUint24(target, at, payload.length);
  target[at] = messageTypeId;
  target[at + 1] = messageStreamId;
  target[at + 2] = messageStreamId >>> 8;
  target[at + 3] = messageStreamId >>> 16;
  target[at + 4] = messageStreamId >>> 24;
  at += 5;
  if (extended) at = writeUint32(target, at, timestamp);
  return writeChunkPayloads(target, at, chunkStreamId, extended ? timestamp : undefined, payload, chunkSize);
}

/** The payload after the first chunk's header, cut by type 3 headers that repeat `extendedTimestamp` while it is in force. */
export function writeChunkPayloads(
  target: Uint8Array,
  offset: number,
  chunkStreamId: number,
  extendedTimestamp: number | undefined,
  payload: Uint8Array,
  chunkSize: number,
): number {
  const length = payload.length;
  if (length <= chunkSize) {
    target.set(payload, offset);
    return offset + length;
  }
  let at = offset;
  for (let start = 0; start < length; start += chunkSize) {
    if (start > 0) {
      at = writeBasicHeader(target, at, 3, chunkStreamId);
      if (extendedTimestamp !== undefined) at = writeUint32(target, at, extendedTimestamp);
    }
    const stop = Math.min(length, start + chunkSize);
    target.set(payload.subarray(start, stop), at);
    at += stop - start;
  }
  return at;
}
