/*
 * A data message, and an FLV script tag: AMF0 values, a handler's name first [FLV E.4.4, E.5].
 *
 *   +-----------------+--------------------+-------------------------+
 *   | "@setDataFrame" | "onMetaData"       | ECMA array or object    |
 *   | only publishers |                    |                         |
 *   +-----------------+--------------------+-------------------------+
 */
import { Amf0Decoder, AmfEcmaArray, type AmfInput, AmfObject, type AmfValue, encodeAmf0 } from '../amf/index.js';
import { ByteReader, RtmpRemoteError } from '../bytes/index.js';
import { parseVideoTagHeader } from './video-tag-header.js';

export interface DataFrame {
  /** `onMetaData` or another name; empty where the message does not begin with a string. */
  readonly handler: string;
  /** What follows the handler's name, as far as it can be read. */
  readonly values: readonly AmfValue[];
  /** Whether `@setDataFrame` stood in front: the sender wants the values kept for viewers who join later. */
  readonly setDataFrame: boolean;
  /** False where the message is malformed after `values`. */
  readonly complete: boolean;
}

const setDataFrameName = '@setDataFrame';
/** Marker 02, length 13, the name. */
const setDataFramePrefix = encodeAmf0([setDataFrameName]);

/** Reads a data message's payload (without the format byte that type 15 has in front). Never throws. */
export function parseMetadata(payload: Uint8Array): DataFrame {
  const { values, complete } = readValues(payload);
  const setDataFrame = values[0] === setDataFrameName;
  if (setDataFrame) values.shift();
  const handler = values[0];
  if (typeof handler !== 'string') return { handler: '', values, setDataFrame, complete };
  return { handler, values: values.slice(1), setDataFrame, complete };
}

function readValues(payload: Uint8Array): { values: AmfValue[]; complete: boolean } {
  const reader = new ByteReader(payload);
  const decoder = new Amf0Decoder(reader);
  const values: AmfValue[] = [];
  try {
    while (reader.remaining > 0) values.push(decoder.readValue());
    return { values, complete: true };
  } catch (error) {
    if (error instanceof RtmpRemoteError) return { values, complete: false };
    throw error;
  }
}

/** The payload without a leading `@setDataFrame`, as viewers are to get it; a view, or `payload` itself where it has none. */
export function stripSetDataFrame(payload: Uint8Array): Uint8Array {
  const found = setDataFramePrefix.every((byte, i) => payload[i] === byte);
  return found ? payload.subarray(setDataFramePrefix.length) : payload;
}

/**
 * An `onMetaData` message with the properties as an ECMA array, as [E-RTMP v2, Enhancing onMetaData] wants it; with
 * `@setDataFrame` in front for publishing. Newly made.
 *
 * @throws RtmpUsageError where a value cannot be encoded
 */
export function encodeMetadata(
  properties: Readonly<Record<string, AmfInput>>,
  options: { setDataFrame?: boolean } = {},
): Uint8Array {
  // The array's members are encoded as they are; the type of AmfEcmaArray only speaks of decoded values.
  const array = new AmfEcmaArray(Object.entries(properties) as [string, AmfValue][]);
  const values: AmfInput[] = ['onMetaData', array];
  return encodeAmf0(options.setDataFrame === true ? [setDataFrameName, ...values] : values);
}

/**
 * The name-value pairs of an Enhanced video metadata frame (`colorInfo`, so far) [E-RTMP v2, Metadata Frame], as far as
 * they can be read. `undefined`: not a metadata frame, or no such track. Never throws.
 */
export function parseVideoMetadata(payload: Uint8Array, trackIndex = 0): ReadonlyMap<string, AmfValue> | undefined {
  const header = parseVideoTagHeader(payload);
  const track = header?.tracks[trackIndex];
  if (track === undefined || header?.packetType !== 'metadata') return undefined;
  const { values } = readValues(payload.subarray(track.offset, track.offset + track.length));
  const pairs = new Map<string, AmfValue>();
  for (let i = 0; i + 1 < values.length; i += 2) {
    const name = values[i];
    if (typeof name === 'string') pairs.set(name, values[i + 1]);
  }
  return pairs;
}

/** The named members of an AMF value that has such; empty for others. */
export function propertiesOf(value: AmfValue): ReadonlyMap<string, AmfValue> {
  return value instanceof AmfObject || value instanceof AmfEcmaArray ? value.properties : new Map();
}
