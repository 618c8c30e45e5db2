import { type ByteReader, RtmpRemoteError } from '../bytes/index.js';
import { type AmfLimits, resolveAmfLimits } from './amf-limits.js';
import { type AmfDecodeOptions, type AmfRegistry, builtInRegistry } from './amf-registry.js';
import { amf0Marker } from './amf0-marker.js';
import { Amf3Reader } from './amf3-reader.js';
import { fillInstance, type PendingInstance } from './pending-instance.js';
import {
  AmfDate,
  AmfEcmaArray,
  type AmfInstance,
  AmfObject,
  AmfUnsupported,
  type AmfValue,
  AmfXmlDocument,
} from './value.js';

/*
 * A value is a marker byte and what the marker calls for [AMF0 §2]; integers are big-endian:
 *
 *   00 number        double(8)                        09 object end    only after an empty name
 *   01 boolean       u8, 0 is false                   0A strict array  count(4), count × value
 *   02 string        length(2), UTF-8                 0B date          ms: double(8), time zone: s16
 *   03 object        properties                       0C long string   length(4), UTF-8
 *   04 movie clip    reserved                         0D unsupported   -
 *   05 null          -                                0E record set    reserved
 *   06 undefined     -                                0F XML document  length(4), UTF-8
 *   07 reference     index(2)                         10 typed object  class name: length(2), UTF-8; properties
 *   08 ECMA array    count(4), properties             11 AVM+          a value in AMF3 (amf3-reader.ts)
 *
 *   properties:  ( name length(2) | name | value )*  00 00 09
 */

/** An object or array being filled. Its parent holds it already, so a reference inside it may point at it. */
type Frame = ItemsFrame | PropertiesFrame;

interface ItemsFrame {
  readonly kind: 'items';
  readonly items: AmfValue[];
  /** Elements that are still to come. */
  missing: number;
}

interface PropertiesFrame {
  readonly kind: 'properties';
  readonly properties: Map<string, AmfValue>;
  /** May end where the input ends, without an end marker. */
  readonly mayEndOpen: boolean;
  /** Where the members are for an instance of a registered class. */
  readonly pending: PendingInstance | undefined;
}

/**
 * Reads AMF0 values one by one. All values read by one decoder share one reference table and one budget of elements,
 * so use one decoder for one message. Values behind the marker 0x11 are read as AMF3, at any depth; they have tables of
 * their own, which all those of one decoder share. After it has thrown, a decoder is of no more use.
 */
export class Amf0Decoder {
  readonly #reader: ByteReader;
  readonly #limits: Required<AmfLimits>;
  readonly #registry: AmfRegistry;
  readonly #references: AmfValue[] = [];
  #elements = 0;
  #amf3: Amf3Reader | undefined;

  /** Reads from where `reader` stands to the end of its bytes. */
  constructor(reader: ByteReader, options: AmfDecodeOptions = {}) {
    this.#reader = reader;
    this.#limits = resolveAmfLimits(options);
    this.#registry = options.registry ?? builtInRegistry;
  }

  /** How many values it has read, with all that is in them: what `maxElements` bounds. */
  get elements(): number {
    return this.#elements;
  }

  /** Whether a value behind the marker 0x11 has been begun. */
  get hasReadAmf3(): boolean {
    return this.#amf3 !== undefined;
  }

  /**
   * The next value; nothing in it is a view of the input.
   *
   * @throws RtmpRemoteError with the offset in the reader's bytes. Codes: `ERR_AMF0_TRUNCATED`,
   * `ERR_AMF0_UNKNOWN_MARKER`, `ERR_AMF0_RESERVED_MARKER`, `ERR_AMF0_UNEXPECTED_OBJECT_END`, `ERR_AMF0_BAD_REFERENCE`,
   * `ERR_AMF0_TOO_DEEP`, `ERR_AMF0_TOO_MANY_ELEMENTS`, `ERR_AMF0_TOO_LARGE`, `ERR_AMF0_STRING_TOO_LONG`, `ERR_AMF0_BAD_INSTANCE` (what a registered
   * class has thrown), and those of `Amf3Decoder.readValue` from behind the marker 0x11.
   */
  readValue(): AmfValue {
    const reader = this.#reader;
    if (reader.remaining > this.#limits.maxBytes) {
      throw new RtmpRemoteError('ERR_AMF0_TOO_LARGE', `${reader.remaining} bytes, ${this.#limits.maxBytes} allowed`, {
        offset: reader.offset,
      });
    }
    try {
      return this.#readTree();
    } catch (error) {
      if (error instanceof RtmpRemoteError && error.code === 'ERR_BYTES_TRUNCATED') {
        throw new RtmpRemoteError('ERR_AMF0_TRUNCATED', `The input ends within a value: ${error.message}`, {
          offset: error.offset ?? reader.offset,
          cause: error,
        });
      }
      throw error;
    }
  }

  /** A loop with a stack of its own, so that no limit a user sets can overflow JavaScript's. */
  #readTree(): AmfValue {
    const stack: Frame[] = [];
    const root = this.#readItem(stack);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      const complete = frame.kind === 'items' ? this.#fillItems(frame, stack) : this.#fillProperties(frame, stack);
      if (complete) stack.pop();
    }
    return root;
  }

  /** Reads elements until the array is complete (true) or one of them has begun a frame of its own (false). */
  #fillItems(frame: ItemsFrame, stack: Frame[]): boolean {
    const depth = stack.length;
    while (stack.length === depth) {
      if (frame.missing === 0) return true;
      this.#fillNumbers(frame);
      if (frame.missing === 0) return true;
      frame.missing -= 1;
      frame.items.push(this.#readItem(stack));
    }
    return false;
  }

  /**
   * The numbers that come next, if any. They would be read without this, too; but here they never become objects, which
   * makes key frame indices and lists of samples twice as fast.
   */
  #fillNumbers(frame: ItemsFrame): void {
    const reader = this.#reader;
    const { items } = frame;
    const allowed = Math.min(frame.missing, this.#limits.maxElements - this.#elements);
    let count = 0;
    while (count < allowed && reader.bytes[reader.offset] === amf0Marker.number) {
      reader.skip(1);
      items.push(reader.readFloat64());
      count += 1;
    }
    frame.missing -= count;
    this.#elements += count;
  }

  /** Reads members until the object is complete (true) or one of them has begun a frame of its own (false). */
  #fillProperties(frame: PropertiesFrame, stack: Frame[]): boolean {
    const reader = this.#reader;
    const depth = stack.length;
    while (stack.length === depth) {
      if (frame.mayEndOpen && reader.remaining === 0) return true;
      const nameLength = reader.readUint16();
      // No value begins with the end marker, so an empty name before anything else is a name like any other.
      if (nameLength === 0 && reader.bytes[reader.offset] === amf0Marker.objectEnd) {
        reader.skip(1);
        if (frame.pending !== undefined) fillInstance(frame.pending, frame.properties, 'ERR_AMF0_BAD_INSTANCE');
        return true;
      }
      const name = reader.readRecurringUtf8(nameLength);
      // Most members of metadata are numbers: those take no detour.
      if (reader.bytes[reader.offset] === amf0Marker.number && this.#elements < this.#limits.maxElements) {
        this.#elements += 1;
        reader.skip(1);
        frame.properties.set(name, reader.readFloat64());
        continue;
      }
      frame.properties.set(name, this.#readItem(stack));
    }
    return false;
  }

  /** A value without members, or the beginning of an object or array, which it then leaves open on the stack. */
  #readItem(stack: Frame[]): AmfValue {
    const reader = this.#reader;
    const offset = reader.offset;
    this.#elements += 1;
    if (this.#elements > this.#limits.maxElements) this.#failTooManyElements(offset);
    const marker = reader.readUint8();
    switch (marker) {
      case amf0Marker.number:
        return reader.readFloat64();
      case amf0Marker.boolean:
        return reader.readUint8() !== 0;
      case amf0Marker.string:
        return reader.readRecurringUtf8(this.#textLength(offset, reader.readUint16()));
      case amf0Marker.object:
        return this.#openProperties(stack, offset, new AmfObject());
      case amf0Marker.null:
        return null;
      case amf0Marker.undefined:
        return undefined;
      case amf0Marker.reference:
        return this.#readReference(offset);
      case amf0Marker.ecmaArray:
        // The count is a hint that many encoders get wrong: the end marker alone decides.
        return this.#openProperties(stack, offset, new AmfEcmaArray(undefined, reader.readUint32()));
      case amf0Marker.strictArray:
        return this.#openStrictArray(stack, offset);
      case amf0Marker.date: {
        const timeMs = reader.readFloat64();
        return new AmfDate(timeMs, reader.readInt16());
      }
      case amf0Marker.longString:
        return reader.readUtf8(this.#textLength(offset, reader.readUint32()));
      case amf0Marker.unsupported:
        return new AmfUnsupported();
      case amf0Marker.xmlDocument:
        return new AmfXmlDocument(reader.readUtf8(this.#textLength(offset, reader.readUint32())));
      case amf0Marker.typedObject:
        return this.#openTypedObject(stack, offset, reader.readUtf8(reader.readUint16()));
      case amf0Marker.avmPlus:
        return this.#readAmf3(stack.length);
      case amf0Marker.objectEnd:
        throw new RtmpRemoteError('ERR_AMF0_UNEXPECTED_OBJECT_END', 'An object end marker outside an object', {
          offset,
        });
      case amf0Marker.movieClip:
      case amf0Marker.recordSet:
        throw new RtmpRemoteError('ERR_AMF0_RESERVED_MARKER', `Marker ${marker} is reserved and carries no value`, {
          offset,
        });
      default:
        throw new RtmpRemoteError('ERR_AMF0_UNKNOWN_MARKER', `Unknown marker ${marker}`, { offset });
    }
  }

  #openProperties(stack: Frame[], offset: number, value: AmfObject | AmfEcmaArray): AmfValue {
    // Envivio encoders leave the end marker off the ECMA array that ends their metadata (nginx-rtmp 1.2.2 and librtmp
    // accept that, too). Only at the very end of the input: elsewhere nothing would tell the next value from a member.
    // Of anonymous objects no such sender is known. Pinned by the vector "ECMA array that the input's end closes".
    const mayEndOpen = value instanceof AmfEcmaArray;
    const { properties } = value;
    this.#open(stack, offset, value, { kind: 'properties', properties, mayEndOpen, pending: undefined });
    return value;
  }

  #openTypedObject(stack: Frame[], offset: number, className: string): AmfValue {
    const registration = this.#registry.forAlias(className);
    if (registration?.kind !== 'members')
      return this.#openProperties(stack, offset, new AmfObject(undefined, className));
    const instance = registration.create();
    const pending = { registration, instance, offset };
    const frame: Frame = { kind: 'properties', properties: new Map(), mayEndOpen: false, pending };
    this.#open(stack, offset, instance as AmfInstance, frame);
    return instance as AmfInstance;
  }

  /**
   * [AMF3 §4.1] resets the AMF3 tables with each message, so what one 0x11 value has brought may be referred to in the
   * next. BlazeDS, Red5 and MonaServer read and write it so, too.
   */
  #readAmf3(depth: number): AmfValue {
    this.#amf3 ??= new Amf3Reader(this.#reader, this.#limits, this.#registry);
    // The marker has been counted here, and is counted there again for the same value.
    this.#amf3.elements = this.#elements - 1;
    const value = this.#amf3.readValue(depth);
    this.#elements = this.#amf3.elements;
    return value;
  }

  #openStrictArray(stack: Frame[], offset: number): AmfValue {
    const count = this.#reader.readUint32();
    // An element is at least a byte long: a count beyond the input fails here, before anything is built for it.
    if (count > this.#reader.remaining) {
      throw new RtmpRemoteError(
        'ERR_AMF0_TRUNCATED',
        `An array of ${count} elements in ${this.#reader.remaining} bytes`,
        { offset },
      );
    }
    if (count > this.#limits.maxElements - this.#elements) this.#failTooManyElements(offset);
    const items: AmfValue[] = [];
    this.#open(stack, offset, items, { kind: 'items', items, missing: count });
    return items;
  }

  #open(stack: Frame[], offset: number, value: AmfValue, frame: Frame): void {
    if (stack.length >= this.#limits.maxDepth) {
      throw new RtmpRemoteError('ERR_AMF0_TOO_DEEP', `Nested deeper than ${this.#limits.maxDepth}`, { offset });
    }
    this.#references.push(value);
    stack.push(frame);
  }

  /** [AMF0 §2.9] counts objects, typed objects, strict and ECMA arrays, in the order in which they begin. */
  #readReference(offset: number): AmfValue {
    const index = this.#reader.readUint16();
    if (index >= this.#references.length) {
      throw new RtmpRemoteError(
        'ERR_AMF0_BAD_REFERENCE',
        `A reference to object ${index}, of ${this.#references.length} so far`,
        { offset },
      );
    }
    return this.#references[index];
  }

  /** Checked before anything is built. A length beyond the input is left to the reader: it is cut off, not too long. */
  #textLength(offset: number, length: number): number {
    const { maxStringBytes } = this.#limits;
    if (length <= maxStringBytes || length > this.#reader.remaining) return length;
    throw new RtmpRemoteError('ERR_AMF0_STRING_TOO_LONG', `A string of ${length} bytes, ${maxStringBytes} allowed`, {
      offset,
    });
  }

  #failTooManyElements(offset: number): never {
    throw new RtmpRemoteError('ERR_AMF0_TOO_MANY_ELEMENTS', `More than ${this.#limits.maxElements} values`, { offset });
  }
}
