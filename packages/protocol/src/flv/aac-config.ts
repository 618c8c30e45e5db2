/*
 * AudioSpecificConfig [ISO/IEC 14496-3 §1.6.2.1]:
 *
 *   +-------------+-----------+----------+------------------------+------------------
 *   | object type | frequency | channels | types 5, 29: extension | what the type
 *   | U5, 31: +U6 | U4, 15:   | U4       | frequency and the      | needs …
 *   |             | + U24     |          | object type beneath    |
 *   +-------------+-----------+----------+------------------------+------------------
 */
import type { AudioConfig } from './audio-config.js';
import { BitReader } from './bit-reader.js';

const frequencies = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350] as const;
const channelCounts: Readonly<Record<number, number>> = {
  1: 1,
  2: 2,
  3: 3,
  4: 4,
  5: 5,
  6: 6,
  7: 8,
  11: 7,
  12: 8,
  13: 24,
  14: 8,
};
const objectTypeSbr = 5;
const objectTypePs = 29;
const sbrSyncExtension = 0x2b7;
const psSyncExtension = 0x548;

export function parseAacConfig(bytes: Uint8Array): AudioConfig | undefined {
  const bits = new BitReader(bytes);
  let objectType = readObjectType(bits);
  let sampleRate = readFrequency(bits);
  const channelConfiguration = bits.readBits(4);
  if (bits.exhausted || objectType === 0) return undefined;
  let channels = channelCounts[channelConfiguration];
  let codedAs = objectType;
  if (objectType === objectTypeSbr || objectType === objectTypePs) {
    sampleRate = readFrequency(bits);
    objectType = readObjectType(bits);
  }
  // Main, LC, SSR and LTP: the types whose GASpecificConfig is short and known to end here.
  if (objectType >= 1 && objectType <= 4) {
    const programChannels = skipGeneralAudioConfig(bits, channelConfiguration);
    channels ??= programChannels;
    if (codedAs === objectType) {
      const extension = readSyncExtension(bits);
      if (extension !== undefined) {
        sampleRate = extension.sampleRate;
        codedAs = extension.parametricStereo ? objectTypePs : objectTypeSbr;
      }
    }
  }
  // Parametric stereo makes two channels of the one that is coded.
  if (codedAs === objectTypePs && channels === 1) channels = 2;
  return {
    ...(sampleRate === undefined || sampleRate === 0 ? {} : { sampleRate }),
    ...(channels === undefined ? {} : { channels }),
    codecString: `mp4a.40.${codedAs}`,
  };
}

function readObjectType(bits: BitReader): number {
  const type = bits.readBits(5);
  return type === 31 ? 32 + bits.readBits(6) : type;
}

function readFrequency(bits: BitReader): number | undefined {
  const index = bits.readBits(4);
  return index === 15 ? bits.readBits(24) : frequencies[index];
}

/** Returns the channels of a program config element, where there is one. */
function skipGeneralAudioConfig(bits: BitReader, channelConfiguration: number): number | undefined {
  bits.skipBits(1);
  if (bits.readFlag()) bits.skipBits(14);
  bits.skipBits(1);
  return channelConfiguration === 0 ? readProgramChannels(bits) : undefined;
}

/** [ISO/IEC 14496-3 §4.4.1.1]. */
function readProgramChannels(bits: BitReader): number | undefined {
  bits.skipBits(4 + 2 + 4);
  const counts = [bits.readBits(4), bits.readBits(4), bits.readBits(4)];
  const lfe = bits.readBits(2);
  const associatedData = bits.readBits(3);
  const coupling = bits.readBits(4);
  if (bits.readFlag()) bits.skipBits(4);
  if (bits.readFlag()) bits.skipBits(4);
  if (bits.readFlag()) bits.skipBits(3);
  let channels = lfe;
  for (const count of counts) {
    for (let i = 0; i < count; i += 1) {
      channels += bits.readFlag() ? 2 : 1;
      bits.skipBits(4);
    }
  }
  bits.skipBits(4 * lfe + 4 * associatedData + 5 * coupling);
  // The comment that follows is aligned to a byte of the whole configuration.
  bits.skipBits(bits.remaining % 8);
  bits.skipBits(8 * bits.readBits(8));
  return bits.exhausted ? undefined : channels;
}

/** SBR announced behind the configuration, for decoders that know nothing of it [ISO/IEC 14496-3 §1.6.6.1]. */
function readSyncExtension(bits: BitReader): { sampleRate: number; parametricStereo: boolean } | undefined {
  if (bits.remaining < 16 || bits.readBits(11) !== sbrSyncExtension) return undefined;
  if (readObjectType(bits) !== objectTypeSbr || !bits.readFlag()) return undefined;
  const sampleRate = readFrequency(bits);
  if (bits.exhausted || sampleRate === undefined) return undefined;
  const parametricStereo = bits.remaining >= 12 && bits.readBits(11) === psSyncExtension && bits.readFlag();
  return { sampleRate, parametricStereo };
}
