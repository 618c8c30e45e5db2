import {
  AmfDate,
  AmfDictionary,
  AmfDoubleVector,
  AmfEcmaArray,
  AmfExternalizable,
  AmfInstance,
  AmfIntVector,
  AmfObject,
  AmfObjectVector,
  AmfUintVector,
  AmfUnsupported,
  type AmfValue,
  AmfXml,
  AmfXmlDocument,
  encodeAmf0,
  RtmpUsageError,
} from '@millrace/protocol';
import { maxPayloadBytes } from './live-message.js';

/**
 * How much longer the AMF0 may get than the message was. AMF3 says a text or a member's name once and refers to it after
 * that, AMF0 repeats it: records with few members come to ten times as much, what somebody made up to millions.
 */
const maxGrowth = 16;
const freeBytes = 4096;

/**
 * Decoded values in AMF0, for those who do not read AMF3. What AMF0 has not becomes what comes nearest, as in
 * `amfToPlain`: bytes their base64, vectors arrays, dictionaries arrays of `[key, value]`, an externalizable object what
 * is in it. `undefined`: there is no such form, or it would be too long. `length`: of the message that they came in.
 */
export function encodeAmf0Form(values: readonly AmfValue[], length: number): Uint8Array | undefined {
  try {
    const form = new Amf0Form(freeBytes + maxGrowth * length);
    const encoded = encodeAmf0(values.map((value) => form.convert(value)));
    return encoded.length <= maxPayloadBytes ? encoded : undefined;
  } catch (error) {
    if (error instanceof RtmpUsageError) return undefined;
    throw error;
  }
}

class Amf0Form {
  /** Bytes that may still be written, about. */
  #room: number;
  /** What was converted, by what it was: so that cycles stay cycles, and what is there twice is referred to. */
  readonly #made = new Map<object, AmfValue>();

  constructor(room: number) {
    this.#room = room;
  }

  /** Recursive: decoders bound the depth. */
  convert(value: AmfValue): AmfValue {
    if (typeof value === 'string') return this.#counted(value);
    this.#take(9);
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof AmfXml || value instanceof AmfXmlDocument)
      return new AmfXmlDocument(this.#counted(value.text));
    if (value instanceof AmfDate || value instanceof AmfUnsupported) return value;
    if (value instanceof Uint8Array) return this.#base64(value);
    // No class is registered here that such an object could be of.
    if (value instanceof AmfInstance) return null;
    const made = this.#made.get(value);
    return made === undefined ? this.#convertNode(value) : made;
  }

  #convertNode(value: Node): AmfValue {
    if (value instanceof AmfObject) {
      const object = new AmfObject([], value.className);
      this.#made.set(value, object);
      this.#convertMembers(value.properties, object.properties);
      return object;
    }
    if (value instanceof AmfEcmaArray) {
      const array = new AmfEcmaArray([], value.declaredCount);
      this.#made.set(value, array);
      this.#convertItems(value.items, array.items);
      this.#convertMembers(value.properties, array.properties);
      return array;
    }
    if (value instanceof AmfExternalizable) {
      this.#made.set(value, null); // What holds only itself.
      const body = this.convert(value.body);
      this.#made.set(value, body);
      return body;
    }
    const items: AmfValue[] = [];
    this.#made.set(value, items);
    if (value instanceof AmfDictionary) {
      for (const [key, member] of value.entries) items.push([this.convert(key), this.convert(member)]);
    } else {
      this.#convertItems(itemsOf(value), items);
    }
    return items;
  }

  #convertItems(from: Iterable<AmfValue>, to: AmfValue[]): void {
    for (const item of from) to.push(this.convert(item));
  }

  #convertMembers(from: ReadonlyMap<string, AmfValue>, to: Map<string, AmfValue>): void {
    for (const [name, member] of from) to.set(this.#counted(name), this.convert(member));
  }

  #base64(bytes: Uint8Array): string {
    this.#take(Math.ceil(bytes.length / 3) * 4);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  }

  #counted(text: string): string {
    this.#take(3 + text.length);
    return text;
  }

  #take(bytes: number): void {
    this.#room -= bytes;
    if (this.#room < 0) throw new RtmpUsageError('ERR_AMF0_TOO_LARGE', 'the values get too long in AMF0');
  }
}

type List = AmfValue[] | AmfIntVector | AmfUintVector | AmfDoubleVector | AmfObjectVector;
type Node = AmfObject | AmfEcmaArray | AmfExternalizable | AmfDictionary | List;

function itemsOf(list: List): Iterable<AmfValue> {
  if (list instanceof AmfIntVector || list instanceof AmfUintVector || list instanceof AmfDoubleVector) {
    return list.values;
  }
  return list instanceof AmfObjectVector ? list.items : list;
}
