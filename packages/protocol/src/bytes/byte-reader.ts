import { decodeRecurringUtf8, decodeUtf8 } from './decode-utf8.js';
import { RtmpRemoteError } from './errors.js';

/**
 * A bounds-checked cursor over bytes that someone else owns. Integers are big-endian unless the name says `Le`.
 * Every read past the end throws `RtmpRemoteError` with `ERR_BYTES_TRUNCATED` and the offset.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Offset of the next byte to read, from the start of `bytes`. */
  offset: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes left to read. */
  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  /** Throws unless `count` more bytes are there; returns the offset they start at and moves past them. */
  #take(count: number): number {
    const start = this.offset;
    if (count > this.bytes.length - start) {
      throw new RtmpRemoteError(
        'ERR_BYTES_TRUNCATED',
        `${count} bytes wanted at offset ${start}, ${this.bytes.length - start} left`,
        { offset: start },
      );
    }
    this.offset = start + count;
    return start;
  }

  readUint8(): number {
    return this.bytes[this.#take(1)] as number;
  }

  readUint16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  readInt16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  readUint24(): number {
    const at = this.#take(3);
    return (this.#view.getUint16(at) << 8) | this.#view.getUint8(at + 2);
  }

  readInt24(): number {
    return (this.readUint24() << 8) >> 8;
  }

  readUint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  readUint32Le(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** IEEE 754 double. */
  readFloat64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** A view of the next `length` bytes; not copied. */
  readBytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** `length` bytes as UTF-8; malformed sequences become U+FFFD. */
  readUtf8(length: number): string {
    const start = this.#take(length);
    return decodeUtf8(this.bytes, start, start + length);
  }

  /** As `readUtf8`, for text that is likely to come again: of a short one that does, the same string is given. */
  readRecurringUtf8(length: number): string {
    const start = this.#take(length);
    return decodeRecurringUtf8(this.bytes, start, start + length);
  }

  skip(count: number): void {
    this.#take(count);
  }
}
