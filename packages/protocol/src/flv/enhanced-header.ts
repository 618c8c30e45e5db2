/*
 * What the Enhanced audio and video headers have in common.
 *
 * ModEx, any number of times while the packet type is 7 [E-RTMP v2, ExAudioTagHeader, ExVideoTagHeader]:
 *
 *   +----------+------------------+---------------+---------+------------+
 *   | size − 1 | size − 1, only   | data          | ModEx   | packet     |
 *   | UI8      | after 255, UI16  | `size` bytes  | type U4 | type U4    |
 *   +----------+------------------+---------------+---------+------------+
 *
 * Multitrack, after the packet type nibble has said so:
 *
 *   +---------+---------+------------+------------+-----------+--------+------
 *   | track   | packet  | FourCC     | FourCC     | track id  | size   | body …
 *   | type U4 | type U4 | types 0, 1 | type 2 only| UI8       | types  |
 *   |         |         | once       |            |           | 1, 2   |
 *   +---------+---------+------------+------------+-----------+--------+------
 *                                     \_________ once per track __________/
 */
import type { FourCcEntry } from './four-cc.js';

/** One track's share of an audio or video message. */
export interface MediaTrack<Codec> {
  /** 0…255; 0 is the default track. */
  readonly trackId: number;
  /** `undefined` where the message is a legacy one. */
  readonly fourCc: string | undefined;
  readonly codec: Codec;
  /** Where the track's body (after any composition time) starts in the payload. */
  readonly offset: number;
  /** Bytes of the body. */
  readonly length: number;
  /** Presentation minus decoding time, −8,388,608…8,388,607 ms; 0 for audio and where the codec has none. */
  readonly compositionTimeMs: number;
}

export const multitrackTypes = { oneTrack: 0, manyTracks: 1, manyTracksManyCodecs: 2 } as const;

const modExPacketType = 7;
const timestampOffsetNano = 0;
// Offsets refine a millisecond timestamp, so a whole millisecond or more is a sender's mistake.
const maxTimestampOffsetNanos = 999_999;
// A track id has eight bits; more entries can only repeat themselves, and would cost memory out of proportion.
const maxTracks = 256;

export interface ModExResult {
  /** The packet type that the last ModEx named; never ModEx. */
  readonly packetType: number;
  /** Offset of the byte after the ModEx data. */
  readonly offset: number;
  readonly timestampOffsetNanos: number;
}

export function readUint32(payload: Uint8Array, offset: number): number {
  return (
    (((payload[offset] ?? 0) << 24) |
      ((payload[offset + 1] ?? 0) << 16) |
      ((payload[offset + 2] ?? 0) << 8) |
      (payload[offset + 3] ?? 0)) >>>
    0
  );
}

export function readUint24(payload: Uint8Array, offset: number): number {
  return ((payload[offset] ?? 0) << 16) | ((payload[offset + 1] ?? 0) << 8) | (payload[offset + 2] ?? 0);
}

export function readInt24(payload: Uint8Array, offset: number): number {
  return (readUint24(payload, offset) << 8) >> 8;
}

/** Follows the ModEx packets from `offset`; `undefined` where the payload ends before they do. */
export function readModEx(payload: Uint8Array, packetType: number, offset: number): ModExResult | undefined {
  let type = packetType;
  let at = offset;
  let nanos = 0;
  while (type === modExPacketType) {
    if (at >= payload.length) return undefined;
    let size = (payload[at] ?? 0) + 1;
    at += 1;
    if (size === 256) {
      if (at + 2 > payload.length) return undefined;
      size = (((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0)) + 1;
      at += 2;
    }
    const next = at + size;
    if (next >= payload.length) return undefined;
    const types = payload[next] ?? 0;
    if (types >> 4 === timestampOffsetNano && size >= 3) {
      const value = readUint24(payload, at);
      if (value <= maxTimestampOffsetNanos) nanos = value;
    }
    type = types & 0x0f;
    at = next + 1;
  }
  return { packetType: type, offset: at, timestampOffsetNanos: nanos };
}

export interface MultitrackResult<Codec> {
  readonly packetType: number;
  readonly tracks: readonly MediaTrack<Codec>[];
}

/**
 * Reads the multitrack part from its type byte on. `lookUp` names a FourCC; `hasCompositionTime` says whether a body of
 * this packet type and codec starts with the 3 bytes of a composition time. `undefined`: cut short, or not allowed.
 */
export function readMultitrack<Codec>(
  payload: Uint8Array,
  offset: number,
  lookUp: (fourCc: number) => FourCcEntry<Codec>,
  hasCompositionTime: (packetType: number, codec: Codec) => boolean,
): MultitrackResult<Codec> | undefined {
  if (offset >= payload.length) return undefined;
  const types = payload[offset] ?? 0;
  const multitrackType = types >> 4;
  const packetType = types & 0x0f;
  if (multitrackType > multitrackTypes.manyTracksManyCodecs) return undefined;
  let at = offset + 1;
  let entry: FourCcEntry<Codec> | undefined;
  if (multitrackType !== multitrackTypes.manyTracksManyCodecs) {
    if (at + 4 > payload.length) return undefined;
    entry = lookUp(readUint32(payload, at));
    at += 4;
  }
  const tracks: MediaTrack<Codec>[] = [];
  do {
    if (tracks.length === maxTracks) return undefined;
    if (multitrackType === multitrackTypes.manyTracksManyCodecs) {
      if (at + 4 > payload.length) return undefined;
      entry = lookUp(readUint32(payload, at));
      at += 4;
    }
    if (entry === undefined || at >= payload.length) return undefined;
    const trackId = payload[at] ?? 0;
    at += 1;
    let end = payload.length;
    if (multitrackType !== multitrackTypes.oneTrack) {
      if (at + 3 > payload.length) return undefined;
      end = at + 3 + readUint24(payload, at);
      at += 3;
      if (end > payload.length) return undefined;
    }
    let compositionTimeMs = 0;
    if (hasCompositionTime(packetType, entry.codec)) {
      if (at + 3 > end) return undefined;
      compositionTimeMs = readInt24(payload, at);
      at += 3;
    }
    const { fourCc, codec } = entry;
    tracks.push({ trackId, fourCc, codec, offset: at, length: end - at, compositionTimeMs });
    at = end;
  } while (at < payload.length);
  return { packetType, tracks };
}
