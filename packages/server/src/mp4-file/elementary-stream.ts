/*
 * The body of an `esds` box [ISO/IEC 14496-1 §7.2.6], descriptors within descriptors; a length has 7 bits in each byte:
 *
 *   +---------+------+--------+-------+-------+---------+------+--------+-------------+----------+------+--------+-----
 *   | version | 0x03 | length | ES id | flags | what    | 0x04 | length | object type | 12 bytes | 0x05 | length | con-
 *   | flags   |      |        | UI16  | UI8   | they say|      |        | UI8         |          |      |        | fig
 *   +---------+------+--------+-------+-------+---------+------+--------+-------------+----------+------+--------+-----
 */
import type { Box } from './box.js';

export interface ElementaryStream {
  /** 0: it is not said. */
  readonly objectType: number;
  /** A view; empty where there is none. */
  readonly config: Uint8Array;
}

const streamDescriptor = 0x03;
const decoderDescriptor = 0x04;
const configDescriptor = 0x05;
const decoderHeadBytes = 13;

/** As much as can be read. Never throws. */
export function readEsds(bytes: Uint8Array, box: Box): ElementaryStream {
  const body = bytes.subarray(box.start + 4, box.end);
  const stream = descriptorIn(body, streamDescriptor);
  const flags = stream[2] ?? 0;
  let at = 3;
  if ((flags & 0x80) !== 0) at += 2;
  if ((flags & 0x40) !== 0) at += 1 + (stream[at] ?? 0);
  if ((flags & 0x20) !== 0) at += 2;
  const decoder = descriptorIn(stream.subarray(at), decoderDescriptor);
  return {
    objectType: decoder[0] ?? 0,
    config: descriptorIn(decoder.subarray(decoderHeadBytes), configDescriptor),
  };
}

/** The body of the first descriptor of a kind; empty where there is none. */
function descriptorIn(bytes: Uint8Array, wanted: number): Uint8Array {
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at];
    let length = 0;
    at += 1;
    for (let i = 0; i < 4; i += 1) {
      const byte = bytes[at] ?? 0;
      at += 1;
      length = (length << 7) | (byte & 0x7f);
      if ((byte & 0x80) === 0) break;
    }
    if (tag === wanted) return bytes.subarray(at, at + length);
    at += length;
  }
  return bytes.subarray(bytes.length);
}
