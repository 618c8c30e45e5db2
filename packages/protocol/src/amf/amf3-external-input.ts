import type { ByteReader } from '../bytes/index.js';
import type { AmfExternalInput } from './amf-registry.js';
import type { AmfValue } from './value.js';

/** [AMF3 §1.3.1]: seven bits in each of the first three bytes, eight in the fourth. Longer forms than needed are taken. */
export function readUint29(reader: ByteReader): number {
  let byte = reader.readUint8();
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  byte = reader.readUint8();
  if (byte < 0x80) return (value << 7) | byte;
  value = (value << 7) | (byte & 0x7f);
  byte = reader.readUint8();
  if (byte < 0x80) return (value << 7) | byte;
  value = (value << 7) | (byte & 0x7f);
  return (value << 8) | reader.readUint8();
}

/** What a codec sees of `reader`. */
export function externalInput(reader: ByteReader, readObject: () => AmfValue): AmfExternalInput {
  return {
    readUint8: () => reader.readUint8(),
    readUint16: () => reader.readUint16(),
    readUint32: () => reader.readUint32(),
    readFloat64: () => reader.readFloat64(),
    readUint29: () => readUint29(reader),
    readBytes: (length) => new Uint8Array(reader.readBytes(checkedLength(length))),
    readUtf8: (length) => reader.readUtf8(checkedLength(length)),
    readObject,
  };
}

/** A codec's arithmetic must not move the reader backwards, or to a fraction. */
function checkedLength(length: number): number {
  if (Number.isSafeInteger(length) && length >= 0) return length;
  throw new RangeError(`A length of ${length}`);
}
