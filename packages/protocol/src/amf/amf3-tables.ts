import { type ByteReader, RtmpRemoteError } from '../bytes/index.js';
import type { AmfLimits } from './amf-limits.js';
import { readUint29 } from './amf3-external-input.js';
import type { AmfTraits, AmfValue } from './value.js';

export const anonymousTraits: AmfTraits = { sealed: [], dynamic: true };

/** An entry of the table of traits. */
interface ReceivedTraits {
  readonly className: string;
  readonly externalizable: boolean;
  readonly traits: AmfTraits;
}

/**
 * The strings, objects and traits that a message has brought so far, for what refers to them [AMF3 §2.2]. None of the
 * tables can have more entries than a few times the limit of elements: a string is a value, the name of a value or of a
 * class, or one of the sealed names, which are counted.
 */
export class Amf3Tables {
  readonly #reader: ByteReader;
  readonly #limits: Required<AmfLimits>;
  readonly #strings: string[] = [];
  readonly #objects: AmfValue[] = [];
  /** The marker of each of `#objects`. */
  readonly #objectMarkers: number[] = [];
  readonly #traits: ReceivedTraits[] = [];
  #sealedNames = 0;

  constructor(reader: ByteReader, limits: Required<AmfLimits>) {
    this.#reader = reader;
    this.#limits = limits;
  }

  readTraits(offset: number, header: number): ReceivedTraits {
    if ((header & 2) === 0) {
      const known = this.#traits[header >> 2];
      if (known !== undefined) return known;
      throw new RtmpRemoteError(
        'ERR_AMF3_BAD_REFERENCE',
        `A reference to traits ${header >> 2}, of ${this.#traits.length} so far`,
        { offset },
      );
    }
    const className = this.readString();
    let received: ReceivedTraits;
    if ((header & 4) !== 0) {
      received = { className, externalizable: true, traits: anonymousTraits };
    } else {
      const dynamic = (header & 8) !== 0;
      const sealed = this.#readSealedNames(offset, header >> 4);
      const traits = dynamic && sealed.length === 0 && className === '' ? anonymousTraits : { sealed, dynamic };
      received = { className, externalizable: false, traits };
    }
    this.#traits.push(received);
    return received;
  }

  #readSealedNames(offset: number, count: number): string[] {
    checkCount(this.#reader, offset, count, 1);
    // Nested objects can each bring names before any of them has a value, so the values alone would not bound these.
    this.#sealedNames += count;
    if (this.#sealedNames > this.#limits.maxElements) failTooManyElements(offset, this.#limits.maxElements);
    const sealed: string[] = [];
    for (let i = 0; i < count; i += 1) sealed.push(this.readString());
    return sealed;
  }

  refer<T extends AmfValue>(marker: number, value: T): T {
    this.#objects.push(value);
    this.#objectMarkers.push(marker);
    return value;
  }

  /** An object that is not complete may be referred to: that is how cycles are sent. */
  readReference(offset: number, marker: number, index: number): AmfValue {
    if (this.#objectMarkers[index] !== marker) {
      const message =
        index < this.#objects.length
          ? `Marker ${marker} with a reference to object ${index}, of marker ${this.#objectMarkers[index]}`
          : `A reference to object ${index}, of ${this.#objects.length} so far`;
      throw new RtmpRemoteError('ERR_AMF3_BAD_REFERENCE', message, { offset });
    }
    return this.#objects[index];
  }

  readString(): string {
    const reader = this.#reader;
    const offset = reader.offset;
    const header = readUint29(reader);
    const index = header >> 1;
    if ((header & 1) === 0) {
      const text = this.#strings[index];
      if (text !== undefined) return text;
      throw new RtmpRemoteError(
        'ERR_AMF3_BAD_REFERENCE',
        `A reference to string ${index}, of ${this.#strings.length} so far`,
        { offset },
      );
    }
    if (index === 0) return '';
    const text = reader.readRecurringUtf8(this.textLength(offset, index));
    this.#strings.push(text);
    return text;
  }

  /** Checked before anything is built. A length beyond the input is left to the reader: it is cut off, not too long. */
  textLength(offset: number, length: number): number {
    const { maxStringBytes } = this.#limits;
    if (length <= maxStringBytes || length > this.#reader.remaining) return length;
    throw new RtmpRemoteError('ERR_AMF3_STRING_TOO_LONG', `A string of ${length} bytes, ${maxStringBytes} allowed`, {
      offset,
    });
  }
}

/** A count beyond the input fails here, before anything is built for it. */
export function checkCount(reader: ByteReader, offset: number, count: number, bytesEach: number): void {
  if (count * bytesEach > reader.remaining) {
    throw new RtmpRemoteError('ERR_AMF3_TRUNCATED', `A count of ${count} with ${reader.remaining} bytes left`, {
      offset,
    });
  }
}

export function failTooManyElements(offset: number, maxElements: number): never {
  throw new RtmpRemoteError('ERR_AMF3_TOO_MANY_ELEMENTS', `More than ${maxElements} values`, { offset });
}
