// Audio and video messages made by hand, as encoders send them. The bodies are patterns: the server must not care.
import { bytes, concat, pattern, text } from './wire-bytes.js';

/** AVC sequence header (a decoder configuration record of 640 × 360, or whatever `seed` makes of its tail). [FLV E.4.3] */
export function avcHeader(seed = 1): Uint8Array {
  return concat(
    bytes(0x17, 0, 0, 0, 0),
    bytes(1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 8),
    pattern(8, seed),
    bytes(1, 0, 4),
    pattern(4, seed),
  );
}

export function avcKey(seed: number, length = 300): Uint8Array {
  return concat(bytes(0x17, 1, 0, 0, 0), pattern(length, seed));
}

export function avcInter(seed: number, length = 120): Uint8Array {
  return concat(bytes(0x27, 1, 0, 0, 40), pattern(length, seed));
}

/** AAC sequence header: AAC-LC, 48 kHz, stereo. */
export function aacHeader(config: readonly [number, number] = [0x11, 0x90]): Uint8Array {
  return bytes(0xaf, 0, ...config);
}

export function aacFrame(seed: number, length = 60): Uint8Array {
  return concat(bytes(0xaf, 1), pattern(length, seed));
}

export const frameTypes = { key: 1, inter: 2, command: 5 } as const;
export const videoPackets = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  codedFramesX: 3,
  metadata: 4,
  multitrack: 6,
} as const;
export const audioPackets = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  multichannelConfig: 4,
  multitrack: 5,
} as const;
export const multitrack = { one: 0, many: 1, manyCodecs: 2 } as const;
const modEx = 7;

/** Enhanced video of one track. [E-RTMP v2, ExVideoTagHeader] */
export function exVideo(frameType: number, packetType: number, fourCc: string, body: Uint8Array): Uint8Array {
  return concat(bytes(0x80 | (frameType << 4) | packetType), text(fourCc), body);
}

/** The same behind a ModEx packet that adds nanoseconds. */
export function exVideoNanos(
  frameType: number,
  packetType: number,
  fourCc: string,
  body: Uint8Array,
  nanos = 500_000,
): Uint8Array {
  const offset = bytes(2, nanos >>> 16, (nanos >>> 8) & 0xff, nanos & 0xff, packetType);
  return concat(bytes(0x80 | (frameType << 4) | modEx), offset, text(fourCc), body);
}

export interface TrackBody {
  readonly id: number;
  readonly body: Uint8Array;
  /** Only with `manyCodecs`. */
  readonly fourCc?: string;
}

function trackBodies(kind: number, fourCc: string, tracks: readonly TrackBody[]): Uint8Array {
  const parts: Uint8Array[] = kind === multitrack.manyCodecs ? [] : [text(fourCc)];
  for (const { id, body, fourCc: own } of tracks) {
    if (kind === multitrack.manyCodecs) parts.push(text(own ?? fourCc));
    parts.push(bytes(id));
    if (kind !== multitrack.one) parts.push(bytes(body.length >>> 16, (body.length >>> 8) & 0xff, body.length & 0xff));
    parts.push(body);
  }
  return concat(...parts);
}

export function exVideoTracks(
  frameType: number,
  packetType: number,
  kind: number,
  fourCc: string,
  tracks: readonly TrackBody[],
): Uint8Array {
  const head = bytes(0x80 | (frameType << 4) | videoPackets.multitrack, (kind << 4) | packetType);
  return concat(head, trackBodies(kind, fourCc, tracks));
}

/** Enhanced audio of one track. [E-RTMP v2, ExAudioTagHeader] */
export function exAudio(packetType: number, fourCc: string, body: Uint8Array): Uint8Array {
  return concat(bytes(0x90 | packetType), text(fourCc), body);
}

export function exAudioTracks(
  packetType: number,
  kind: number,
  fourCc: string,
  tracks: readonly TrackBody[],
): Uint8Array {
  return concat(bytes(0x90 | audioPackets.multitrack, (kind << 4) | packetType), trackBodies(kind, fourCc, tracks));
}
