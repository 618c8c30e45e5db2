/*
 * AV1CodecConfigurationRecord [AV1 in ISOBMFF §2.3.3]; AV1's MPEG-2 TS descriptor is 80, length, then the same 4 bytes.
 *
 *   +---+---------+---------+-------+------+----------+--------+-----------+---------+-------
 *   | 1 | version | profile | level | tier | high bit | twelve | 5 bits of | delay,  | OBU …
 *   |   | U7      | U3      | U5    | U1   | depth U1 | bit U1 | chroma    | 1 byte  |
 *   +---+---------+---------+-------+------+----------+--------+-----------+---------+-------
 */
import { BitReader } from './bit-reader.js';
import type { VideoConfig } from './video-config.js';
import { checkedSize, twoDigits } from './video-size.js';

const profileNames = ['Main', 'High', 'Professional'] as const;
const sequenceHeaderObu = 1;
const descriptorTag = 0x80;

export function parseAv1Config(record: Uint8Array): VideoConfig | undefined {
  const at = record[0] === descriptorTag ? 2 : 0;
  if (record.length < at + 4 || record[at] !== 0x81) return undefined;
  const second = record[at + 1] ?? 0;
  const third = record[at + 2] ?? 0;
  const profile = second >> 5;
  const level = second & 0x1f;
  const tier = (third & 0x80) === 0 ? 'M' : 'H';
  const bitDepth = (third & 0x40) === 0 ? 8 : (third & 0x20) === 0 ? 10 : 12;
  return {
    profile: profileNames[profile] ?? String(profile),
    // 31 says that no level's limits are kept.
    ...(level === 31 ? {} : { level: `${2 + (level >> 2)}.${level & 3}` }),
    codecString: `av01.${profile}.${twoDigits(level)}${tier}.${twoDigits(bitDepth)}`,
    ...findSize(record.subarray(at + 4)),
  };
}

/** Looks through OBUs [AV1 §5.3] for a sequence header. */
function findSize(obus: Uint8Array): { width?: number; height?: number } {
  let at = 0;
  while (at < obus.length) {
    const header = obus[at] ?? 0;
    at += (header & 4) === 0 ? 1 : 2;
    let size = obus.length - at;
    if ((header & 2) !== 0) {
      const leb = readLeb128(obus, at);
      if (leb === undefined) return {};
      size = leb.value;
      at = leb.end;
    }
    if (size < 0 || at + size > obus.length) return {};
    if (((header >> 3) & 0x0f) === sequenceHeaderObu) return parseSequenceHeader(obus.subarray(at, at + size));
    at += size;
  }
  return {};
}

function readLeb128(bytes: Uint8Array, offset: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 8; i += 1) {
    const byte = bytes[offset + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, end: offset + i + 1 };
  }
  return undefined;
}

/** [AV1 §5.5.1] as far as the size of the largest frame. */
function parseSequenceHeader(obu: Uint8Array): { width?: number; height?: number } {
  const bits = new BitReader(obu);
  bits.skipBits(3 + 1);
  if (bits.readFlag()) bits.skipBits(5);
  else skipOperatingPoints(bits);
  const widthBits = bits.readBits(4) + 1;
  const heightBits = bits.readBits(4) + 1;
  const width = bits.readBits(widthBits) + 1;
  const height = bits.readBits(heightBits) + 1;
  return bits.exhausted ? {} : checkedSize(width, height);
}

function skipOperatingPoints(bits: BitReader): void {
  let delayBits: number | undefined;
  if (bits.readFlag()) {
    bits.skipBits(64);
    // num_ticks_per_picture_minus_1 is uvlc(): Exp-Golomb under another name.
    if (bits.readFlag()) bits.readUnsignedExpGolomb();
    if (bits.readFlag()) {
      delayBits = bits.readBits(5) + 1;
      bits.skipBits(32 + 5 + 5);
    }
  }
  const initialDelay = bits.readFlag();
  const count = bits.readBits(5) + 1;
  for (let i = 0; i < count; i += 1) {
    bits.skipBits(12);
    if (bits.readBits(5) > 7) bits.skipBits(1);
    if (delayBits !== undefined && bits.readFlag()) bits.skipBits(2 * delayBits + 1);
    if (initialDelay && bits.readFlag()) bits.skipBits(4);
  }
}
