import type { AudioConfig } from './audio-config.js';
import type { VideoConfig } from './video-config.js';

export interface ConfigVector<Config> {
  readonly name: string;
  /** The software whose bytes these are (its own `ffprobe` gave the values), or the clause they were made from by hand. */
  readonly source: string;
  /** The whole message. */
  readonly hex: string;
  readonly config: Config | undefined;
}

const x264 = 'FFmpeg 5.1 with libx264';
const x265 = 'FFmpeg 5.1 with libx265, SEI array removed';
const hevcMain =
  '0101600000009000000000003ff000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003f959809a1' +
  '0001002c42010101600000030090000003000003003fa005120171c9265959a4932bc05a020000030002000003001410a2000100074401c172b46240';
const hevcMain10 =
  '0102200000009000000000003ff000fcfdfafa00000f03a00001001840010c01ffff02200000030090000003000003003f959809a1' +
  '0001002c42010102200000030090000003000003003fa005120171c92365959a4932bc05a02000000300200000030141a2000100074401c172b46240';

export const videoConfigVectors: readonly ConfigVector<VideoConfig>[] = [
  {
    name: 'AVC High, cropped on both sides',
    source: x264,
    hex: '1700000000 01640016ffe1001b67640016acd940a42fe224c044000003000400000300503c58b65801000668ebe3cb22c0fdf8f800',
    config: { width: 642, height: 362, profile: 'High', level: '2.2', codecString: 'avc1.640016' },
  },
  {
    name: 'AVC High 4:2:2',
    source: x264,
    hex: '1700000000 017a0016ffe1001c677a0016b6cd940a463c4466022000000300200000030283e28532c001000668fba3cb22c0fefafa00',
    config: { width: 642, height: 362, profile: 'High 4:2:2', level: '2.2', codecString: 'avc1.7a0016' },
  },
  {
    name: 'AVC Constrained Baseline, 1080 lines',
    source: x264,
    hex: '1700000000 0142c028ffe1001d6742c028da01e0089f97ff0b490b501000000300100000030148f1832a01000468ce0fc8',
    config: { width: 1920, height: 1080, profile: 'Constrained Baseline', level: '4.0', codecString: 'avc1.42c028' },
  },
  {
    name: 'AVC interlaced',
    source: x264,
    hex: '1700000000 0164001effe100186764001eacd940b424d8088000000300800000190f8a14cb01000768fba3cb3002c0fdf8f800',
    config: { width: 720, height: 576, profile: 'High', level: '3.0', codecString: 'avc1.64001e' },
  },
  {
    name: 'AVC 4:4:4 in an Enhanced message',
    source: x264,
    hex: '9061766331 01f40016ffe1001a67f40016919b281485fc7cf80880000003008000000a078b16cb01000668ebe3c44844fff8f800',
    config: { width: 642, height: 362, profile: 'High 4:4:4 Predictive', level: '2.2', codecString: 'avc1.f40016' },
  },
  {
    name: 'AVC record without parameter sets',
    source: 'ISO/IEC 14496-15 §5.3.3.1',
    hex: '1700000000 0142100bffe0',
    config: { profile: 'Baseline', level: '1b', codecString: 'avc1.42100b' },
  },
  {
    name: 'AVC record whose parameter set is cut short',
    source: 'ISO/IEC 14496-15 §5.3.3.1',
    hex: '1700000000 01640016ffe1001b67640016acd9',
    config: { profile: 'High', level: '2.2', codecString: 'avc1.640016' },
  },
  { name: 'AVC sequence header without a record', source: 'constructed', hex: '1700000000', config: undefined },
  { name: 'AVC frame', source: 'constructed', hex: '1701000000 01640016', config: undefined },
  {
    name: 'HEVC Main',
    source: x265,
    hex: `9068766331 ${hevcMain}`,
    config: { width: 642, height: 362, profile: 'Main', level: '2.1', codecString: 'hvc1.1.6.L63.90' },
  },
  {
    name: 'HEVC Main 10 under codec id 12',
    source: x265,
    hex: `1c00000000 ${hevcMain10}`,
    config: { width: 642, height: 362, profile: 'Main 10', level: '2.1', codecString: 'hvc1.2.4.L63.90' },
  },
  {
    name: 'AV1',
    source: 'FFmpeg 5.1 with libaom',
    hex: '9061763031 81010c000a0b0000000cc5036936be4010',
    config: { width: 642, height: 362, profile: 'Main', level: '2.1', codecString: 'av01.0.01M.08' },
  },
  {
    name: 'AV1, 10 bits',
    source: 'FFmpeg 5.1 with SVT-AV1',
    hex: '9061763031 81014c000a0b0000000cc5036900be1010',
    config: { width: 642, height: 362, profile: 'Main', level: '2.1', codecString: 'av01.0.01M.10' },
  },
  {
    name: 'AV1, level 31 (no limits)',
    source: 'FFmpeg 5.1 with rav1e',
    hex: '9061763031 811f0c000a0e000000faa67fd9e210a88101010a',
    config: { width: 1280, height: 720, profile: 'Main', codecString: 'av01.0.31M.08' },
  },
  {
    name: 'AV1 descriptor of MPEG-2 TS',
    source: 'AV1 in MPEG-2 TS §2.1',
    hex: '9561763031 800481084c00',
    config: { profile: 'Main', level: '4.0', codecString: 'av01.0.08M.10' },
  },
  {
    name: 'VP9, whole vpcC box content',
    source: 'FFmpeg 5.1 with libvpx',
    hex: '9076703039 010000000015820202020000',
    config: { profile: 'Profile 0', level: '2.1', codecString: 'vp09.00.21.08' },
  },
  {
    name: 'VP9 record',
    source: 'VP codec ISO media file format binding',
    hex: '9076703039 022aa00202020000',
    config: { profile: 'Profile 2', level: '4.2', codecString: 'vp09.02.42.10' },
  },
  { name: 'a FourCC of no table', source: 'constructed', hex: '9078787878 01640016', config: undefined },
];

const aac = 'FFmpeg 5.1, native AAC encoder';

export const audioConfigVectors: readonly ConfigVector<AudioConfig>[] = [
  {
    name: 'AAC LC with a sync extension that says no SBR',
    source: aac,
    hex: 'af00 121056e500',
    config: { sampleRate: 44100, channels: 2, codecString: 'mp4a.40.2' },
  },
  {
    name: 'AAC LC, 5.1',
    source: aac,
    hex: '906d703461 11b056e500',
    config: { sampleRate: 48000, channels: 6, codecString: 'mp4a.40.2' },
  },
  {
    name: 'HE-AAC announced by its object type',
    source: 'ISO/IEC 14496-3 §1.6.2.1: 00101 0111 0010 0100 00010 000',
    hex: 'af00 2b9208 00',
    config: { sampleRate: 44100, channels: 2, codecString: 'mp4a.40.5' },
  },
  {
    name: 'HE-AAC v2 announced by its object type',
    source: 'ISO/IEC 14496-3 §1.6.2.1: 11101 0110 0001 0011 00010 000',
    hex: 'af00 eb0988 00',
    config: { sampleRate: 48000, channels: 2, codecString: 'mp4a.40.29' },
  },
  {
    name: 'HE-AAC announced behind the configuration',
    source: 'ISO/IEC 14496-3 §1.6.6.1: 00010 0111 0010 000, 01010110111 00101 1 0100 …',
    hex: 'af00 1390 56e5a0',
    config: { sampleRate: 44100, channels: 2, codecString: 'mp4a.40.5' },
  },
  {
    name: 'AAC with an explicit frequency',
    source: 'ISO/IEC 14496-3 §1.6.2.1: 00010 1111, 24 bits, 0001 000',
    hex: 'af00 17 80 2ee0 08',
    config: { sampleRate: 24000, channels: 1, codecString: 'mp4a.40.2' },
  },
  {
    name: 'AAC with a program config element: 2 front pairs, 1 LFE',
    source:
      'ISO/IEC 14496-3 §4.4.1.1: 0000 01 0100 0010 0000 0000 01 000 0000 000, 10000 10001 0000, alignment, no comment',
    hex: 'af00 120005080100211000',
    config: { sampleRate: 44100, channels: 5, codecString: 'mp4a.40.2' },
  },
  { name: 'AAC configuration cut short', source: 'constructed', hex: 'af00 12', config: undefined },
  { name: 'AAC frame', source: 'constructed', hex: 'af01 1210', config: undefined },
  {
    name: 'Opus',
    source: 'FFmpeg 5.1 with libopus',
    hex: '904f707573 4f707573486561640102380180bb0000000000',
    config: { sampleRate: 48000, channels: 2, codecString: 'opus' },
  },
  {
    name: 'Opus without its header',
    source: 'E-RTMP v2, OpusSequenceHeader may be empty',
    hex: '904f707573',
    config: { sampleRate: 48000, codecString: 'opus' },
  },
  {
    name: 'FLAC, magic and block header in front',
    source: 'FFmpeg 5.1',
    hex: '90664c6143 664c6143 80000022 120012000004490004de0ac440f0000033aecd36f8ab0a878da30b37b9efb6c64d51',
    config: { sampleRate: 44100, channels: 1, codecString: 'flac' },
  },
  {
    name: 'FLAC, bare STREAMINFO',
    source: 'FFmpeg 5.1',
    hex: '90664c6143 120012000004490004de0ac440f0000033aecd36f8ab0a878da30b37b9efb6c64d51',
    config: { sampleRate: 44100, channels: 1, codecString: 'flac' },
  },
  {
    name: 'AC-3, 5.1',
    source: 'FFmpeg 5.1',
    hex: '9161632d33 0b77d0f81e40ebf8403eff99ff0841fc',
    config: { sampleRate: 48000, channels: 6, codecString: 'ac-3' },
  },
  {
    name: 'AC-3, mono',
    source: 'FFmpeg 5.1',
    hex: '9161632d33 0b771ef84c402f842be1877b875dfbe7',
    config: { sampleRate: 44100, channels: 1, codecString: 'ac-3' },
  },
  {
    name: 'E-AC-3, 5.1',
    source: 'FFmpeg 5.1',
    hex: '9165632d33 0b77037f3f87c00020f8200002004000',
    config: { sampleRate: 48000, channels: 6, codecString: 'ec-3' },
  },
  {
    name: 'MP3 frame in a legacy message',
    source: 'FFmpeg 5.1 with libmp3lame',
    hex: '2a fff340c40014688670175818007fe4a0',
    config: { sampleRate: 22050, channels: 1, codecString: 'mp3' },
  },
  {
    name: 'Speex',
    source: 'FLV E.4.2.1',
    hex: 'b6 00',
    config: { sampleRate: 16000, channels: 1 },
  },
  {
    name: 'multichannel configuration',
    source: 'E-RTMP v2, MultichannelConfig',
    hex: '944f707573 01060000060f',
    config: { channels: 6 },
  },
];
