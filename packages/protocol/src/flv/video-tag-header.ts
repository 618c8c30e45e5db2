/*
 * Legacy [FLV E.4.3.1]: bit 7 of the first byte is 0.
 *
 *   +---+-------------+----------+--------------+------------------+------
 *   | 0 | frame type  | codec id | packet type  | composition time | body …
 *   |   | U3          | U4       | UI8          | SI24             |
 *   +---+-------------+----------+--------------+------------------+------
 *                                 \__ only codec ids 7 and 12 ____/
 *   A frame of type 5 has one command byte for a body.
 *
 * Enhanced [E-RTMP v2, ExVideoTagHeader]: bit 7 is 1.
 *
 *   +---+-------------+-------------+---------+--------------------+------
 *   | 1 | frame type  | packet type | ModEx … | FourCC, or command | body …
 *   |   | U3          | U4          |         | byte, or tracks    |
 *   +---+-------------+-------------+---------+--------------------+------
 *   A body of coded frames (type 1, not 3) of AVC, HEVC and VVC starts with the composition time, SI24.
 */
import { type MediaTrack, readInt24, readModEx, readMultitrack, readUint32 } from './enhanced-header.js';
import { type VideoCodec, videoCodecIds, videoFourCcEntry } from './four-cc.js';

export type VideoPacketType =
  | 'sequenceStart'
  | 'codedFrames'
  | 'sequenceEnd'
  | 'metadata'
  | 'mpeg2TsSequenceStart'
  | 'command'
  | 'unknown';

export type VideoTrack = MediaTrack<VideoCodec>;

export interface VideoTagHeader {
  readonly kind: 'video';
  /** Whether the Enhanced header was used. */
  readonly enhanced: boolean;
  /** 0…7: 1 key, 2 inter, 3 disposable inter, 4 generated key, 5 command, the rest reserved. */
  readonly frameType: number;
  /** The first track's codec. */
  readonly codec: VideoCodec;
  /** The first track's FourCC as received; absent in legacy headers. */
  readonly fourCc?: string;
  /** 0…15; absent in Enhanced headers. */
  readonly codecId?: number;
  readonly packetType: VideoPacketType;
  /** Whether decoding of `tracks` can begin with this message: coded frames marked as a key frame. Not true of sequence starts. */
  readonly isKeyFrame: boolean;
  /** Whether the message carries the codec configuration of every track in `tracks`. */
  readonly isSequenceStart: boolean;
  /** The first track's composition time, ms, signed. */
  readonly compositionTimeMs: number;
  /** Bytes before the first track's body. */
  readonly headerBytes: number;
  /** 0…999,999 ns to be added to the message's timestamp for presentation. */
  readonly timestampOffsetNanos: number;
  /** 0: a client-side seek starts, 1: it has ended. Only with packet type `command`. */
  readonly command?: number;
  /** One entry with track id 0 unless `isMultitrack`; none in a command or an unreadable message. */
  readonly tracks: readonly VideoTrack[];
  readonly isMultitrack: boolean;
}

const keyFrame = 1;
const generatedKeyFrame = 4;
const commandFrame = 5;
const packetTypeMetadata = 4;
const packetTypeMultitrack = 6;

const packetTypes: readonly VideoPacketType[] = [
  'sequenceStart',
  'codedFrames',
  'sequenceEnd',
  'codedFrames', // CodedFramesX: the composition time is 0 and left out
  'metadata',
  'mpeg2TsSequenceStart',
];

/**
 * Reads the header of a whole video message (an FLV tag's body). Never throws: what cannot be read has packet type
 * `unknown`, and its bytes are to be passed on as they are. `undefined`: the payload is empty. Copies nothing.
 */
export function parseVideoTagHeader(payload: Uint8Array): VideoTagHeader | undefined {
  const first = payload[0];
  if (first === undefined) return undefined;
  return (first & 0x80) === 0 ? parseLegacy(payload, first) : parseEnhanced(payload, first);
}

function parseLegacy(payload: Uint8Array, first: number): VideoTagHeader {
  const frameType = first >> 4;
  const codecId = first & 0x0f;
  const codec = videoCodecIds[codecId] ?? 'unknown';
  const avcStyle = codecId === 7 || codecId === 12;
  if (frameType === commandFrame) {
    // FLV 10.1 puts AVC's packet type and composition time before the command byte, E-RTMP v2 does not.
    const at = avcStyle && payload.length >= 6 ? 5 : 1;
    const base = header({ enhanced: false, frameType, codec, packetType: 'command', headerBytes: at, tracks: [] });
    const command = payload[at];
    return command === undefined ? { ...base, codecId } : { ...base, codecId, command };
  }
  let packetType: VideoPacketType = 'codedFrames';
  let headerBytes = 1;
  let compositionTimeMs = 0;
  if (avcStyle) {
    const type = payload[1] ?? 15;
    if (type <= 2 && payload.length >= 5) {
      packetType = packetTypes[type] ?? 'unknown';
      headerBytes = 5;
      // Outside coded frames the field is 0 by the specification; senders put other things there.
      if (type === 1) compositionTimeMs = readInt24(payload, 2);
    } else if (type === 2) {
      packetType = 'sequenceEnd';
      headerBytes = payload.length;
    } else {
      return { ...unreadable(false, frameType), codec, codecId };
    }
  }
  const length = payload.length - headerBytes;
  const tracks = [{ trackId: 0, fourCc: undefined, codec, offset: headerBytes, length, compositionTimeMs }];
  return { ...header({ enhanced: false, frameType, codec, packetType, headerBytes, tracks }), codecId };
}

function parseEnhanced(payload: Uint8Array, first: number): VideoTagHeader {
  const frameType = (first >> 4) & 7;
  const modEx = readModEx(payload, first & 0x0f, 1);
  if (modEx === undefined) return unreadable(true, frameType);
  const { packetType: type, offset: at, timestampOffsetNanos } = modEx;

  if (frameType === commandFrame && type !== packetTypeMetadata) {
    const command = payload[at];
    if (command === undefined) return unreadable(true, frameType);
    const base = header({
      enhanced: true,
      frameType,
      codec: 'unknown',
      packetType: 'command',
      headerBytes: at,
      tracks: [],
    });
    return { ...base, timestampOffsetNanos, command };
  }

  if (type === packetTypeMultitrack) {
    const result = readMultitrack(payload, at, videoFourCcEntry, hasCompositionTime);
    const name = result === undefined ? undefined : packetTypes[result.packetType];
    if (result === undefined || name === undefined) return unreadable(true, frameType);
    return enhancedHeader(frameType, name, timestampOffsetNanos, result.tracks, true);
  }

  const name = packetTypes[type];
  if (name === undefined || at + 4 > payload.length) return unreadable(true, frameType);
  const { fourCc, codec } = videoFourCcEntry(readUint32(payload, at));
  let offset = at + 4;
  let compositionTimeMs = 0;
  if (hasCompositionTime(type, codec)) {
    if (offset + 3 > payload.length) return { ...unreadable(true, frameType), codec, fourCc };
    compositionTimeMs = readInt24(payload, offset);
    offset += 3;
  }
  const track = { trackId: 0, fourCc, codec, offset, length: payload.length - offset, compositionTimeMs };
  return enhancedHeader(frameType, name, timestampOffsetNanos, [track], false);
}

function hasCompositionTime(packetType: number, codec: VideoCodec): boolean {
  return packetType === 1 && (codec === 'h264' || codec === 'hevc' || codec === 'vvc');
}

function enhancedHeader(
  frameType: number,
  packetType: VideoPacketType,
  timestampOffsetNanos: number,
  tracks: readonly VideoTrack[],
  isMultitrack: boolean,
): VideoTagHeader {
  const first = tracks[0];
  if (first === undefined) return unreadable(true, frameType);
  const base = header({
    enhanced: true,
    frameType,
    codec: first.codec,
    packetType,
    headerBytes: first.offset,
    tracks,
  });
  return { ...base, fourCc: first.fourCc ?? '', timestampOffsetNanos, isMultitrack };
}

function header(
  parts: Pick<VideoTagHeader, 'enhanced' | 'frameType' | 'codec' | 'packetType' | 'headerBytes' | 'tracks'>,
): VideoTagHeader {
  const { frameType, packetType } = parts;
  return {
    kind: 'video',
    ...parts,
    isKeyFrame: packetType === 'codedFrames' && (frameType === keyFrame || frameType === generatedKeyFrame),
    isSequenceStart: packetType === 'sequenceStart' || packetType === 'mpeg2TsSequenceStart',
    compositionTimeMs: parts.tracks[0]?.compositionTimeMs ?? 0,
    timestampOffsetNanos: 0,
    isMultitrack: false,
  };
}

function unreadable(enhanced: boolean, frameType: number): VideoTagHeader {
  return header({ enhanced, frameType, codec: 'unknown', packetType: 'unknown', headerBytes: 1, tracks: [] });
}
