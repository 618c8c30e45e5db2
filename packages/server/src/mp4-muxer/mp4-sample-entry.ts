/*
 * What a track's samples are: one sample entry [ISO/IEC 14496-12 §8.5.2] with the codec's own box in it. Where Enhanced
 * RTMP carries a codec's ISO configuration record, it is the content of that box as it is.
 */
import type { AudioCodec, AudioConfig, VideoCodec, VideoConfig } from '@millrace/protocol';
import { ac3Box, eac3Box } from './mp4-ac3.js';
import { vp9FrameSize } from './mp4-vp9.js';
import { box, fullBox, u16, u32 } from './mp4-write-box.js';

export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** What is known of a track when its first frame comes. */
export interface TrackFacts<Codec, Config> {
  readonly codec: Codec;
  /** The sequence header's body; `undefined`: none has come. */
  readonly record: Uint8Array | undefined;
  /** What the sequence header, or where there is none the first frame, says. */
  readonly config: Config | undefined;
  /** `undefined`: none has come yet. */
  readonly firstFrame: Uint8Array | undefined;
}

/** `undefined`: MP4 has no place for the codec, or what it must be told of it has not come. */
export function videoSampleEntry(facts: TrackFacts<VideoCodec, VideoConfig>, stated: FrameSize): Buffer | undefined {
  const { codec, record, config, firstFrame } = facts;
  if (record === undefined || record.length === 0) return undefined;
  const { width = stated.width, height = stated.height } = config ?? {};
  switch (codec) {
    case 'h264':
      return visualEntry('avc1', { width, height }, box('avcC', record));
    case 'hevc':
      return visualEntry('hvc1', { width, height }, box('hvcC', record));
    case 'av1':
      return visualEntry('av01', { width, height }, box('av1C', withoutDescriptor(record)));
    case 'vp8':
      return visualEntry('vp08', { width, height }, box('vpcC', asVpcc(record)));
    case 'vp9': {
      const size = (firstFrame && vp9FrameSize(firstFrame)) ?? { width, height };
      return visualEntry('vp09', size, box('vpcC', asVpcc(record)));
    }
    case 'vvc':
    case 'h263':
    case 'screen':
    case 'screen2':
    case 'vp6':
    case 'vp6a':
    case 'unknown':
      return undefined;
    default:
      return codec satisfies never;
  }
}

/** As `videoSampleEntry`. */
export function audioSampleEntry(facts: TrackFacts<AudioCodec, AudioConfig>): Buffer | undefined {
  const { codec, record, config, firstFrame } = facts;
  const { sampleRate, channels } = config ?? {};
  switch (codec) {
    case 'aac':
      if (record === undefined || sampleRate === undefined) return undefined;
      return soundEntry('mp4a', sampleRate, channels ?? 2, esds(objectTypes.aac, record));
    case 'mp3':
      if (sampleRate === undefined) return undefined;
      // ISO/IEC 13818-3 has the rates up to 24 kHz.
      return soundEntry(
        'mp4a',
        sampleRate,
        channels ?? 2,
        esds(sampleRate > 24_000 ? objectTypes.mp3 : objectTypes.mp3Low),
      );
    case 'opus':
      return record && soundEntry('Opus', 48_000, channels ?? 2, opusBox(record, channels ?? 2));
    case 'flac': {
      const blocks = record && flacBlocks(record);
      if (blocks === undefined || sampleRate === undefined) return undefined;
      return soundEntry('fLaC', sampleRate, channels ?? 2, fullBox('dfLa', 0, 0, blocks));
    }
    case 'ac3': {
      const content = firstFrame && ac3Box(firstFrame);
      if (content === undefined || sampleRate === undefined) return undefined;
      return soundEntry('ac-3', sampleRate, channels ?? 2, content);
    }
    case 'eac3': {
      const content = firstFrame && eac3Box(firstFrame, sampleRate ?? 0);
      if (content === undefined || sampleRate === undefined) return undefined;
      return soundEntry('ec-3', sampleRate, channels ?? 2, content);
    }
    case 'speex':
    case 'nellymoser':
    case 'adpcm':
    case 'pcm':
    case 'pcmLe':
    case 'g711ALaw':
    case 'g711MuLaw':
    case 'native':
    case 'unknown':
      return undefined;
    default:
      return codec satisfies never;
  }
}

const resolution72Dpi = 0x0048_0000;

function visualEntry(type: string, { width, height }: FrameSize, configuration: Buffer): Buffer {
  const nameless = Buffer.alloc(32);
  return box(
    type,
    ...[u16(0, 0, 0, 1), u32(0, 0, 0, 0), u16(clampSize(width), clampSize(height))],
    ...[u32(resolution72Dpi, resolution72Dpi, 0), u16(1), nameless, u16(24, 0xffff), configuration],
  );
}

function clampSize(pixels: number): number {
  return Math.max(0, Math.min(0xffff, Math.round(pixels)));
}

function soundEntry(type: string, sampleRate: number, channels: number, configuration: Buffer): Buffer {
  // A rate that has no room is told by the configuration alone.
  const rate = sampleRate < 0x1_0000 ? sampleRate : 0;
  return box(type, u16(0, 0, 0, 1), u32(0, 0), u16(channels, 16, 0, 0, rate, 0), configuration);
}

const objectTypes = { aac: 0x40, mp3: 0x6b, mp3Low: 0x69 } as const;

/** Descriptors of ISO/IEC 14496-1 §7.2.6: ES_Descriptor { DecoderConfigDescriptor { DecoderSpecificInfo }, SLConfig }. */
function esds(objectType: number, record?: Uint8Array): Buffer {
  const specific = record === undefined ? Buffer.alloc(0) : descriptor(5, record);
  const audioStream = 0x15;
  const decoder = descriptor(4, Buffer.from([objectType, audioStream, 0, 0, 0]), u32(0, 0), specific);
  return fullBox('esds', 0, 0, descriptor(3, Buffer.from([0, 1, 0]), decoder, descriptor(6, Buffer.from([2]))));
}

function descriptor(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const sizeBytes = [
    0x80 | ((size >> 21) & 0x7f),
    0x80 | ((size >> 14) & 0x7f),
    0x80 | ((size >> 7) & 0x7f),
    size & 0x7f,
  ];
  return Buffer.concat([Buffer.from([tag, ...sizeBytes]), content]);
}

/** `dOps` says what `OpusHead` (RFC 7845 §5.1) says, with its numbers the other way round. */
function opusBox(record: Uint8Array, channels: number): Buffer {
  const head = Buffer.from(record.buffer, record.byteOffset, record.length);
  if (head.length < 19 || head.toString('latin1', 0, 8) !== 'OpusHead') {
    const defaultPreSkip = 312;
    return box('dOps', [0, channels], u16(defaultPreSkip), u32(48_000), u16(0), [0]);
  }
  const numbers = [u16(head.readUInt16LE(10)), u32(head.readUInt32LE(12)), u16(head.readUInt16LE(16))];
  return box('dOps', [0, head[9] ?? 0], ...numbers, head.subarray(18));
}

const streamInfoBytes = 34;

/** FLAC's metadata blocks with their headers; senders also put `fLaC` before them, or send a bare STREAMINFO. */
function flacBlocks(record: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.length);
  if (bytes.toString('latin1', 0, 4) === 'fLaC') return bytes.subarray(4);
  const isLast = 0x80;
  if (bytes.length === streamInfoBytes) return Buffer.concat([Buffer.from([isLast, 0, 0, streamInfoBytes]), bytes]);
  return bytes.length > streamInfoBytes ? bytes : undefined;
}

/** An AV1 descriptor of MPEG-2 TS begins with its tag and length. */
function withoutDescriptor(record: Uint8Array): Uint8Array {
  const descriptorTag = 0x80;
  return record[0] === descriptorTag ? record.subarray(2) : record;
}

/** Some send the content of the whole box, some the record without version and flags. */
function asVpcc(record: Uint8Array): Uint8Array {
  const isBoxed = record[0] === 1 && record[1] === 0 && record[2] === 0 && record[3] === 0;
  return isBoxed ? record : Buffer.concat([Buffer.from([1, 0, 0, 0]), record]);
}
