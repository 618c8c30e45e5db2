import {
  Amf3Value,
  AmfDate,
  type AmfDictionary,
  type AmfDoubleVector,
  AmfEcmaArray,
  type AmfExternalizable,
  type AmfInput,
  type AmfInstance,
  type AmfIntVector,
  AmfObject,
  type AmfObjectVector,
  type AmfUintVector,
  type AmfUnsupported,
  type AmfValue,
  type AmfXml,
  type AmfXmlDocument,
  decodeAmf0,
  encodeAmf0,
  type ObjectEncoding,
  RtmpRemoteError,
  RtmpUsageError,
} from '@millrace/protocol';

/**
 * What a slot of a shared object holds: JavaScript's own values as far as there are any, all of them frozen. Objects have
 * no prototype, so that a member named `__proto__` is only a member; the names of classes are lost. `Uint8Array` and
 * the last line need object encoding 3.
 */
export type SharedValue =
  | undefined
  | null
  | boolean
  | number
  | string
  | Date
  | Uint8Array
  | readonly SharedValue[]
  | { readonly [name: string]: SharedValue }
  | AmfXmlDocument
  | AmfUnsupported
  | (AmfXml | AmfIntVector | AmfUintVector | AmfDoubleVector | AmfObjectVector)
  | (AmfDictionary | AmfExternalizable | AmfInstance);

/** A decoded value; what is there twice, or holds itself, stays so. As deep as the decoder lets values be. */
export function sharedValue(value: AmfValue, seen = new Map<AmfValue, SharedValue>()): SharedValue {
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (value instanceof AmfDate) return Object.freeze(new Date(value.timeMs));
  if (Array.isArray(value)) {
    const items: SharedValue[] = [];
    seen.set(value, items);
    for (const item of value) items.push(sharedValue(item, seen));
    return Object.freeze(items);
  }
  if (!(value instanceof AmfObject || value instanceof AmfEcmaArray)) return value;
  const members: Record<string, SharedValue> = Object.create(null);
  seen.set(value, members);
  if (value instanceof AmfEcmaArray) {
    for (const [index, item] of value.items.entries()) members[index] = sharedValue(item, seen);
  }
  for (const [name, member] of value.properties) members[name] = sharedValue(member, seen);
  return Object.freeze(members);
}

/**
 * What others will see of a value that we send. Throws `RtmpUsageError`: `ERR_SHARED_OBJECT_VALUE` where it is nested
 * deeper, or is made of more, than peers read; the AMF encoder's codes where it cannot be sent.
 */
export function asReceived(value: AmfInput, objectEncoding: ObjectEncoding): SharedValue {
  const isSimple = typeof value !== 'object' || value === null;
  const sent = encodeAmf0([objectEncoding === 3 && !isSimple ? new Amf3Value(value) : value]);
  try {
    return sharedValue(decodeAmf0(sent)[0]);
  } catch (error) {
    if (!(error instanceof RtmpRemoteError)) throw error;
    throw new RtmpUsageError('ERR_SHARED_OBJECT_VALUE', `others could not read the value: ${error.message}`, {
      cause: error,
    });
  }
}

const valueBytes = 16;

/** About how many bytes of memory a value takes. What is there twice counts once. */
export function sharedValueBytes(value: SharedValue): number {
  return memoryOf(value, new Set());
}

/** Whatever is in it: dictionaries and the objects in vectors hold a Map. */
function memoryOf(value: unknown, seen: Set<unknown>): number {
  if (typeof value === 'string') return valueBytes + 2 * value.length;
  if (typeof value !== 'object' || value === null || seen.has(value)) return valueBytes;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return valueBytes + value.byteLength;
  let bytes = valueBytes;
  for (const [name, member] of value instanceof Map ? value : Object.entries(value)) {
    bytes += memoryOf(name, seen) + memoryOf(member, seen);
  }
  return bytes;
}
