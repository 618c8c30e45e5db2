/*
 * A chunk: basic header, message header, extended timestamp, payload. [RTMP §5.3.1]
 *
 *   basic header    1 byte   |fmt 2|id 6|                               ids 2 … 63
 *                   2 bytes  |fmt 2|  0 | id − 64 |                     ids 64 … 319
 *                   3 bytes  |fmt 2|  1 | (id − 64) & 255 | (id − 64) >> 8 |   ids 64 … 65599
 *
 *   message header  fmt 0  | timestamp 3 | length 3 | type 1 | message stream id 4, little-endian |
 *                   fmt 1  | delta 3     | length 3 | type 1 |
 *                   fmt 2  | delta 3     |
 *                   fmt 3  nothing
 *
 *   extended        | 4 |  when the last 3-byte field on this chunk stream was 0xFFFFFF, fmt 3 included
 */

/** The value of the 3-byte timestamp field that says: the real one follows in four bytes. [RTMP §5.3.1.3] */
export const extendedTimestampMark = 0xffffff;

/** The chunk size of both directions until a Set Chunk Size says otherwise. [RTMP §5.4.1] */
export const initialChunkSize = 128;

/** A message cannot be longer than its 3-byte length says, so larger chunks mean nothing. [RTMP §5.4.1] */
export const maxWireChunkSize = 0xffffff;

export const minChunkStreamId = 2;
export const maxChunkStreamId = 65_599;

/** Bytes of the message header by `fmt`, without an extended timestamp. */
export const messageHeaderLengths = [11, 7, 3, 0] as const;

export function basicHeaderLength(chunkStreamId: number): 1 | 2 | 3 {
  if (chunkStreamId < 64) return 1;
  return chunkStreamId < 320 ? 2 : 3;
}

/** Writes the shortest basic header for `chunkStreamId` and returns the offset after it. */
export function writeBasicHeader(
  target: Uint8Array,
  offset: number,
  fmt: 0 | 1 | 2 | 3,
  chunkStreamId: number,
): number {
  const first = fmt << 6;
  if (chunkStreamId < 64) {
    target[offset] = first | chunkStreamId;
    return offset + 1;
  }
  const rest = chunkStreamId - 64;
  if (rest < 256) {
    target[offset] = first;
    target[offset + 1] = rest;
    return offset + 2;
  }
  target[offset] = first | 1;
  target[offset + 1] = rest & 0xff;
  target[offset + 2] = rest >>> 8;
  return offset + 3;
}

export function writeUint24(target: Uint8Array, offset: number, value: number): number {
  target[offset] = value >>> 16;
  target[offset + 1] = value >>> 8;
  target[offset + 2] = value;
  return offset + 3;
}

export function writeUint32(target: Uint8Array, offset: number, value: number): number {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
  return offset + 4;
}
