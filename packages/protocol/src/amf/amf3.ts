import { ByteReader, ByteWriter, RtmpRemoteError } from '../bytes/index.js';
import { type AmfLimits, resolveAmfLimits } from './amf-limits.js';
import { type AmfDecodeOptions, type AmfEncodeOptions, builtInRegistry } from './amf-registry.js';
import { Amf3Encoder } from './amf3-encoder.js';
import { Amf3Reader } from './amf3-reader.js';
import type { AmfInput, AmfValue } from './value.js';

/**
 * Reads AMF3 values one by one. All values read by one decoder share the tables of strings, objects and traits, and one
 * budget of elements, so use one decoder for one message. After it has thrown, a decoder is of no more use.
 */
export class Amf3Decoder {
  readonly #reader: ByteReader;
  readonly #limits: Required<AmfLimits>;
  readonly #amf3: Amf3Reader;

  /** Reads from where `reader` stands to the end of its bytes. */
  constructor(reader: ByteReader, options: AmfDecodeOptions = {}) {
    this.#reader = reader;
    this.#limits = resolveAmfLimits(options);
    this.#amf3 = new Amf3Reader(reader, this.#limits, options.registry ?? builtInRegistry);
  }

  /**
   * The next value; nothing in it is a view of the input.
   *
   * @throws RtmpRemoteError with the offset in the reader's bytes. Codes: `ERR_AMF3_TRUNCATED`,
   * `ERR_AMF3_UNKNOWN_MARKER`, `ERR_AMF3_BAD_REFERENCE` (of strings, objects and traits), `ERR_AMF3_TOO_DEEP`,
   * `ERR_AMF3_TOO_MANY_ELEMENTS`, `ERR_AMF3_TOO_LARGE`, `ERR_AMF3_STRING_TOO_LONG`, `ERR_AMF3_UNKNOWN_EXTERNALIZABLE`, `ERR_AMF3_BAD_INSTANCE` (what
   * a registered class or codec has thrown; an `RtmpRemoteError` of its own passes as it is).
   */
  readValue(): AmfValue {
    if (this.#reader.remaining > this.#limits.maxBytes) {
      throw new RtmpRemoteError(
        'ERR_AMF3_TOO_LARGE',
        `${this.#reader.remaining} bytes, ${this.#limits.maxBytes} allowed`,
        { offset: this.#reader.offset },
      );
    }
    return this.#amf3.readValue(0);
  }
}

/**
 * All values from the start of `bytes` to their end. No bytes give no values. References may point into an earlier
 * value; for values that were each written with tables of their own (as by `ByteArray.writeObject`), use one
 * `Amf3Decoder` for each.
 *
 * @throws RtmpRemoteError as `Amf3Decoder.readValue` does: none of the values is given then.
 */
export function decodeAmf3(bytes: Uint8Array, options: AmfDecodeOptions = {}): AmfValue[] {
  const reader = new ByteReader(bytes);
  const decoder = new Amf3Decoder(reader, options);
  const values: AmfValue[] = [];
  while (reader.remaining > 0) values.push(decoder.readValue());
  return values;
}

/**
 * The values one after another. A string, object or set of traits that is there more than once, even in two of the
 * values, is written once and referred to after that.
 *
 * @throws RtmpUsageError as `Amf3Encoder.writeValue` does.
 */
export function encodeAmf3(values: readonly AmfInput[], options: AmfEncodeOptions = {}): Uint8Array {
  const writer = new ByteWriter();
  const encoder = new Amf3Encoder(writer, options);
  for (const value of values) encoder.writeValue(value);
  return writer.finish();
}
