import {
  AmfDictionary,
  AmfEcmaArray,
  AmfExternalizable,
  AmfObject,
  AmfObjectVector,
  type AmfValue,
  AmfXml,
  AmfXmlDocument,
} from '../src/amf/index.js';

/** How much there is in decoded values: what is there twice, or refers to itself, counts once. */
export interface Weight {
  /** Objects and their members, empty ones too. */
  values: number;
  /** Of different texts and names. */
  characters: number;
  /** Of byte arrays and vectors of numbers. */
  bytes: number;
}

export function weigh(roots: readonly AmfValue[]): Weight {
  const weight: Weight = { values: 0, characters: 0, bytes: 0 };
  const seen = new Set<AmfValue>();
  const pending: AmfValue[] = [...roots];
  const text = (found: string): void => {
    if (seen.has(found)) return;
    seen.add(found);
    weight.characters += found.length;
  };
  const members = (properties: ReadonlyMap<string, AmfValue>): void => {
    for (const [name, value] of properties) {
      text(name);
      pending.push(value);
    }
  };
  while (pending.length > 0) {
    const value = pending.pop();
    weight.values += 1;
    if (typeof value === 'string') text(value);
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (Array.isArray(value)) pending.push(...value);
    else if (value instanceof AmfObject) {
      if (value.className !== undefined) text(value.className);
      members(value.properties);
    } else if (value instanceof AmfEcmaArray) {
      members(value.properties);
      pending.push(...value.items);
    } else if (value instanceof AmfObjectVector) {
      text(value.typeName);
      pending.push(...value.items);
    } else if (value instanceof AmfDictionary) for (const entry of value.entries) pending.push(...entry);
    else if (value instanceof AmfExternalizable) pending.push(value.body);
    else if (value instanceof AmfXml || value instanceof AmfXmlDocument) weight.characters += value.text.length;
    else if (value instanceof Uint8Array) weight.bytes += value.byteLength;
    else if ('values' in value) weight.bytes += value.values.byteLength;
  }
  return weight;
}
