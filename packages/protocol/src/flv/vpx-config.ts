/*
 * VPCodecConfigurationRecord [VP codec ISO media file format binding]:
 *
 *   +---------+-------+-----------+--------+-------+---------------+------
 *   | profile | level | bit depth | chroma | range | 3 colour bytes| …
 *   | UI8     | UI8   | U4        | U3     | U1    |               |
 *   +---------+-------+-----------+--------+-------+---------------+------
 *
 * Some senders put the whole vpcC box content there, with version 1 and three zero flag bytes in front.
 */
import type { VideoConfig } from './video-config.js';
import { twoDigits } from './video-size.js';

/** `sampleEntry` is the first part of the codec string: `vp09` or `vp08`. */
export function parseVpxConfig(record: Uint8Array, sampleEntry: 'vp08' | 'vp09'): VideoConfig | undefined {
  // As a record, 01 00 00 would mean a bit depth of 0, so the two forms cannot be mistaken for one another.
  const boxed = record[0] === 1 && record[1] === 0 && record[2] === 0 && record[3] === 0;
  const [profile, level, depthAndChroma] = boxed ? record.subarray(4) : record;
  if (profile === undefined || level === undefined || depthAndChroma === undefined) return undefined;
  const bitDepth = depthAndChroma >> 4;
  if (profile > 3 || (bitDepth !== 8 && bitDepth !== 10 && bitDepth !== 12)) return undefined;
  const config: VideoConfig = {
    profile: `Profile ${profile}`,
    codecString: `${sampleEntry}.${twoDigits(profile)}.${twoDigits(level)}.${twoDigits(bitDepth)}`,
  };
  return level === 0 ? config : { ...config, level: (level / 10).toFixed(1) };
}
