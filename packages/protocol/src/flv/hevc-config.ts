/*
 * HEVCDecoderConfigurationRecord [ISO/IEC 14496-15 §8.3.3.1]:
 *
 *   +----+-------+------+---------+---------------+-------------+-------+----------+--------+--------
 *   | 01 | space | tier | profile | compatibility | constraints | level | 9 bytes, | arrays | array …
 *   |    | U2    | U1   | U5      | UI32          | 6 bytes     | UI8   | unused   | UI8    |
 *   +----+-------+------+---------+---------------+-------------+-------+----------+--------+--------
 *   array: | x x type U6 | count UI16 | ( length UI16, NAL unit ) × count |
 */
import { BitReader, removeEmulationPrevention } from './bit-reader.js';
import type { VideoConfig } from './video-config.js';
import { checkedSize } from './video-size.js';

const profileNames: Readonly<Record<number, string>> = {
  1: 'Main',
  2: 'Main 10',
  3: 'Main Still Picture',
  4: 'Range Extensions',
  5: 'High Throughput',
  9: 'Screen Content',
};
const profileSpaces = ['', 'A', 'B', 'C'] as const;
const recordBytes = 23;
const spsNalUnitType = 33;

export function parseHevcConfig(record: Uint8Array): VideoConfig | undefined {
  // Version 0 was written by encoders from before the record was final.
  if (record.length < recordBytes || (record[0] ?? 0) > 1) return undefined;
  const profile = (record[1] ?? 0) & 0x1f;
  const level = record[12] ?? 0;
  const config: VideoConfig = {
    profile: profileNames[profile] ?? String(profile),
    level: (level / 30).toFixed(1),
    codecString: codecString(record),
  };
  const sps = findNalUnit(record, spsNalUnitType);
  return sps === undefined ? config : { ...config, ...parseHevcSps(sps) };
}

/** [ISO/IEC 14496-15 §E.3]: the compatibility flags in reverse bit order, constraint bytes without the zeros at the end. */
function codecString(record: Uint8Array): string {
  const first = record[1] ?? 0;
  let compatibility = 0;
  for (let i = 0; i < 32; i += 1) {
    if ((((record[2 + (i >> 3)] ?? 0) >> (7 - (i & 7))) & 1) === 1) compatibility += 2 ** i;
  }
  const constraints = [...record.subarray(6, 12)];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  const parts = [
    'hvc1',
    `${profileSpaces[first >> 6] ?? ''}${first & 0x1f}`,
    compatibility.toString(16).toUpperCase(),
    `${(first & 0x20) === 0 ? 'L' : 'H'}${record[12] ?? 0}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ];
  return parts.join('.');
}

function findNalUnit(record: Uint8Array, wanted: number): Uint8Array | undefined {
  let at = recordBytes;
  for (let array = record[recordBytes - 1] ?? 0; array > 0; array -= 1) {
    if (at + 3 > record.length) return undefined;
    const type = (record[at] ?? 0) & 0x3f;
    const count = ((record[at + 1] ?? 0) << 8) | (record[at + 2] ?? 0);
    at += 3;
    for (let i = 0; i < count; i += 1) {
      if (at + 2 > record.length) return undefined;
      const length = ((record[at] ?? 0) << 8) | (record[at + 1] ?? 0);
      at += 2;
      if (at + length > record.length) return undefined;
      if (type === wanted) return record.subarray(at, at + length);
      at += length;
    }
  }
  return undefined;
}

/** The picture size from a sequence parameter set with its NAL header [H.265 §7.3.2.2.1]; nothing where it is malformed. */
export function parseHevcSps(nalUnit: Uint8Array): { width?: number; height?: number } {
  if ((((nalUnit[0] ?? 0) >> 1) & 0x3f) !== spsNalUnitType) return {};
  const bits = new BitReader(removeEmulationPrevention(nalUnit));
  bits.skipBits(16 + 4);
  const subLayers = bits.readBits(3);
  bits.skipBits(1);
  skipProfileTierLevel(bits, subLayers);
  bits.readUnsignedExpGolomb(); // sps_seq_parameter_set_id
  let chromaFormat = bits.readUnsignedExpGolomb();
  if (chromaFormat > 3) return {};
  if (chromaFormat === 3 && bits.readFlag()) chromaFormat = 0;
  let width = bits.readUnsignedExpGolomb();
  let height = bits.readUnsignedExpGolomb();
  if (bits.readFlag()) {
    const cropX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
    const cropY = chromaFormat === 1 ? 2 : 1;
    width -= cropX * (bits.readUnsignedExpGolomb() + bits.readUnsignedExpGolomb());
    height -= cropY * (bits.readUnsignedExpGolomb() + bits.readUnsignedExpGolomb());
  }
  return bits.exhausted ? {} : checkedSize(width, height);
}

/** [H.265 §7.3.3], for a profile that is present. */
function skipProfileTierLevel(bits: BitReader, subLayers: number): void {
  bits.skipBits(88 + 8);
  if (subLayers === 0) return;
  let bitsToSkip = 0;
  for (let i = 0; i < subLayers; i += 1) {
    if (bits.readFlag()) bitsToSkip += 88;
    if (bits.readFlag()) bitsToSkip += 8;
  }
  bits.skipBits(2 * (8 - subLayers) + bitsToSkip);
}
