/*
 * [FLV E.2]
 *   +---+---+---+---------+----------------------+-------------+-------------------+
 *   | F | L | V | version | 00000 audio 0 video  | data offset | previous tag size |
 *   |   |   |   | UI8     | 1 byte               | UI32        | 0, UI32           |
 *   +---+---+---+---------+----------------------+-------------+-------------------+
 *
 * [FLV E.4.1]
 *   +----+--------+------+-----------+----------------+-----------------+-----------+---------+--------------+
 *   | 00 | filter | type | data size | timestamp,     | timestamp,      | stream id | payload | 11 +         |
 *   |    | U1     | U5   | UI24      | low bits, UI24 | high bits, UI8  | 0, UI24   |         | size, UI32   |
 *   +----+--------+------+-----------+----------------+-----------------+-----------+---------+--------------+
 */
import { RtmpUsageError } from '../bytes/index.js';

export const flvTagTypes = { audio: 8, video: 9, script: 18 } as const;

/** The same numbers as RTMP's message types for audio, video and AMF0 data. */
export type FlvTagType = (typeof flvTagTypes)[keyof typeof flvTagTypes];

/** Bytes before a tag's payload. */
export const flvTagHeaderBytes = 11;
/** Bytes after a tag's payload. */
export const flvTagTrailerBytes = 4;
/** The longest payload that a tag can have: 16,777,215 bytes. */
export const maxFlvPayloadBytes = 0xff_ffff;

/** The file header and the first PreviousTagSize: 13 bytes, newly made. */
export function encodeFlvHeader(tracks: { audio: boolean; video: boolean }): Uint8Array {
  const flags = (tracks.audio ? 4 : 0) | (tracks.video ? 1 : 0);
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0);
}

/**
 * Writes the 11 bytes before a payload into `target` at `offset`. `timestamp`: whole ms, taken modulo 2³², so that RTMP's
 * unsigned timestamps and FLV's signed ones are both right.
 *
 * @throws RtmpUsageError `ERR_FLV_PAYLOAD_TOO_LONG`, `ERR_FLV_NO_ROOM`
 */
export function writeFlvTagHeader(
  target: Uint8Array,
  offset: number,
  tagType: FlvTagType,
  timestamp: number,
  dataSize: number,
): void {
  if (dataSize > maxFlvPayloadBytes) {
    throw new RtmpUsageError('ERR_FLV_PAYLOAD_TOO_LONG', `An FLV tag cannot carry ${dataSize} bytes`);
  }
  if (offset + flvTagHeaderBytes > target.length) {
    throw new RtmpUsageError('ERR_FLV_NO_ROOM', `11 bytes do not fit at offset ${offset} of ${target.length}`);
  }
  target[offset] = tagType;
  target[offset + 1] = dataSize >>> 16;
  target[offset + 2] = dataSize >>> 8;
  target[offset + 3] = dataSize;
  target[offset + 4] = timestamp >>> 16;
  target[offset + 5] = timestamp >>> 8;
  target[offset + 6] = timestamp;
  target[offset + 7] = timestamp >>> 24;
  target[offset + 8] = 0;
  target[offset + 9] = 0;
  target[offset + 10] = 0;
}

/**
 * A whole tag with its PreviousTagSize, newly made. `timestamp` as in `writeFlvTagHeader`.
 *
 * @throws RtmpUsageError `ERR_FLV_PAYLOAD_TOO_LONG`
 */
export function encodeFlvTag(tagType: FlvTagType, timestamp: number, payload: Uint8Array): Uint8Array {
  const size = flvTagHeaderBytes + payload.length;
  const tag = new Uint8Array(size + flvTagTrailerBytes);
  writeFlvTagHeader(tag, 0, tagType, timestamp, payload.length);
  tag.set(payload, flvTagHeaderBytes);
  new DataView(tag.buffer).setUint32(size, size);
  return tag;
}
