/*
 * AVCDecoderConfigurationRecord [ISO/IEC 14496-15 §5.3.3.1]:
 *
 *   +----+---------+---------------+-------+---------------+-----------+--------+-------+----
 *   | 01 | profile | compatibility | level | 111111 length | 111 count | length | SPS … | PPS
 *   |    | UI8     | UI8           | UI8   | − 1, U2       | U5        | UI16   |       |
 *   +----+---------+---------------+-------+---------------+-----------+--------+-------+----
 */
import { BitReader, removeEmulationPrevention } from './bit-reader.js';
import type { VideoConfig } from './video-config.js';
import { checkedSize, hexByte } from './video-size.js';

const profileNames: Readonly<Record<number, string>> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
  122: 'High 4:2:2',
  244: 'High 4:4:4 Predictive',
  44: 'CAVLC 4:4:4 Intra',
  83: 'Scalable Baseline',
  86: 'Scalable High',
  118: 'Multiview High',
  128: 'Stereo High',
};
// The profiles whose SPS says the chroma format [H.264 §7.3.2.1.1].
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const spsNalUnitType = 7;

export function parseAvcConfig(record: Uint8Array): VideoConfig | undefined {
  const [version, profile, compatibility, level, , count] = record;
  if (version !== 1 || profile === undefined || compatibility === undefined || level === undefined) return undefined;
  const config: VideoConfig = {
    profile: profileName(profile, compatibility),
    level: levelName(profile, compatibility, level),
    codecString: `avc1.${hexByte(profile)}${hexByte(compatibility)}${hexByte(level)}`,
  };
  if (count === undefined || (count & 0x1f) === 0 || record.length < 8) return config;
  const length = ((record[6] ?? 0) << 8) | (record[7] ?? 0);
  const sps = record.subarray(8, 8 + length);
  return sps.length < length ? config : { ...config, ...parseAvcSps(sps) };
}

function profileName(profile: number, compatibility: number): string {
  const name = profileNames[profile] ?? String(profile);
  return profile === 66 && (compatibility & 0x40) !== 0 ? 'Constrained Baseline' : name;
}

function levelName(profile: number, compatibility: number, level: number): string {
  // Level 1b of the old profiles is 11 with constraint_set3_flag [H.264 §A.3.1].
  if (level === 11 && (compatibility & 0x10) !== 0 && (profile === 66 || profile === 77 || profile === 88)) return '1b';
  return level === 9 ? '1b' : (level / 10).toFixed(1);
}

/** The picture size from a sequence parameter set with its NAL header [H.264 §7.3.2.1.1]; nothing where it is malformed. */
export function parseAvcSps(nalUnit: Uint8Array): { width?: number; height?: number } {
  if (((nalUnit[0] ?? 0) & 0x1f) !== spsNalUnitType) return {};
  const bits = new BitReader(removeEmulationPrevention(nalUnit));
  bits.skipBits(8);
  const profile = bits.readBits(8);
  bits.skipBits(16);
  bits.readUnsignedExpGolomb(); // seq_parameter_set_id
  let chromaFormat = 1;
  if (highProfiles.has(profile)) {
    chromaFormat = bits.readUnsignedExpGolomb();
    if (chromaFormat > 3) return {};
    const scalingLists = chromaFormat === 3 ? 12 : 8;
    // Three planes coded apart crop as monochrome does.
    if (chromaFormat === 3 && bits.readFlag()) chromaFormat = 0;
    bits.readUnsignedExpGolomb();
    bits.readUnsignedExpGolomb();
    bits.skipBits(1);
    if (bits.readFlag()) skipScalingLists(bits, scalingLists);
  }
  bits.readUnsignedExpGolomb(); // log2_max_frame_num_minus4
  const orderCountType = bits.readUnsignedExpGolomb();
  if (orderCountType === 0) bits.readUnsignedExpGolomb();
  else if (orderCountType === 1 && !skipOrderCountCycle(bits)) return {};
  bits.readUnsignedExpGolomb(); // max_num_ref_frames
  bits.skipBits(1);
  const widthInBlocks = bits.readUnsignedExpGolomb() + 1;
  const heightInUnits = bits.readUnsignedExpGolomb() + 1;
  const framesOnly = bits.readFlag();
  if (!framesOnly) bits.skipBits(1);
  bits.skipBits(1);
  const fieldFactor = framesOnly ? 1 : 2;
  let width = widthInBlocks * 16;
  let height = heightInUnits * 16 * fieldFactor;
  if (bits.readFlag()) {
    const cropX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
    const cropY = (chromaFormat === 1 ? 2 : 1) * fieldFactor;
    width -= cropX * (bits.readUnsignedExpGolomb() + bits.readUnsignedExpGolomb());
    height -= cropY * (bits.readUnsignedExpGolomb() + bits.readUnsignedExpGolomb());
  }
  return bits.exhausted ? {} : checkedSize(width, height);
}

function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list += 1) {
    if (!bits.readFlag()) continue;
    const size = list < 6 ? 16 : 64;
    let last = 8;
    let next = 8;
    for (let i = 0; i < size && !bits.exhausted; i += 1) {
      if (next !== 0) next = (last + bits.readSignedExpGolomb() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}

function skipOrderCountCycle(bits: BitReader): boolean {
  bits.skipBits(1);
  bits.readSignedExpGolomb();
  bits.readSignedExpGolomb();
  const count = bits.readUnsignedExpGolomb();
  if (count > 255) return false;
  for (let i = 0; i < count; i += 1) bits.readSignedExpGolomb();
  return true;
}
