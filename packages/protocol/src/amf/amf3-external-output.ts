import { type ByteWriter, RtmpUsageError } from '../bytes/index.js';
import type { AmfExternalOutput } from './amf-registry.js';
import type { AmfInput } from './value.js';

/** [AMF3 §1.3.1], in as few bytes as will do. `value` must be an integer from 0 to 2^29 - 1. */
export function writeUint29(writer: ByteWriter, value: number): void {
  if (value < 0x80) {
    writer.writeUint8(value);
  } else if (value < 0x4000) {
    writer.writeUint16(((value << 1) & 0x7f00) | 0x8000 | (value & 0x7f));
  } else if (value < 0x20_0000) {
    writer.writeUint8((value >> 14) | 0x80);
    writer.writeUint16(((value << 1) & 0x7f00) | 0x8000 | (value & 0x7f));
  } else {
    writer.writeUint8((value >> 22) | 0x80);
    writer.writeUint8((value >> 15) | 0x80);
    writer.writeUint16((((value >> 8) & 0x7f) << 8) | 0x8000 | (value & 0xff));
  }
}

/** What a codec sees of `writer`. */
export function externalOutput(writer: ByteWriter, writeObject: (value: AmfInput) => void): AmfExternalOutput {
  return {
    writeUint8: (value) => writer.writeUint8(value),
    writeUint16: (value) => writer.writeUint16(value),
    writeUint32: (value) => writer.writeUint32(value),
    writeFloat64: (value) => writer.writeFloat64(value),
    writeUint29: (value) => {
      if (!Number.isInteger(value) || value < 0 || value > 0x1fff_ffff) {
        throw new RtmpUsageError('ERR_AMF3_NOT_ENCODABLE', `${value} is no unsigned integer of 29 bits`);
      }
      writeUint29(writer, value);
    },
    writeBytes: (bytes) => writer.writeBytes(bytes),
    writeUtf8: (text) => writer.writeUtf8(text),
    writeObject,
  };
}
