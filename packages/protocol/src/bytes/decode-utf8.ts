import { utf8Decoder } from './utf8.js';

/**
 * Longer text goes to TextDecoder. V8 builds concatenated strings of 13 characters and more as trees of pieces, which
 * take twenty times their length: a peer could make us hold 200 MB with 8 MB of names.
 */
const maxHandDecodedBytes = 12;

/** `bytes` from `start` to `end`. Short ASCII is decoded by hand: for the names that fill AMF it is several times faster than TextDecoder. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > maxHandDecodedBytes) return utf8Decoder.decode(bytes.subarray(start, end));
  let text = '';
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] as number;
    if (byte > 0x7f) return utf8Decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

const maxRecurringBytes = 32;
const recurringBits = 9;

/**
 * The last text that fell into each slot. Messages of all peers use the same few names and codes; to find one costs less
 * than to build it, and a Map takes a string that it has seen faster. It stays this small whatever peers send, and its
 * strings are compared whole: what somebody put there is given to nobody who has not sent it.
 */
const recurring: string[] = new Array<string>(1 << recurringBits).fill('');

/** As `decodeUtf8`, for text that is likely to come again. */
export function decodeRecurringUtf8(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length === 0 || length > maxRecurringBytes) return decodeUtf8(bytes, start, end);
  const slot = slotOf(bytes, start, end);
  const known = recurring[slot] as string;
  if (isAscii(known, bytes, start, length)) return known;
  const text = decodeUtf8(bytes, start, end);
  // Text with characters of several bytes is never found again by its bytes, and may stay in its slot all the same.
  recurring[slot] = text;
  return text;
}

/** By the length and four of the bytes: names that metadata has side by side differ in one of these. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const later = bytes[end - 1 - (length >> 2)] as number;
  const last = bytes[end - 1] as number;
  const sample = (first | (middle << 8) | (last << 16) | (later << 24)) + length * 0x2_545f;
  // Fibonacci hashing: the upper bits of the product depend on all of the sample.
  return Math.imul(sample, 0x9e37_79b1) >>> (32 - recurringBits);
}

/** Whether the bytes are the text, one for each character. A malformed byte is none: U+FFFD is no byte. */
function isAscii(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[start + i] as number;
    if (byte > 0x7f || text.charCodeAt(i) !== byte) return false;
  }
  return true;
}
