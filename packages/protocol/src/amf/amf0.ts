import { ByteReader, ByteWriter } from '../bytes/index.js';
import type { AmfLimits } from './amf-limits.js';
import { Amf0Decoder } from './amf0-decoder.js';
import { Amf0Encoder } from './amf0-encoder.js';
import type { AmfInput, AmfValue } from './value.js';

/**
 * All values from the start of `bytes` to their end, which is how the body of a command or data message is made up.
 * No bytes give no values. References may point into an earlier value. `Amf3Bytes` (only ever the last value) are a
 * view of `bytes`, everything else is copied.
 *
 * @throws RtmpRemoteError as `Amf0Decoder.readValue` does: none of the values is given then.
 */
export function decodeAmf0(bytes: Uint8Array, limits: Partial<AmfLimits> = {}): AmfValue[] {
  const reader = new ByteReader(bytes);
  const decoder = new Amf0Decoder(reader, limits);
  const values: AmfValue[] = [];
  while (reader.remaining > 0) values.push(decoder.readValue());
  return values;
}

/**
 * The values one after another. An object or array that is there more than once, even in two of the values, is written
 * once and referred to after that; peers that do not know references (librtmp, FFmpeg) want copies instead.
 *
 * @throws RtmpUsageError as `Amf0Encoder.writeValue` does.
 */
export function encodeAmf0(values: readonly AmfInput[]): Uint8Array {
  const writer = new ByteWriter();
  const encoder = new Amf0Encoder(writer);
  for (const value of values) encoder.writeValue(value);
  return writer.finish();
}
