/*
 * The publisher's clock inside the video, as an H.264 SEI NAL unit, user_data_unregistered [H.264 §D.2.7]. It survives
 * whatever keeps the NAL units: remuxing, HLS, and transcoders that pass SEI on.
 *
 *   +-----+---------+---------+-----------+------------------+--------------+-----+
 *   | 06  | type 05 | size 20 | UUID      | 6c73736361707473 | Unix ms      | 80  |
 *   | NAL | SEI     | 32      | 16 bytes  | "lsscapts"       | UI64         | end |
 *   +-----+---------+---------+-----------+------------------+--------------+-----+
 *   with emulation prevention bytes: a 03 after every 00 00 that a byte up to 03 follows [H.264 §7.4.1].
 *
 * In a video message it stands before the frame's slices, behind a length as every NAL unit there [14496-15 §5.3.4]:
 *
 *   +------------------+--------+----------+--------+----------+----
 *   | video tag header | length | NAL unit | length | NAL unit | …
 *   |                  | 1…4 bytes         |        |          |
 *   +------------------+--------+----------+--------+----------+----
 */
import { RtmpUsageError } from '../bytes/index.js';
import { insertEmulationPrevention, removeEmulationPrevention } from './bit-reader.js';
import { parseVideoTagHeader } from './video-tag-header.js';

const nalUnitTypes = { sei: 6, sps: 7, pps: 8, accessUnitDelimiter: 9, spsExtension: 13, subsetSps: 15 } as const;
/** What may stand before an SEI NAL unit of ours. Of several SEI the one with the buffering period comes first [§7.4.1.2.3]. */
const beforeOurs = new Set<number>(Object.values(nalUnitTypes));
const firstSliceType = 1;
const lastSliceType = 5;

const userDataUnregistered = 5;
/** The draft leaves it open: readers go by the magic. This one is ours, made at random. */
const uuid = Uint8Array.of(
  ...[0x4a, 0xa3, 0xdf, 0xf3, 0x38, 0xe0, 0x4b, 0x12],
  ...[0xa7, 0x91, 0xf3, 0x6d, 0xd8, 0xe2, 0xf3, 0x29],
);
const magic = Uint8Array.of(0x6c, 0x73, 0x73, 0x63, 0x61, 0x70, 0x74, 0x73);
const timeOffset = uuid.length + magic.length;
const markBytes = timeOffset + 8;

/** A frame has a delimiter, parameter sets and some SEI before its slices; who sends more is not looked through. */
const maxNalUnits = 32;
/** Ours has 40 bytes, x264's list of its options 700. What stands behind that much SEI in one NAL unit is not found. */
const maxSeiBytes = 4096;

/**
 * The publisher's clock, UTC ms, from the SEI ahead of the first slice of an H.264 video message, legacy or Enhanced; of
 * several tracks the first is looked at. `undefined`: there is none, or the message is no coded frame of H.264. Never
 * throws, and looks at no more than 128 KiB.
 *
 * @param nalLengthBytes how long the NAL units' lengths are, 1 … 4, as `avcNalLengthBytes` reads it; nearly always 4.
 */
export function findLatencySei(payload: Uint8Array, nalLengthBytes = 4): number | undefined {
  const body = codedFrame(payload);
  if (body === undefined) return undefined;
  for (const { type, nalUnit } of nalUnitsBeforeSlices(body.bytes, nalLengthBytes)) {
    if (type !== nalUnitTypes.sei) continue;
    const unixMs = findMark(removeEmulationPrevention(nalUnit.subarray(0, maxSeiBytes)));
    if (unixMs !== undefined) return unixMs;
  }
  return undefined;
}

/**
 * An SEI NAL unit that says the time; without a length or start code.
 *
 * @throws RtmpUsageError `ERR_FLV_LATENCY_TIME` unless `unixMs` is an integer from 1 to 2⁵³−1.
 */
export function encodeLatencySei(unixMs: number): Uint8Array {
  if (!Number.isSafeInteger(unixMs) || unixMs < 1) {
    throw new RtmpUsageError('ERR_FLV_LATENCY_TIME', `a time must be a whole number of milliseconds, not ${unixMs}`);
  }
  const nalUnit = new Uint8Array(4 + markBytes);
  nalUnit.set([nalUnitTypes.sei, userDataUnregistered, markBytes]);
  nalUnit.set(uuid, 3);
  nalUnit.set(magic, 3 + uuid.length);
  const view = new DataView(nalUnit.buffer);
  view.setUint32(3 + timeOffset, Math.floor(unixMs / 2 ** 32));
  view.setUint32(7 + timeOffset, unixMs % 2 ** 32);
  nalUnit[3 + markBytes] = 0x80;
  return insertEmulationPrevention(nalUnit);
}

/**
 * A new payload with the time in it, behind the parameter sets and SEI that the frame begins with. `payload` itself, where
 * it is no coded frame of H.264, or of several tracks.
 *
 * @param nalLengthBytes as for `findLatencySei`.
 * @throws RtmpUsageError as `encodeLatencySei` does.
 */
export function insertLatencySei(payload: Uint8Array, unixMs: number, nalLengthBytes = 4): Uint8Array {
  const nalUnit = encodeLatencySei(unixMs);
  const body = codedFrame(payload);
  if (body === undefined || body.isMultitrack) return payload;
  let at = body.offset;
  for (const { type, end } of nalUnitsBeforeSlices(body.bytes, nalLengthBytes)) {
    if (!beforeOurs.has(type)) break;
    at = body.offset + end;
  }
  const out = new Uint8Array(payload.length + nalLengthBytes + nalUnit.length);
  out.set(payload.subarray(0, at));
  for (let i = 0; i < nalLengthBytes; i += 1) out[at + i] = (nalUnit.length / 256 ** (nalLengthBytes - 1 - i)) & 0xff;
  out.set(nalUnit, at + nalLengthBytes);
  out.set(payload.subarray(at), at + nalLengthBytes + nalUnit.length);
  return out;
}

/** How long the NAL units' lengths are in the frames that follow an H.264 sequence start; `undefined` for other messages. */
export function avcNalLengthBytes(payload: Uint8Array): number | undefined {
  const header = parseVideoTagHeader(payload);
  const track = header?.tracks[0];
  if (header?.packetType !== 'sequenceStart' || track?.codec !== 'h264') return undefined;
  const byte = track.length > 4 ? payload[track.offset + 4] : undefined;
  return byte === undefined ? undefined : (byte & 3) + 1;
}

interface CodedFrame {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly isMultitrack: boolean;
}

function codedFrame(payload: Uint8Array): CodedFrame | undefined {
  const header = parseVideoTagHeader(payload);
  const track = header?.tracks[0];
  if (header?.packetType !== 'codedFrames' || track?.codec !== 'h264') return undefined;
  const { offset, length } = track;
  return { bytes: payload.subarray(offset, offset + length), offset, isMultitrack: header.isMultitrack };
}

interface NalUnit {
  readonly type: number;
  readonly nalUnit: Uint8Array;
  /** Offset of the byte after it. */
  readonly end: number;
}

/** The NAL units up to the first slice, or to the first whose length cannot be. */
function* nalUnitsBeforeSlices(bytes: Uint8Array, nalLengthBytes: number): Generator<NalUnit> {
  let at = 0;
  for (let count = 0; count < maxNalUnits && at + nalLengthBytes < bytes.length; count += 1) {
    let length = 0;
    for (let i = 0; i < nalLengthBytes; i += 1) length = length * 256 + (bytes[at + i] ?? 0);
    const start = at + nalLengthBytes;
    const end = start + length;
    if (length === 0 || end > bytes.length) return;
    const type = (bytes[start] ?? 0) & 0x1f;
    if (type >= firstSliceType && type <= lastSliceType) return;
    yield { type, nalUnit: bytes.subarray(start, end), end };
    at = end;
  }
}

/** Goes through the messages of an SEI NAL unit that has no emulation prevention bytes any more [H.264 §7.3.2.3.1]. */
function findMark(sei: Uint8Array): number | undefined {
  let at = 1;
  const readLong = (): number => {
    let value = 0;
    while (sei[at] === 0xff) {
      value += 255;
      at += 1;
    }
    value += sei[at] ?? 0;
    at += 1;
    return value;
  };
  while (at + 2 <= sei.length) {
    const type = readLong();
    const size = readLong();
    if (at + size > sei.length) return undefined;
    if (type === userDataUnregistered && size >= markBytes) {
      const unixMs = readMark(sei.subarray(at, at + size));
      if (unixMs !== undefined) return unixMs;
    }
    at += size;
  }
  return undefined;
}

function readMark(userData: Uint8Array): number | undefined {
  if (!magic.every((byte, i) => userData[uuid.length + i] === byte)) return undefined;
  const view = new DataView(userData.buffer, userData.byteOffset, userData.byteLength);
  const unixMs = view.getUint32(timeOffset) * 2 ** 32 + view.getUint32(timeOffset + 4);
  return Number.isSafeInteger(unixMs) && unixMs > 0 ? unixMs : undefined;
}
