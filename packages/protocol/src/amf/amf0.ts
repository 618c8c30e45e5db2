import { ByteReader, ByteWriter } from '../bytes/index.js';
import type { AmfDecodeOptions, AmfEncodeOptions } from './amf-registry.js';
import { Amf0Decoder } from './amf0-decoder.js';
import { Amf0Encoder } from './amf0-encoder.js';
import type { AmfInput, AmfValue } from './value.js';

/**
 * All values from the start of `bytes` to their end, which is how the body of a command or data message is made up.
 * No bytes give no values. References may point into an earlier value. Values behind the marker 0x11 are read as AMF3.
 *
 * @throws RtmpRemoteError as `Amf0Decoder.readValue` does: none of the values is given then.
 */
export function decodeAmf0(bytes: Uint8Array, options: AmfDecodeOptions = {}): AmfValue[] {
  const reader = new ByteReader(bytes);
  const decoder = new Amf0Decoder(reader, options);
  const values: AmfValue[] = [];
  while (reader.remaining > 0) values.push(decoder.readValue());
  return values;
}

/**
 * The values one after another. An object or array that is there more than once, even in two of the values, is written
 * once and referred to after that; peers that do not know references (librtmp, FFmpeg) want copies instead. Nothing goes
 * into AMF3 but what is in an `Amf3Value`.
 *
 * @throws RtmpUsageError as `Amf0Encoder.writeValue` does.
 */
export function encodeAmf0(values: readonly AmfInput[], options: AmfEncodeOptions = {}): Uint8Array {
  const writer = new ByteWriter();
  const encoder = new Amf0Encoder(writer, options);
  for (const value of values) encoder.writeValue(value);
  return writer.finish();
}
