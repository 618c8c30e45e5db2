/*
 * The head of a sample entry [ISO/IEC 14496-12 §12.1.3, §12.2.3], before the boxes of its codec:
 *
 *   +----------+-----------+-----------+-------+--------+-----------------------------+
 *   | reserved | data ref. | 16 bytes  | width | height | 50 bytes                    |  video, 78 bytes
 *   | 6 bytes  | UI16      | reserved  | UI16  | UI16   |                             |
 *   +----------+-----------+-----------+-------+--------+-----------------------------+
 *   +----------+-----------+---------+---------+----------+------+---------+----------+
 *   | reserved | data ref. | version | 6 bytes | channels | bits | 4 bytes | rate     |  audio, 28 bytes
 *   | 6 bytes  | UI16      | UI16    |         | UI16     | UI16 |         | 16.16    |
 *   +----------+-----------+---------+---------+----------+------+---------+----------+
 *   QuickTime's versions 1 and 2 have 16 and 36 bytes more.
 */
import {
  type AudioCodec,
  fourCcToNumber,
  parseAudioConfig,
  parseVideoConfig,
  type VideoCodec,
} from '@millrace/protocol';
import { type Box, boxesIn, firstBox, uint16At, uint32At } from './box.js';
import { readEsds } from './elementary-stream.js';

interface CommonEntry {
  /** The sequence header as FLV has it; `undefined`: the codec has none. */
  readonly header: Uint8Array | undefined;
  /** What FLV has in front of the sample. Where `hasComposition`, 3 bytes with the composition time follow it. */
  readonly keyPrefix: Uint8Array;
  readonly interPrefix: Uint8Array;
  readonly hasComposition: boolean;
  /** For `onMetaData`: FLV's number of the codec, or its FourCC as a number. */
  readonly codecId: number;
}

export interface VideoEntry extends CommonEntry {
  readonly kind: 'video';
  readonly codec: VideoCodec;
  readonly width: number;
  readonly height: number;
}

export interface AudioEntry extends CommonEntry {
  readonly kind: 'audio';
  readonly codec: AudioCodec;
  /** Hz; 0: it is not said. */
  readonly sampleRate: number;
  readonly channels: number;
}

/** One way in which the samples of a track are coded, as players are told it. */
export type SampleEntry = VideoEntry | AudioEntry;

const videoHeadBytes = 78;
const audioHeadBytes = 28;
const maxConfigBytes = 256 * 1024;

/**
 * The entries of a `stsd` box, in their order; `undefined` in the place of what cannot be told in FLV: other codecs,
 * encrypted samples, an entry without its configuration.
 *
 * @throws RtmpRemoteError `ERR_MP4_…`
 */
export function readSampleEntries(bytes: Uint8Array, box: Box): (SampleEntry | undefined)[] {
  const isQuickTime = bytes[box.start] === 0;
  const entries = boxesIn(bytes, { start: box.start + 8, end: box.end });
  return entries.map((entry) => readVideoEntry(bytes, entry) ?? readAudioEntry(bytes, entry, isQuickTime));
}

function readVideoEntry(bytes: Uint8Array, entry: Box): VideoEntry | undefined {
  const coding = videoCodings[entry.type];
  if (coding === undefined || entry.end - entry.start < videoHeadBytes) return undefined;
  const { codec, box, skip, fourCc } = coding;
  const config = configOf(bytes, { ...entry, start: entry.start + videoHeadBytes }, box, skip);
  if (config === undefined) return undefined;
  const isLegacy = fourCc === undefined;
  const start = isLegacy ? [0x17, 0, 0, 0, 0] : [0x90, ...codesOf(fourCc)];
  const header = Buffer.concat([Uint8Array.from(start), config]);
  const said = parseVideoConfig(header);
  return {
    kind: 'video',
    codec,
    header,
    keyPrefix: Uint8Array.from(isLegacy ? [0x17, 1] : [0x91, ...codesOf(fourCc)]),
    interPrefix: Uint8Array.from(isLegacy ? [0x27, 1] : [0xa1, ...codesOf(fourCc)]),
    hasComposition: codec === 'h264' || codec === 'hevc',
    codecId: isLegacy ? 7 : fourCcToNumber(fourCc),
    width: said?.width ?? uint16At(bytes, entry.start + 24),
    height: said?.height ?? uint16At(bytes, entry.start + 26),
  };
}

/** FLV's way for H.264, which every player knows; Enhanced RTMP for the others, with the names that it has. */
const videoCodings: Readonly<
  Record<string, { codec: VideoCodec; box: string; skip: number; fourCc: string | undefined }>
> = {
  avc1: { codec: 'h264', box: 'avcC', skip: 0, fourCc: undefined },
  avc3: { codec: 'h264', box: 'avcC', skip: 0, fourCc: undefined },
  hvc1: { codec: 'hevc', box: 'hvcC', skip: 0, fourCc: 'hvc1' },
  hev1: { codec: 'hevc', box: 'hvcC', skip: 0, fourCc: 'hvc1' },
  av01: { codec: 'av1', box: 'av1C', skip: 0, fourCc: 'av01' },
  // The record stands behind the version and the flags of its box.
  vp09: { codec: 'vp9', box: 'vpcC', skip: 4, fourCc: 'vp09' },
  vp08: { codec: 'vp8', box: 'vpcC', skip: 4, fourCc: 'vp08' },
};

function readAudioEntry(bytes: Uint8Array, entry: Box, isQuickTime: boolean): AudioEntry | undefined {
  if (entry.end - entry.start < audioHeadBytes) return undefined;
  const version = isQuickTime ? uint16At(bytes, entry.start + 8) : 0;
  const more = version === 1 ? 16 : version === 2 ? 36 : 0;
  const inside = { ...entry, start: entry.start + audioHeadBytes + more };
  const coding = readAudioCoding(bytes, inside);
  if (coding === undefined) return undefined;
  const { header } = coding;
  const said = header === undefined ? undefined : parseAudioConfig(header);
  return {
    kind: 'audio',
    ...coding,
    interPrefix: coding.keyPrefix,
    hasComposition: false,
    sampleRate: said?.sampleRate ?? uint16At(bytes, entry.start + 24),
    channels: said?.channels ?? uint16At(bytes, entry.start + 16),
  };
}

type AudioCoding = Pick<AudioEntry, 'codec' | 'header' | 'keyPrefix' | 'codecId'>;

function readAudioCoding(bytes: Uint8Array, entry: Box): AudioCoding | undefined {
  switch (entry.type) {
    case 'mp4a':
      return readMp4Audio(bytes, entry);
    case '.mp3':
      return mp3;
    case 'Opus': {
      const config = configOf(bytes, entry, 'dOps', 0);
      return config === undefined || config.length < 11 ? undefined : enhancedAudio('opus', 'Opus', opusHead(config));
    }
    case 'fLaC': {
      const config = configOf(bytes, entry, 'dfLa', 4);
      return config === undefined || config.length < 38 ? undefined : enhancedAudio('flac', 'fLaC', flacHead(config));
    }
    case 'ac-3':
      return enhancedAudio('ac3', 'ac-3', undefined);
    case 'ec-3':
      return enhancedAudio('eac3', 'ec-3', undefined);
    default:
      return undefined;
  }
}

/** Its rate cannot be said for every rate there is; decoders look at the frames. */
const mp3: AudioCoding = { codec: 'mp3', header: undefined, keyPrefix: Uint8Array.of(0x2f), codecId: 2 };

function readMp4Audio(bytes: Uint8Array, entry: Box): AudioCoding | undefined {
  const boxes = boxesIn(bytes, entry);
  // QuickTime has it in a box of its own.
  const wave = firstBox(boxes, 'wave');
  const box = firstBox(boxes, 'esds') ?? (wave === undefined ? undefined : firstBox(boxesIn(bytes, wave), 'esds'));
  if (box === undefined || box.end - box.start > maxConfigBytes) return undefined;
  const { objectType, config } = readEsds(bytes, box);
  if (objectType === mpeg2Layer3 || objectType === mpeg1Layer3) return mp3;
  if (!aacObjectTypes.has(objectType) || config.length < 2) return undefined;
  const header = Buffer.concat([Uint8Array.of(0xaf, 0), config]);
  return { codec: 'aac', header, keyPrefix: Uint8Array.of(0xaf, 1), codecId: 10 };
}

/** MPEG-4 audio, and MPEG-2 AAC of three profiles [mp4ra.org, object types]. */
const aacObjectTypes = new Set([0x40, 0x66, 0x67, 0x68]);
const mpeg2Layer3 = 0x69;
const mpeg1Layer3 = 0x6b;

function enhancedAudio(codec: AudioCodec, fourCc: string, config: Uint8Array | undefined): AudioCoding {
  const code = codesOf(fourCc);
  const header = config === undefined ? undefined : Buffer.concat([Uint8Array.of(0x90, ...code), config]);
  return { codec, header, keyPrefix: Uint8Array.of(0x91, ...code), codecId: fourCcToNumber(fourCc) };
}

/** From the box [Opus in ISOBMFF §4.3.2], big-endian, to the ID header [RFC 7845 §5.1], little-endian. */
function opusHead(config: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8 + config.length);
  head.write('OpusHead', 'latin1');
  head[8] = 1;
  head[9] = config[1] ?? 0;
  head.writeUInt16LE(uint16At(config, 2), 10);
  head.writeUInt32LE(uint32At(config, 4), 12);
  head.writeUInt16LE(uint16At(config, 8), 16);
  head.set(config.subarray(10), 18);
  return head;
}

/** STREAMINFO alone, as the last block there is [E-RTMP v2, FLAC]. */
function flacHead(config: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(...codesOf('fLaC'), 0x80, 0, 0, 34), config.subarray(4, 38)]);
}

function configOf(bytes: Uint8Array, entry: Box, type: string, skip: number): Uint8Array | undefined {
  const box = firstBox(boxesIn(bytes, entry), type);
  if (box === undefined || box.end - box.start > maxConfigBytes || box.end - box.start < skip) return undefined;
  return bytes.subarray(box.start + skip, box.end);
}

function codesOf(fourCc: string): number[] {
  return [...fourCc].map((character) => character.charCodeAt(0));
}
