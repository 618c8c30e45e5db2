import { type ByteReader, RtmpRemoteError } from '../bytes/index.js';
import type { AmfLimits } from './amf-limits.js';
import type { AmfExternalInput, AmfRegistration, AmfRegistry } from './amf-registry.js';
import { externalInput, readUint29 } from './amf3-external-input.js';
import { amf3Marker } from './amf3-marker.js';
import { Amf3Tables, anonymousTraits, checkCount, failTooManyElements } from './amf3-tables.js';
import { badInstance, fillInstance, type PendingInstance } from './pending-instance.js';
import {
  AmfDate,
  AmfDictionary,
  AmfDoubleVector,
  AmfEcmaArray,
  type AmfInstance,
  AmfIntVector,
  AmfObject,
  AmfObjectVector,
  type AmfTraits,
  AmfUintVector,
  type AmfValue,
  AmfXml,
  AmfXmlDocument,
} from './value.js';

/*
 * A value is a marker byte and what the marker calls for [AMF3 §3]. U29 is an integer of 29 bits in one to four bytes,
 * seven bits each, the highest bit saying that another follows; the fourth has eight:
 *
 *   00 undefined   -                             09 array          (count, 1) | (name, value)*, "" | count × value
 *   01 null        -                             0A object         traits | values of the sealed members
 *   02 false       -                                                 | where dynamic: (name, value)*, ""
 *   03 true        -                             0B XML            (length, 1) | UTF-8
 *   04 integer     U29, two's complement         0C byte array     (length, 1) | bytes
 *   05 double      double(8)                     0D vector int     (count, 1) | fixed(1) | count × s32
 *   06 string      string                        0E vector uint    (count, 1) | fixed(1) | count × u32
 *   07 XMLDocument (length, 1) | UTF-8           0F vector double  (count, 1) | fixed(1) | count × double(8)
 *   08 date        (unused, 1) | ms: double(8)   10 vector object  (count, 1) | fixed(1) | type: string | count × value
 *                                                11 dictionary     (count, 1) | weak keys(1) | count × (key, value)
 *
 *   (n, 1): a U29 whose lowest bit is 1, n above it; (n, 0) in its place is a reference to object n, and nothing follows
 *   string, name:  (length, 1) | UTF-8, or (n, 0): string n. The empty string is never in the table
 *   traits:  U29 with the bits …01: traits n above them
 *                              …111: externalizable | class name: string | what the class writes
 *                              …d011: count above them, d: dynamic | class name: string | count × name
 */

/** A value that is begun and not ended. Its parent and the reference table hold it already. */
type Frame = ItemsFrame | AssociativeFrame | MembersFrame | DictionaryFrame;

interface ItemsFrame {
  readonly kind: 'items';
  readonly items: AmfValue[];
  /** Elements that are still to come. */
  missing: number;
}

/** The named part of an array; it becomes the frame of the items after its end. */
interface AssociativeFrame {
  readonly kind: 'associative';
  readonly array: AmfEcmaArray;
  readonly count: number;
  /** The name that has been read and whose value has not. */
  name: string | undefined;
}

interface MembersFrame {
  readonly kind: 'members';
  readonly properties: Map<string, AmfValue>;
  readonly traits: AmfTraits;
  nextSealed: number;
  /** Where the members are for an instance of a registered class. */
  readonly pending: PendingInstance | undefined;
}

interface DictionaryFrame {
  readonly kind: 'dictionary';
  readonly entries: Map<AmfValue, AmfValue>;
  missing: number;
  /** The key that has been read and whose value has not. */
  key: { readonly value: AmfValue } | undefined;
}

/** Codecs of externalizable objects call back into the reader, so their nesting takes JavaScript's stack. */
const maxExternalDepth = 100;

/** Reads AMF3 values from a reader that others may read from in between. Tables and budgets last for its whole life. */
export class Amf3Reader {
  /** Values read so far, to be compared with the limit; an AMF0 decoder around this one counts in it, too. */
  elements = 0;
  readonly #reader: ByteReader;
  readonly #limits: Required<AmfLimits>;
  readonly #registry: AmfRegistry;
  readonly #tables: Amf3Tables;
  readonly #externalInput: AmfExternalInput;
  #depth = 0;
  #externalDepth = 0;

  constructor(reader: ByteReader, limits: Required<AmfLimits>, registry: AmfRegistry) {
    this.#reader = reader;
    this.#limits = limits;
    this.#registry = registry;
    this.#tables = new Amf3Tables(reader, limits);
    this.#externalInput = externalInput(reader, () => this.#readTree());
  }

  /** The next value, which is `depth` objects deep. Throws as `Amf3Decoder.readValue` does. */
  readValue(depth: number): AmfValue {
    this.#depth = depth;
    try {
      return this.#readTree();
    } catch (error) {
      if (error instanceof RtmpRemoteError && error.code === 'ERR_BYTES_TRUNCATED') {
        throw new RtmpRemoteError('ERR_AMF3_TRUNCATED', `The input ends within a value: ${error.message}`, {
          offset: error.offset ?? this.#reader.offset,
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
      if (this.#fill(frame, stack)) {
        stack.pop();
        this.#depth -= 1;
      }
    }
    return root;
  }

  /** Reads members until the value is complete (true) or one of them has begun a frame of its own (false). */
  #fill(frame: Frame, stack: Frame[]): boolean {
    switch (frame.kind) {
      case 'items':
        return this.#fillItems(frame, stack);
      case 'members':
        return this.#fillMembers(frame, stack);
      case 'associative':
        return this.#fillAssociative(frame, stack);
      case 'dictionary':
        return this.#fillDictionary(frame, stack);
      default: {
        const never: never = frame;
        return never;
      }
    }
  }

  #fillItems(frame: ItemsFrame, stack: Frame[]): boolean {
    const depth = stack.length;
    while (stack.length === depth) {
      if (frame.missing === 0) return true;
      frame.missing -= 1;
      frame.items.push(this.#readItem(stack));
    }
    return false;
  }

  #fillAssociative(frame: AssociativeFrame, stack: Frame[]): boolean {
    const depth = stack.length;
    while (stack.length === depth) {
      const name = frame.name ?? this.#tables.readString();
      frame.name = undefined;
      if (name === '') {
        stack[depth - 1] = { kind: 'items', items: frame.array.items, missing: frame.count };
        return false;
      }
      frame.array.properties.set(name, this.#readItem(stack));
    }
    return false;
  }

  #fillMembers(frame: MembersFrame, stack: Frame[]): boolean {
    const { properties, traits } = frame;
    const depth = stack.length;
    while (stack.length === depth) {
      let name = traits.sealed[frame.nextSealed];
      if (name === undefined) {
        if (traits.dynamic) name = this.#tables.readString();
        if (name === undefined || name === '') {
          if (frame.pending !== undefined) fillInstance(frame.pending, properties, 'ERR_AMF3_BAD_INSTANCE');
          return true;
        }
      } else {
        frame.nextSealed += 1;
      }
      properties.set(name, this.#readItem(stack));
    }
    return false;
  }

  #fillDictionary(frame: DictionaryFrame, stack: Frame[]): boolean {
    const depth = stack.length;
    while (stack.length === depth) {
      if (frame.key === undefined) {
        if (frame.missing === 0) return true;
        frame.missing -= 1;
        frame.key = { value: this.#readItem(stack) };
      } else {
        const key = frame.key.value;
        frame.key = undefined;
        frame.entries.set(key, this.#readItem(stack));
      }
    }
    return false;
  }

  /** A value without members, or the beginning of one that has them, which it then leaves open on the stack. */
  #readItem(stack: Frame[]): AmfValue {
    const reader = this.#reader;
    const offset = reader.offset;
    this.elements += 1;
    if (this.elements > this.#limits.maxElements) failTooManyElements(offset, this.#limits.maxElements);
    const marker = reader.readUint8();
    switch (marker) {
      case amf3Marker.undefined:
        return undefined;
      case amf3Marker.null:
        return null;
      case amf3Marker.false:
        return false;
      case amf3Marker.true:
        return true;
      case amf3Marker.integer:
        return (readUint29(reader) << 3) >> 3;
      case amf3Marker.double:
        return reader.readFloat64();
      case amf3Marker.string:
        return this.#tables.readString();
      default:
        return this.#readObject(stack, offset, marker);
    }
  }

  /** The values that can be referred to as objects. */
  #readObject(stack: Frame[], offset: number, marker: number): AmfValue {
    if (marker > amf3Marker.dictionary) {
      throw new RtmpRemoteError('ERR_AMF3_UNKNOWN_MARKER', `Unknown marker ${marker}`, { offset });
    }
    const reader = this.#reader;
    const header = readUint29(reader);
    if ((header & 1) === 0) return this.#tables.readReference(offset, marker, header >> 1);
    const count = header >> 1;
    switch (marker) {
      case amf3Marker.xmlDocument:
        return this.#tables.refer(marker, new AmfXmlDocument(reader.readUtf8(this.#tables.textLength(offset, count))));
      case amf3Marker.date:
        return this.#tables.refer(marker, new AmfDate(reader.readFloat64()));
      case amf3Marker.array:
        return this.#openArray(stack, offset, count);
      case amf3Marker.xml:
        return this.#tables.refer(marker, new AmfXml(reader.readUtf8(this.#tables.textLength(offset, count))));
      case amf3Marker.byteArray:
        return this.#tables.refer(marker, new Uint8Array(reader.readBytes(count)));
      case amf3Marker.vectorInt:
      case amf3Marker.vectorUint:
      case amf3Marker.vectorDouble:
        return this.#tables.refer(marker, this.#readNumberVector(offset, marker, count));
      case amf3Marker.vectorObject:
        return this.#openObjectVector(stack, offset, count);
      case amf3Marker.dictionary:
        return this.#openDictionary(stack, offset, count);
      default:
        return this.#openObject(stack, offset, header);
    }
  }

  #readNumberVector(offset: number, marker: number, count: number): AmfIntVector | AmfUintVector | AmfDoubleVector {
    const reader = this.#reader;
    const fixed = reader.readUint8() !== 0;
    // No more memory than the numbers have bytes here, so they do not count as elements.
    checkCount(reader, offset, count, marker === amf3Marker.vectorDouble ? 8 : 4);
    if (marker === amf3Marker.vectorInt) {
      const values = new Int32Array(count);
      for (let i = 0; i < count; i += 1) values[i] = reader.readUint32();
      return new AmfIntVector(values, fixed);
    }
    if (marker === amf3Marker.vectorUint) {
      const values = new Uint32Array(count);
      for (let i = 0; i < count; i += 1) values[i] = reader.readUint32();
      return new AmfUintVector(values, fixed);
    }
    const values = new Float64Array(count);
    for (let i = 0; i < count; i += 1) values[i] = reader.readFloat64();
    return new AmfDoubleVector(values, fixed);
  }

  #openArray(stack: Frame[], offset: number, count: number): AmfValue {
    this.#checkElementCount(offset, count, 1);
    const name = this.#tables.readString();
    if (name === '') {
      const items: AmfValue[] = [];
      this.#open(stack, offset, { kind: 'items', items, missing: count });
      return this.#tables.refer(amf3Marker.array, items);
    }
    const array = new AmfEcmaArray();
    this.#open(stack, offset, { kind: 'associative', array, count, name });
    return this.#tables.refer(amf3Marker.array, array);
  }

  #openObjectVector(stack: Frame[], offset: number, count: number): AmfValue {
    const fixed = this.#reader.readUint8() !== 0;
    const vector = new AmfObjectVector([], this.#tables.readString(), fixed);
    this.#checkElementCount(offset, count, 1);
    this.#open(stack, offset, { kind: 'items', items: vector.items, missing: count });
    return this.#tables.refer(amf3Marker.vectorObject, vector);
  }

  #openDictionary(stack: Frame[], offset: number, count: number): AmfValue {
    const dictionary = new AmfDictionary([], this.#reader.readUint8() !== 0);
    this.#checkElementCount(offset, count, 2);
    this.#open(stack, offset, { kind: 'dictionary', entries: dictionary.entries, missing: count, key: undefined });
    return this.#tables.refer(amf3Marker.dictionary, dictionary);
  }

  #openObject(stack: Frame[], offset: number, header: number): AmfValue {
    const { className, externalizable, traits } = this.#tables.readTraits(offset, header);
    const registration = className === '' ? undefined : this.#registry.forAlias(className);
    if (externalizable) return this.#readExternalizable(offset, className, registration);
    if (registration?.kind === 'members') {
      const instance = registration.create();
      const pending = { registration, instance, offset };
      this.#open(stack, offset, { kind: 'members', properties: new Map(), traits, nextSealed: 0, pending });
      return this.#tables.refer(amf3Marker.object, instance as AmfInstance);
    }
    const object =
      className === ''
        ? new AmfObject(undefined, undefined, traits === anonymousTraits ? undefined : traits)
        : new AmfObject(undefined, className, traits);
    const { properties } = object;
    this.#open(stack, offset, { kind: 'members', properties, traits, nextSealed: 0, pending: undefined });
    return this.#tables.refer(amf3Marker.object, object);
  }

  #readExternalizable(offset: number, className: string, registration: AmfRegistration | undefined): AmfValue {
    if (registration?.kind !== 'external') {
      // Only its codec knows where such an object ends.
      throw new RtmpRemoteError(
        'ERR_AMF3_UNKNOWN_EXTERNALIZABLE',
        `The externalizable class ${JSON.stringify(className.slice(0, 100))} is not registered`,
        { offset },
      );
    }
    this.#checkDepth(offset);
    if (this.#externalDepth >= maxExternalDepth) {
      throw new RtmpRemoteError('ERR_AMF3_TOO_DEEP', `Externalizable objects nested deeper than ${maxExternalDepth}`, {
        offset,
      });
    }
    const instance = registration.create();
    this.#tables.refer(amf3Marker.object, instance as AmfInstance);
    this.#depth += 1;
    this.#externalDepth += 1;
    try {
      registration.read(instance, this.#externalInput);
    } catch (error) {
      throw badInstance(error, className, offset, 'ERR_AMF3_BAD_INSTANCE');
    }
    this.#externalDepth -= 1;
    this.#depth -= 1;
    return instance as AmfInstance;
  }

  #open(stack: Frame[], offset: number, frame: Frame): void {
    this.#checkDepth(offset);
    this.#depth += 1;
    stack.push(frame);
  }

  #checkDepth(offset: number): void {
    if (this.#depth >= this.#limits.maxDepth) {
      throw new RtmpRemoteError('ERR_AMF3_TOO_DEEP', `Nested deeper than ${this.#limits.maxDepth}`, { offset });
    }
  }

  #checkElementCount(offset: number, count: number, elementsEach: number): void {
    checkCount(this.#reader, offset, count, elementsEach);
    if (count * elementsEach > this.#limits.maxElements - this.elements)
      failTooManyElements(offset, this.#limits.maxElements);
  }
}
