import { type ByteWriter, RtmpUsageError } from '../bytes/index.js';
import { type AmfEncodeOptions, type AmfExternalOutput, type AmfRegistry, builtInRegistry } from './amf-registry.js';
import { externalOutput, writeUint29 } from './amf3-external-output.js';
import { amf3Marker } from './amf3-marker.js';
import { isInputArray, isPlainObject } from './plain-object.js';
import { utf8Length } from './utf8-length.js';
import {
  Amf3Value,
  AmfDate,
  AmfDictionary,
  AmfDoubleVector,
  AmfEcmaArray,
  AmfExternalizable,
  type AmfInput,
  AmfIntVector,
  AmfObject,
  AmfObjectVector,
  type AmfTraits,
  AmfUintVector,
  AmfUnsupported,
  AmfXml,
  AmfXmlDocument,
} from './value.js';

// The layout of each value is drawn in amf3-reader.ts.

const maxLength = 0x0fff_ffff;
const minInteger = -0x1000_0000;
const maxInteger = 0x0fff_ffff;
/** Codecs of externalizable objects call back into the encoder, so their nesting takes JavaScript's stack. */
const maxExternalDepth = 100;
/** Longer text is worth TextEncoder's overhead. */
const maxHandEncodedLength = 24;

/** A value that is begun and not yet ended: the elements, or the named members, that are still to be written. */
type Frame =
  | { readonly kind: 'items'; readonly items: readonly AmfInput[]; readonly count: number; next: number }
  | {
      readonly kind: 'members';
      readonly entries: Iterator<readonly [string, AmfInput]>;
      /** Members that are written already. */
      readonly sealed: ReadonlySet<string> | undefined;
    };

/**
 * Writes AMF3 values one by one. Strings, objects (by identity) and traits given again are written as references to
 * where they were first, in whichever value that was: use one encoder for one message.
 */
export class Amf3Encoder {
  readonly #writer: ByteWriter;
  readonly #registry: AmfRegistry;
  readonly #strings = new Map<string, number>();
  readonly #objects = new Map<object, number>();
  /** By the traits as JSON. */
  readonly #traits = new Map<string, number>();
  /** The same for traits that decoded objects share, whose names may be too long to compare for each of them. */
  readonly #sharedTraits = new Map<AmfTraits, { readonly className: string; readonly index: number }>();
  readonly #externalOutput: AmfExternalOutput;
  #externalDepth = 0;

  constructor(writer: ByteWriter, options: AmfEncodeOptions = {}) {
    this.#writer = writer;
    this.#registry = options.registry ?? builtInRegistry;
    this.#externalOutput = externalOutput(writer, (value) => this.#writeTree(value));
  }

  /**
   * Appends `value`. Unpaired surrogates in strings become U+FFFD, unsupported values undefined.
   *
   * @throws RtmpUsageError for what AMF3 cannot carry; what was written before it stays in the writer. Codes:
   * `ERR_AMF3_NOT_ENCODABLE` (functions, symbols, bigints, objects of classes that are not registered, members without
   * a name where they are not sealed, members beside the sealed ones of an object that is not dynamic),
   * `ERR_AMF3_TOO_LARGE` (a length or count over 2^28 - 1), `ERR_AMF3_TOO_DEEP` (100 externalizable objects in one
   * another). What a codec throws passes.
   */
  writeValue(value: AmfInput): void {
    this.#writeTree(value);
  }

  /** A loop with a stack of its own: no depth overflows JavaScript's. */
  #writeTree(value: AmfInput): void {
    const stack: Frame[] = [];
    this.#writeItem(value, stack);
    for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
      if (frame.kind === 'items') {
        if (frame.next < frame.count) {
          const item = frame.items[frame.next];
          frame.next += 1;
          this.#writeItem(item, stack);
        } else {
          stack.pop();
        }
      } else {
        const entry = frame.entries.next();
        if (entry.done === true) {
          this.#writer.writeUint8(0x01);
          stack.pop();
        } else if (frame.sealed?.has(entry.value[0]) !== true) {
          this.#writeMemberName(entry.value[0]);
          this.#writeItem(entry.value[1], stack);
        }
      }
    }
  }

  /** A value without members, or the beginning of one that has them, which it then leaves open on the stack. */
  #writeItem(input: AmfInput, stack: Frame[]): void {
    const writer = this.#writer;
    let value = input;
    while (value instanceof Amf3Value) value = value.value;
    switch (typeof value) {
      case 'undefined':
        writer.writeUint8(amf3Marker.undefined);
        return;
      case 'boolean':
        writer.writeUint8(value ? amf3Marker.true : amf3Marker.false);
        return;
      case 'number':
        this.#writeNumber(value);
        return;
      case 'string':
        writer.writeUint8(amf3Marker.string);
        this.#writeString(value);
        return;
      case 'object':
        if (value === null) writer.writeUint8(amf3Marker.null);
        else this.#writeObject(value, stack);
        return;
      default:
        // Types do not let these through; callers without types do.
        failNotEncodable(`AMF3 cannot carry a ${typeof value}`);
    }
  }

  #writeNumber(value: number): void {
    const writer = this.#writer;
    // An integer could not say -0.
    if (Number.isInteger(value) && value >= minInteger && value <= maxInteger && !Object.is(value, -0)) {
      writer.writeUint8(amf3Marker.integer);
      writeUint29(writer, value & 0x1fff_ffff);
    } else {
      writer.writeUint8(amf3Marker.double);
      writer.writeFloat64(value);
    }
  }

  #writeObject(
    value: Exclude<AmfInput, undefined | null | boolean | number | string | Amf3Value>,
    stack: Frame[],
  ): void {
    const writer = this.#writer;
    if (value instanceof AmfObject) {
      if (!this.#beginObject(amf3Marker.object, value)) this.#openObject(value, stack);
    } else if (isInputArray(value)) {
      if (this.#beginObject(amf3Marker.array, value)) return;
      this.#writeCount(value.length);
      writer.writeUint8(0x01);
      pushItems(stack, value);
    } else if (value instanceof AmfEcmaArray) {
      if (this.#beginObject(amf3Marker.array, value)) return;
      this.#writeCount(value.items.length);
      pushItems(stack, value.items);
      stack.push({ kind: 'members', entries: value.properties.entries(), sealed: undefined });
    } else if (value instanceof AmfDate || value instanceof Date) {
      if (this.#beginObject(amf3Marker.date, value)) return;
      writer.writeUint8(0x01);
      writer.writeFloat64(value instanceof Date ? value.getTime() : value.timeMs);
    } else if (value instanceof Uint8Array) {
      if (this.#beginObject(amf3Marker.byteArray, value)) return;
      this.#writeCount(value.length);
      writer.writeBytes(value);
    } else if (value instanceof AmfXmlDocument || value instanceof AmfXml) {
      const marker = value instanceof AmfXml ? amf3Marker.xml : amf3Marker.xmlDocument;
      if (!this.#beginObject(marker, value)) this.#writeText(value.text);
    } else if (value instanceof AmfIntVector) {
      if (!this.#beginVector(amf3Marker.vectorInt, value, value.values.length)) return;
      for (const number of value.values) writer.writeUint32(number);
    } else if (value instanceof AmfUintVector) {
      if (!this.#beginVector(amf3Marker.vectorUint, value, value.values.length)) return;
      for (const number of value.values) writer.writeUint32(number);
    } else if (value instanceof AmfDoubleVector) {
      if (!this.#beginVector(amf3Marker.vectorDouble, value, value.values.length)) return;
      for (const number of value.values) writer.writeFloat64(number);
    } else if (value instanceof AmfObjectVector) {
      if (!this.#beginVector(amf3Marker.vectorObject, value, value.items.length)) return;
      this.#writeString(value.typeName);
      pushItems(stack, value.items);
    } else if (value instanceof AmfDictionary) {
      if (this.#beginObject(amf3Marker.dictionary, value)) return;
      this.#writeCount(value.entries.size);
      writer.writeUint8(value.weakKeys ? 1 : 0);
      pushItems(stack, [...value.entries].flat(1));
    } else if (value instanceof AmfUnsupported) {
      writer.writeUint8(amf3Marker.undefined);
    } else if (!this.#writeRegistered(value, stack)) {
      if (!isPlainObject(value)) failNotEncodable('AMF3 cannot carry an object of a class that is not registered');
      if (this.#beginObject(amf3Marker.object, value)) return;
      this.#writeTraits('', [], true);
      stack.push({ kind: 'members', entries: Object.entries(value).values(), sealed: undefined });
    }
  }

  /** Writes the marker. Then either a reference (true), or nothing: `value` has its index from here on. */
  #beginObject(marker: number, value: object): boolean {
    this.#writer.writeUint8(marker);
    const index = this.#objects.get(value);
    if (index === undefined) {
      this.#objects.set(value, this.#objects.size);
      return false;
    }
    writeUint29(this.#writer, index << 1);
    return true;
  }

  /** Says whether the elements are to follow. */
  #beginVector(marker: number, value: { readonly fixed: boolean }, count: number): boolean {
    if (this.#beginObject(marker, value)) return false;
    this.#writeCount(count);
    this.#writer.writeUint8(value.fixed ? 1 : 0);
    return true;
  }

  #openObject(value: AmfObject, stack: Frame[]): void {
    const { className = '', properties } = value;
    const dynamic = value.traits?.dynamic ?? className === '';
    const sealed = value.traits?.sealed ?? (dynamic ? [] : [...properties.keys()]);
    const sealedSet = sealed.length > 0 ? new Set(sealed) : undefined;
    const shared = value.traits === undefined ? undefined : this.#sharedTraits.get(value.traits);
    if (shared?.className === className) {
      writeUint29(this.#writer, (shared.index << 2) | 1);
    } else {
      const index = this.#writeTraits(className, sealed, dynamic);
      if (value.traits !== undefined) this.#sharedTraits.set(value.traits, { className, index });
    }
    if (dynamic) {
      stack.push({ kind: 'members', entries: properties.entries(), sealed: sealedSet });
    } else {
      for (const name of properties.keys()) {
        if (sealedSet?.has(name) !== true) {
          failNotEncodable(`${JSON.stringify(name)} is not among the members of a class that is not dynamic`);
        }
      }
    }
    if (sealed.length > 0) {
      pushItems(
        stack,
        sealed.map((name) => properties.get(name)),
      );
    }
  }

  /** Writes an instance of a registered class, or begins one; false: `value` is of none. */
  #writeRegistered(value: object, stack: Frame[]): boolean {
    const registration = this.#registry.forValue(value);
    if (registration === undefined) {
      if (value instanceof AmfExternalizable) {
        failNotEncodable(`The externalizable class ${JSON.stringify(value.className)} is not registered`);
      }
      return false;
    }
    if (this.#beginObject(amf3Marker.object, value)) return true;
    if (registration.kind === 'members') {
      const members = [...registration.members(value)];
      this.#writeTraits(
        registration.alias,
        members.map(([name]) => name),
        false,
      );
      pushItems(
        stack,
        members.map(([, member]) => member),
      );
      return true;
    }
    if (this.#externalDepth >= maxExternalDepth) {
      throw new RtmpUsageError('ERR_AMF3_TOO_DEEP', `${maxExternalDepth} externalizable objects in one another`);
    }
    this.#writeTraits(registration.alias, undefined, false);
    this.#externalDepth += 1;
    registration.write(value, this.#externalOutput);
    this.#externalDepth -= 1;
    return true;
  }

  /** Returns the index of the traits. `sealed` is `undefined` for an externalizable class. */
  #writeTraits(className: string, sealed: readonly string[] | undefined, dynamic: boolean): number {
    const key = className === '' && dynamic && sealed?.length === 0 ? '' : JSON.stringify([className, dynamic, sealed]);
    const known = this.#traits.get(key);
    if (known !== undefined) {
      writeUint29(this.#writer, (known << 2) | 1);
      return known;
    }
    const index = this.#traits.size;
    this.#traits.set(key, index);
    if (sealed === undefined) {
      this.#writer.writeUint8(0x07);
      this.#writeString(className);
      return index;
    }
    writeUint29(this.#writer, (sealed.length << 4) | (dynamic ? 0x0b : 0x03));
    this.#writeString(className);
    for (const name of sealed) this.#writeString(name);
    return index;
  }

  #writeMemberName(name: string): void {
    // It would end the members.
    if (name === '') failNotEncodable('In AMF3, only a sealed member can have an empty name');
    this.#writeString(name);
  }

  #writeString(text: string): void {
    if (text === '') {
      this.#writer.writeUint8(0x01);
      return;
    }
    const index = this.#strings.get(text);
    if (index === undefined) {
      this.#strings.set(text, this.#strings.size);
      this.#writeText(text);
    } else {
      writeUint29(this.#writer, index << 1);
    }
  }

  #writeText(text: string): void {
    const length = utf8Length(text);
    this.#writeCount(length);
    if (length === text.length && length <= maxHandEncodedLength) {
      for (let i = 0; i < length; i += 1) this.#writer.writeUint8(text.charCodeAt(i));
    } else {
      this.#writer.writeUtf8(text);
    }
  }

  /** A length or count in place of a reference. */
  #writeCount(count: number): void {
    if (count > maxLength) {
      throw new RtmpUsageError('ERR_AMF3_TOO_LARGE', `A length of ${count}: AMF3 ends at ${maxLength}`);
    }
    writeUint29(this.#writer, (count << 1) | 1);
  }
}

function pushItems(stack: Frame[], items: readonly AmfInput[]): void {
  stack.push({ kind: 'items', items, count: items.length, next: 0 });
}

function failNotEncodable(message: string): never {
  throw new RtmpUsageError('ERR_AMF3_NOT_ENCODABLE', message);
}
