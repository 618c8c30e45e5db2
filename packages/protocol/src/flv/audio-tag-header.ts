/*
 * Legacy [FLV E.4.2.1]:
 *
 *   +--------------+------+------+------+-----------------+------
 *   | sound format | rate | size | type | AAC packet type | body …
 *   | U4           | U2   | U1   | U1   | UI8, format 10  |
 *   +--------------+------+------+------+-----------------+------
 *
 * Enhanced [E-RTMP v2, ExAudioTagHeader]: the sound format is 9.
 *
 *   +--------------+-------------+---------+-------------------+------
 *   | 9            | packet type | ModEx … | FourCC, or tracks | body …
 *   | U4           | U4          |         |                   |
 *   +--------------+-------------+---------+-------------------+------
 */
import { type MediaTrack, readModEx, readMultitrack, readUint32 } from './enhanced-header.js';
import { type AudioCodec, audioFourCcEntry, soundFormats } from './four-cc.js';

export type AudioPacketType = 'sequenceStart' | 'codedFrames' | 'sequenceEnd' | 'multichannelConfig' | 'unknown';

export type AudioTrack = MediaTrack<AudioCodec>;

export interface AudioTagHeader {
  readonly kind: 'audio';
  /** Whether the Enhanced header was used. */
  readonly enhanced: boolean;
  /** The first track's codec. */
  readonly codec: AudioCodec;
  /** The first track's FourCC as received; absent in legacy headers. */
  readonly fourCc?: string;
  /** 0…15; absent in Enhanced headers. */
  readonly soundFormat?: number;
  /** Hz, as the legacy header says or its format implies; absent in Enhanced headers. AAC's configuration knows better. */
  readonly soundRate?: number;
  /** 8 or 16 bits a sample, as the legacy header says; absent in Enhanced headers. */
  readonly soundSize?: number;
  /** 1 or 2, as the legacy header says; absent in Enhanced headers. */
  readonly channels?: number;
  readonly packetType: AudioPacketType;
  /** Whether the message carries the codec configuration of every track in `tracks`. */
  readonly isSequenceStart: boolean;
  /** Bytes before the first track's body. */
  readonly headerBytes: number;
  /** 0…999,999 ns to be added to the message's timestamp for presentation. */
  readonly timestampOffsetNanos: number;
  /** One entry with track id 0 unless `isMultitrack`; none in an unreadable message. */
  readonly tracks: readonly AudioTrack[];
  readonly isMultitrack: boolean;
}

const soundFormatEnhanced = 9;
const soundFormatAac = 10;
const packetTypeMultitrack = 5;
const soundRates = [5512, 11025, 22050, 44100] as const;
/** Formats whose name fixes the rate, whatever the rate bits say: Nellymoser 16 and 8 kHz, G.711, Speex, MP3 8 kHz. */
const impliedRates: Readonly<Record<number, number>> = { 4: 16000, 5: 8000, 7: 8000, 8: 8000, 11: 16000, 14: 8000 };
const impliedMono = new Set([4, 5, 11]);

const packetTypes: Readonly<Record<number, AudioPacketType>> = {
  0: 'sequenceStart',
  1: 'codedFrames',
  2: 'sequenceEnd',
  4: 'multichannelConfig',
};

/**
 * Reads the header of a whole audio message (an FLV tag's body). Never throws: what cannot be read has packet type
 * `unknown`, and its bytes are to be passed on as they are. `undefined`: the payload is empty, which on RTMP announces
 * silence [E-RTMP v2, AudioPacketType]. Copies nothing.
 */
export function parseAudioTagHeader(payload: Uint8Array): AudioTagHeader | undefined {
  const first = payload[0];
  if (first === undefined) return undefined;
  return first >> 4 === soundFormatEnhanced ? parseEnhanced(payload, first) : parseLegacy(payload, first);
}

function parseLegacy(payload: Uint8Array, first: number): AudioTagHeader {
  const soundFormat = first >> 4;
  const codec = soundFormats[soundFormat] ?? 'unknown';
  const legacy = {
    codec,
    soundFormat,
    soundRate: impliedRates[soundFormat] ?? soundRates[(first >> 2) & 3] ?? 44100,
    soundSize: (first & 2) === 0 ? 8 : 16,
    channels: impliedMono.has(soundFormat) || (first & 1) === 0 ? 1 : 2,
  };
  let packetType: AudioPacketType = 'codedFrames';
  let headerBytes = 1;
  if (soundFormat === soundFormatAac) {
    const type = payload[1] ?? 15;
    if (type > 1) return { ...unreadable(false), ...legacy };
    packetType = type === 0 ? 'sequenceStart' : 'codedFrames';
    headerBytes = 2;
  }
  const length = payload.length - headerBytes;
  const tracks = [{ trackId: 0, fourCc: undefined, codec, offset: headerBytes, length, compositionTimeMs: 0 }];
  return { ...header(false, codec, packetType, headerBytes, tracks), ...legacy };
}

function parseEnhanced(payload: Uint8Array, first: number): AudioTagHeader {
  const modEx = readModEx(payload, first & 0x0f, 1);
  if (modEx === undefined) return unreadable(true);
  const { packetType: type, offset: at, timestampOffsetNanos } = modEx;

  if (type === packetTypeMultitrack) {
    const result = readMultitrack(payload, at, audioFourCcEntry, neverHasCompositionTime);
    const name = result === undefined ? undefined : packetTypes[result.packetType];
    const track = result?.tracks[0];
    if (result === undefined || name === undefined || track === undefined) return unreadable(true);
    const base = header(true, track.codec, name, track.offset, result.tracks);
    return { ...base, fourCc: track.fourCc ?? '', timestampOffsetNanos, isMultitrack: true };
  }

  const name = packetTypes[type];
  if (name === undefined || at + 4 > payload.length) return unreadable(true);
  const { fourCc, codec } = audioFourCcEntry(readUint32(payload, at));
  const offset = at + 4;
  const track = { trackId: 0, fourCc, codec, offset, length: payload.length - offset, compositionTimeMs: 0 };
  return { ...header(true, codec, name, offset, [track]), fourCc, timestampOffsetNanos };
}

function neverHasCompositionTime(): boolean {
  return false;
}

function header(
  enhanced: boolean,
  codec: AudioCodec,
  packetType: AudioPacketType,
  headerBytes: number,
  tracks: readonly AudioTrack[],
): AudioTagHeader {
  const isSequenceStart = packetType === 'sequenceStart';
  return {
    kind: 'audio',
    enhanced,
    codec,
    packetType,
    isSequenceStart,
    headerBytes,
    timestampOffsetNanos: 0,
    tracks,
    isMultitrack: false,
  };
}

function unreadable(enhanced: boolean): AudioTagHeader {
  return header(enhanced, 'unknown', 'unknown', 1, []);
}
