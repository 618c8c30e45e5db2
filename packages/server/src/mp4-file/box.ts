/*
 * A box [ISO/IEC 14496-12 §4.2]; a size of 0 means: to the end of what it is in.
 *
 *   +------+------+------------------+----------
 *   | size | type | if size is 1:    | body …
 *   | UI32 | UI32 | the size, UI64   |
 *   +------+------+------------------+----------
 *
 * A "full" box begins its body with a version, UI8, and flags, UI24.
 */
import { RtmpRemoteError } from '@millrace/protocol';

export interface Box {
  /** Four Latin-1 characters. */
  readonly type: string;
  /** Where its body begins and ends, in the bytes that it was read from. */
  readonly start: number;
  readonly end: number;
}

/** In one other box. */
const maxBoxes = 65_536;
const maxExactHigh = 0x20_0000;

/**
 * The boxes from `start` to `end`.
 *
 * @throws RtmpRemoteError `ERR_MP4_BOX`: one is shorter than its head, or longer than what it is in;
 *   `ERR_MP4_TOO_MANY_BOXES`
 */
export function boxesIn(bytes: Uint8Array, { start, end }: { start: number; end: number }): Box[] {
  const boxes: Box[] = [];
  let at = start;
  while (at + 8 <= end) {
    if (boxes.length === maxBoxes)
      throw new RtmpRemoteError('ERR_MP4_TOO_MANY_BOXES', 'too many boxes', { offset: at });
    const { type, headBytes, size } = readBoxHead(bytes, at, end);
    const boxEnd = size === 0 ? end : at + size;
    // QuickTime ends some lists with four zero bytes, and others fill up with zeroes.
    if (type === '\0\0\0\0' && size === 0) return boxes;
    if (boxEnd < at + headBytes || boxEnd > end) {
      throw new RtmpRemoteError('ERR_MP4_BOX', `a box has ${size} bytes where ${end - at} are left`, { offset: at });
    }
    boxes.push({ type, start: at + headBytes, end: boxEnd });
    at = boxEnd;
  }
  return boxes;
}

export function firstBox(boxes: readonly Box[], type: string): Box | undefined {
  return boxes.find((box) => box.type === type);
}

export interface BoxHead {
  readonly type: string;
  readonly headBytes: number;
  /** As it says, with its head; 0: to the end. */
  readonly size: number;
}

/** At least 8 bytes are to be there; a long size that is cut off counts as 0. */
export function readBoxHead(bytes: Uint8Array, at: number, end = bytes.length): BoxHead {
  const type = fourCcAt(bytes, at + 4);
  const size = uint32At(bytes, at);
  if (size !== 1) return { type, headBytes: 8, size };
  if (at + 16 > end) return { type, headBytes: 16, size: 0 };
  return { type, headBytes: 16, size: uint64At(bytes, at + 8) };
}

/** 0 for bytes that are not there, as in the functions below. */
export function uint32At(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

export function int32At(bytes: Uint8Array, at: number): number {
  return uint32At(bytes, at) | 0;
}

export function uint16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** No file and no time is that long: more than 2⁵³ is `Number.MAX_SAFE_INTEGER`. */
export function uint64At(bytes: Uint8Array, at: number): number {
  const high = uint32At(bytes, at);
  return high >= maxExactHigh ? Number.MAX_SAFE_INTEGER : high * 2 ** 32 + uint32At(bytes, at + 4);
}

export function int64At(bytes: Uint8Array, at: number): number {
  const high = int32At(bytes, at);
  if (high >= maxExactHigh) return Number.MAX_SAFE_INTEGER;
  return high < -maxExactHigh ? Number.MIN_SAFE_INTEGER : high * 2 ** 32 + uint32At(bytes, at + 4);
}

export function fourCcAt(bytes: Uint8Array, at: number): string {
  const code = (offset: number): number => bytes[at + offset] ?? 0;
  return String.fromCharCode(code(0), code(1), code(2), code(3));
}
