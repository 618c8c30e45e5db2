import {
  AmfDictionary,
  AmfDoubleVector,
  AmfEcmaArray,
  AmfExternalizable,
  AmfIntVector,
  AmfObject,
  AmfObjectVector,
  AmfUintVector,
  type AmfValue,
  AmfXml,
  AmfXmlDocument,
} from '@millrace/protocol';

/**
 * Whether values may take no more than `maxBytes` once they are written. AMF3 says a text once and refers to it after
 * that, so that a message of a few KiB can hold megabytes: this looks at no more than `maxBytes` of it, and nothing is
 * written for the others. `true` is a maybe: what it counts is the least that they take.
 */
export function mayFit(values: readonly AmfValue[], maxBytes: number): boolean {
  const seen = new Set<object>();
  const waiting: AmfValue[] = [...values];
  let bytes = 0;
  while (waiting.length > 0) {
    const value = waiting.pop();
    bytes += typeof value === 'string' ? value.length : 1;
    if (bytes > maxBytes) return false;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    bytes += takeApart(value, waiting, maxBytes - bytes);
  }
  return bytes <= maxBytes;
}

/** Adds what is in the value to `waiting`, but stops above `room`. Returns the bytes of names and texts in it. */
function takeApart(value: object, waiting: AmfValue[], room: number): number {
  let bytes = 0;
  const add = (name: string, member: AmfValue): boolean => {
    bytes += name.length + 1;
    waiting.push(member);
    return bytes <= room;
  };
  if (value instanceof AmfObject || value instanceof AmfEcmaArray) {
    for (const [name, member] of value.properties) if (!add(name, member)) return bytes;
  }
  if (value instanceof AmfEcmaArray) for (const item of value.items) if (!add('', item)) return bytes;
  if (Array.isArray(value)) for (const item of value) if (!add('', item)) return bytes;
  if (value instanceof AmfObjectVector) for (const item of value.items) if (!add('', item)) return bytes;
  if (value instanceof AmfDictionary) {
    for (const [key, member] of value.entries) if (!add('', key) || !add('', member)) return bytes;
  }
  if (value instanceof AmfExternalizable) waiting.push(value.body);
  if (value instanceof AmfXml || value instanceof AmfXmlDocument) bytes += value.text.length;
  if (value instanceof Uint8Array) bytes += value.length;
  if (value instanceof AmfIntVector || value instanceof AmfUintVector || value instanceof AmfDoubleVector) {
    bytes += value.values.length;
  }
  return bytes;
}
