import { type ByteWriter, RtmpUsageError } from '../bytes/index.js';
import { type AmfEncodeOptions, type AmfRegistry, builtInRegistry } from './amf-registry.js';
import { amf0Marker } from './amf0-marker.js';
import { Amf3Encoder } from './amf3-encoder.js';
import { isInputArray, isPlainObject } from './plain-object.js';
import { utf8Length } from './utf8-length.js';
import {
  Amf3Value,
  AmfDate,
  AmfEcmaArray,
  type AmfInput,
  AmfObject,
  AmfUnsupported,
  AmfXml,
  AmfXmlDocument,
} from './value.js';

// The layout of each value is drawn in amf0-decoder.ts.

const maxShortLength = 0xffff;
const maxReferenceIndex = 0xffff;
/**
 * Four times what an RTMP message can hold. Decoded AMF3 may hold one long string any number of times, and AMF0 has no
 * references to strings and XML: a peer's message of 8 MB could ask for terabytes.
 */
const maxEncodedBytes = 64 * 1024 * 1024;

/** An object or array that is begun and not yet ended: the elements, or the members, that are still to be written. */
type Frame =
  | {
      /** `indices`: the items of an ECMA array, whose names are their indices. */
      readonly kind: 'items' | 'indices';
      readonly items: readonly AmfInput[];
      readonly count: number;
      next: number;
    }
  | { readonly kind: 'properties'; readonly entries: Iterator<readonly [string, AmfInput]> }
  | {
      readonly kind: 'plain';
      readonly source: { readonly [name: string]: AmfInput };
      readonly names: readonly string[];
      next: number;
    };

/**
 * Writes AMF0 values one by one. An object or array given again (the same one, by identity) is written as a reference
 * to where it was first, in whichever value that was: use one encoder for one message.
 */
export class Amf0Encoder {
  readonly #writer: ByteWriter;
  readonly #options: AmfEncodeOptions;
  readonly #registry: AmfRegistry;
  readonly #references = new Map<object, number>();
  #amf3: Amf3Encoder | undefined;

  constructor(writer: ByteWriter, options: AmfEncodeOptions = {}) {
    this.#writer = writer;
    this.#options = options;
    this.#registry = options.registry ?? builtInRegistry;
  }

  /**
   * Appends `value`. Unpaired surrogates in strings become U+FFFD, XML an XML document. An `Amf3Value` goes into AMF3;
   * all those of one encoder share their tables of references.
   *
   * @throws RtmpUsageError for what AMF0 cannot carry; what was written before it stays in the writer. Codes:
   * `ERR_AMF0_NOT_ENCODABLE` (functions, symbols, bigints, objects of classes that are not registered, values that only
   * AMF3 has, numbers that a field cannot hold), `ERR_AMF0_NAME_TOO_LONG` (a member or class name over 65,535 bytes),
   * `ERR_AMF0_TOO_MANY_OBJECTS` (a reference to an object beyond the 65,536 that can be referred to),
   * `ERR_AMF0_TOO_LARGE` (over 64 MiB in one writer); those of `Amf3Encoder.writeValue` inside an `Amf3Value`.
   */
  writeValue(value: AmfInput): void {
    // A loop with a stack of its own: no depth overflows JavaScript's.
    const stack: Frame[] = [];
    this.#writeItem(value, stack);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      if (frame.kind === 'plain') this.#writePlainMembers(frame, stack);
      else if (frame.kind === 'properties') this.#writeProperties(frame.entries, stack);
      else this.#writeItems(frame, stack);
    }
  }

  // Each of these writes until the frame is complete, and takes it off, or until a member has opened one of its own.

  #writePlainMembers(frame: Extract<Frame, { kind: 'plain' }>, stack: Frame[]): void {
    const { source, names } = frame;
    const depth = stack.length;
    while (stack.length === depth) {
      const name = names[frame.next];
      if (name === undefined) {
        this.#endProperties(stack);
        return;
      }
      frame.next += 1;
      this.#writeName(name);
      this.#writeItem(source[name], stack);
    }
  }

  #writeProperties(entries: Iterator<readonly [string, AmfInput]>, stack: Frame[]): void {
    const depth = stack.length;
    while (stack.length === depth) {
      const entry = entries.next();
      if (entry.done === true) {
        this.#endProperties(stack);
        return;
      }
      this.#writeName(entry.value[0]);
      this.#writeItem(entry.value[1], stack);
    }
  }

  #endProperties(stack: Frame[]): void {
    this.#writer.writeUint24(amf0Marker.objectEnd);
    stack.pop();
  }

  #writeItems(frame: Extract<Frame, { kind: 'items' | 'indices' }>, stack: Frame[]): void {
    const { items, count } = frame;
    const depth = stack.length;
    while (stack.length === depth) {
      if (frame.next >= count) {
        stack.pop();
        return;
      }
      const item = items[frame.next];
      if (frame.kind === 'indices') this.#writeName(String(frame.next));
      frame.next += 1;
      this.#writeItem(item, stack);
    }
  }

  /** A value without members, or the beginning of an object or array, which it then leaves open on the stack. */
  #writeItem(value: AmfInput, stack: Frame[]): void {
    const writer = this.#writer;
    if (writer.length > maxEncodedBytes) {
      throw new RtmpUsageError('ERR_AMF0_TOO_LARGE', `The values take more than ${maxEncodedBytes} bytes`);
    }
    switch (typeof value) {
      case 'undefined':
        writer.writeUint8(amf0Marker.undefined);
        return;
      case 'boolean':
        writer.writeUint8(amf0Marker.boolean);
        writer.writeUint8(value ? 1 : 0);
        return;
      case 'number':
        writer.writeUint8(amf0Marker.number);
        writer.writeFloat64(value);
        return;
      case 'string':
        this.#writeString(value);
        return;
      case 'object':
        if (value === null) writer.writeUint8(amf0Marker.null);
        else this.#writeObject(value, stack);
        return;
      default:
        // Types do not let these through; callers without types do.
        throw new RtmpUsageError('ERR_AMF0_NOT_ENCODABLE', `AMF0 cannot carry a ${typeof value}`);
    }
  }

  #writeObject(value: Exclude<AmfInput, undefined | null | boolean | number | string>, stack: Frame[]): void {
    const writer = this.#writer;
    if (Object.getPrototypeOf(value) === Object.prototype) {
      // Most of what applications send, told apart at once.
      if (!this.#writeReference(value)) this.#openPlain(value, stack);
    } else if (value instanceof AmfDate) {
      this.#writeDate(value.timeMs, value.timeZoneMinutes);
    } else if (value instanceof Date) {
      this.#writeDate(value.getTime(), 0);
    } else if (value instanceof AmfXmlDocument || value instanceof AmfXml) {
      writer.writeUint8(amf0Marker.xmlDocument);
      this.#writeLongText(value.text);
    } else if (value instanceof AmfUnsupported) {
      writer.writeUint8(amf0Marker.unsupported);
    } else if (value instanceof Amf3Value) {
      writer.writeUint8(amf0Marker.avmPlus);
      this.#amf3 ??= new Amf3Encoder(writer, this.#options);
      this.#amf3.writeValue(value.value);
    } else if (!this.#writeReference(value)) {
      if (isInputArray(value)) {
        writer.writeUint8(amf0Marker.strictArray);
        writer.writeUint32(value.length);
        stack.push({ kind: 'items', items: value, count: value.length, next: 0 });
      } else if (value instanceof AmfObject) {
        if (value.className === undefined) {
          writer.writeUint8(amf0Marker.object);
        } else {
          writer.writeUint8(amf0Marker.typedObject);
          this.#writeName(value.className);
        }
        stack.push({ kind: 'properties', entries: value.properties.entries() });
      } else if (value instanceof AmfEcmaArray) {
        writer.writeUint8(amf0Marker.ecmaArray);
        writer.writeUint32(checkedCount(value.declaredCount ?? value.properties.size + value.items.length));
        stack.push({ kind: 'properties', entries: value.properties.entries() });
        if (value.items.length > 0)
          stack.push({ kind: 'indices', items: value.items, count: value.items.length, next: 0 });
      } else {
        this.#openPlain(value, stack);
      }
    }
  }

  #openPlain(value: object, stack: Frame[]): void {
    const registration = this.#registry.forValue(value);
    if (registration?.kind === 'members') {
      this.#writer.writeUint8(amf0Marker.typedObject);
      this.#writeName(registration.alias);
      stack.push({ kind: 'properties', entries: [...registration.members(value)].values() });
    } else if (isPlainObject(value)) {
      this.#writer.writeUint8(amf0Marker.object);
      stack.push({ kind: 'plain', source: value, names: Object.keys(value), next: 0 });
    } else {
      throw new RtmpUsageError(
        'ERR_AMF0_NOT_ENCODABLE',
        'AMF0 cannot carry an object of this class; what AMF3 can carry may be given in an Amf3Value',
      );
    }
  }

  /** Writes a reference and says true if `value` was written before; gives it the next index otherwise. */
  #writeReference(value: object): boolean {
    const index = this.#references.get(value);
    if (index === undefined) {
      this.#references.set(value, this.#references.size);
      return false;
    }
    if (index > maxReferenceIndex) {
      throw new RtmpUsageError(
        'ERR_AMF0_TOO_MANY_OBJECTS',
        `Object ${index} is given twice: only the first 65,536 of a message can be referred to`,
      );
    }
    this.#writer.writeUint8(amf0Marker.reference);
    this.#writer.writeUint16(index);
    return true;
  }

  #writeDate(timeMs: number, timeZoneMinutes: number): void {
    if (!Number.isInteger(timeZoneMinutes) || timeZoneMinutes < -0x8000 || timeZoneMinutes > 0x7fff) {
      throw new RtmpUsageError('ERR_AMF0_NOT_ENCODABLE', `A time zone of ${timeZoneMinutes} does not fit 16 bits`);
    }
    this.#writer.writeUint8(amf0Marker.date);
    this.#writer.writeFloat64(timeMs);
    this.#writer.writeInt16(timeZoneMinutes);
  }

  #writeString(text: string): void {
    if (isLongerThanShort(text)) {
      this.#writer.writeUint8(amf0Marker.longString);
      this.#writeLongText(text);
    } else {
      this.#writer.writeUint8(amf0Marker.string);
      this.#writeShortText(text);
    }
  }

  #writeName(name: string): void {
    if (isLongerThanShort(name)) {
      throw new RtmpUsageError('ERR_AMF0_NAME_TOO_LONG', 'A name is longer than 65,535 bytes');
    }
    this.#writeShortText(name);
  }

  #writeShortText(text: string): void {
    const writer = this.#writer;
    const at = writer.length;
    writer.writeUint16(0);
    writer.patchUint16(at, writer.writeUtf8(text));
  }

  #writeLongText(text: string): void {
    const writer = this.#writer;
    const at = writer.length;
    writer.writeUint32(0);
    writer.patchUint32(at, writer.writeUtf8(text));
  }
}

/** Whether `text` takes more than 65,535 bytes of UTF-8. A UTF-16 unit takes from one byte to three. */
function isLongerThanShort(text: string): boolean {
  if (text.length * 3 <= maxShortLength) return false;
  if (text.length > maxShortLength) return true;
  return utf8Length(text) > maxShortLength;
}

function checkedCount(count: number): number {
  if (!Number.isInteger(count) || count < 0 || count > 0xffff_ffff) {
    throw new RtmpUsageError('ERR_AMF0_NOT_ENCODABLE', `A count of ${count} does not fit 32 bits`);
  }
  return count;
}
