import { utf8Encoder } from './utf8.js';

/** Short names and values fill commands; for them TextEncoder's array costs more than the copying. */
const maxHandEncodedLength = 64;

/** A growable big-endian writer. What `finish` returns is a view of the writer's own memory: do not write after it. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(initialCapacity = 512) {
    this.#bytes = new Uint8Array(initialCapacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  #reserve(count: number): number {
    const start = this.#length;
    const needed = start + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return start;
  }

  writeUint8(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  writeUint16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
  }

  writeInt16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setInt16(at, value);
  }

  writeUint24(value: number): void {
    const at = this.#reserve(3);
    this.#view.setUint16(at, value >>> 8);
    this.#view.setUint8(at + 2, value);
  }

  writeUint32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
  }

  writeUint32Le(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  /** IEEE 754 double. */
  writeFloat64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value);
  }

  /** Copies `bytes`. */
  writeBytes(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** The text as UTF-8 without a length; returns the number of bytes written. */
  writeUtf8(text: string): number {
    if (text.length <= maxHandEncodedLength && this.#writeAscii(text)) return text.length;
    const encoded = utf8Encoder.encode(text);
    this.writeBytes(encoded);
    return encoded.length;
  }

  /** False, with nothing written, when the text is not plain ASCII. */
  #writeAscii(text: string): boolean {
    const at = this.#reserve(text.length);
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) {
        this.#length = at;
        return false;
      }
      this.#bytes[at + i] = code;
    }
    return true;
  }

  /** Overwrites four bytes written earlier, for lengths known only afterwards. */
  patchUint32(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  /** Overwrites two bytes written earlier, for lengths known only afterwards. */
  patchUint16(offset: number, value: number): void {
    this.#view.setUint16(offset, value);
  }

  /** Everything written so far, as a view. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
