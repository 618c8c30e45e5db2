import { base64 } from './base64.js';
import {
  AmfDate,
  AmfDictionary,
  type AmfDoubleVector,
  AmfEcmaArray,
  AmfExternalizable,
  AmfInstance,
  type AmfIntVector,
  AmfObject,
  AmfObjectVector,
  type AmfUintVector,
  AmfUnsupported,
  type AmfValue,
  AmfXml,
  AmfXmlDocument,
} from './value.js';

/** What `JSON.stringify` takes. Objects have no prototype, so that a member named `__proto__` is only a member. */
export type AmfPlain = null | boolean | number | string | AmfPlain[] | { [name: string]: AmfPlain };

/** Characters of JSON: far more than a message has room for, unless it repeats itself. */
const standardLength = 16 * 1024 * 1024;

/** Text up to this length may be repeated without end: AMF cannot ask for it in much less than that many bytes. */
const maxFreeText = 64;

/** An object or array that is begun: its members come from `entries` and go into `target`. */
interface Frame {
  readonly node: Node;
  readonly entries: Iterator<readonly [string | number, AmfValue]>;
  /** How long the JSON was when this object began. */
  readonly startLength: number;
}

interface Node {
  readonly target: AmfPlain[] | { [name: string]: AmfPlain };
  /** Characters of its JSON, about; `undefined` while it is being filled. */
  length: number | undefined;
}

/**
 * A decoded value as plain JavaScript: for logs, JSON and applications. What plain JavaScript cannot say is lost:
 * `undefined`, unsupported values and instances of registered classes become null, dates their ISO 8601 text (null for
 * an invalid one), XML its text, bytes their base64, vectors arrays, dictionaries arrays of `[key, value]`, the elements
 * of an ECMA array members named by their index, an externalizable object what is in it; class names and the difference
 * between objects and ECMA arrays vanish. Numbers stay as they are, NaN included. Where an object holds itself, the
 * inner one is null. The same object, or long text, in two places is the same in both, unless the JSON of the whole
 * would pass 16 Mi characters by that: then it is null from there on, and members with such a name are left out.
 */
export function amfToPlain(value: AmfValue): AmfPlain {
  return amfToPlainWithin(value, standardLength);
}

/**
 * As `amfToPlain`, with `maxRepeatedLength` in place of the 16 Mi: how long the JSON may get by repetitions, about, in
 * characters. A peer who has a short message refer to itself over and over gets no further than this.
 */
export function amfToPlainWithin(value: AmfValue, maxRepeatedLength: number): AmfPlain {
  const nodes = new Map<object, Node>();
  const seenText = new Set<string>();
  const encodedBytes = new Map<Uint8Array, string>();
  // A stack of its own, so that no depth overflows JavaScript's.
  const stack: Frame[] = [];
  let length = 0;

  function convert(from: AmfValue): AmfPlain {
    length += 4;
    if (from === null || from === undefined) return null;
    if (typeof from === 'string') return counted(from);
    if (typeof from !== 'object') return from;
    if (from instanceof AmfDate) return isoDate(from.timeMs);
    if (from instanceof AmfXmlDocument || from instanceof AmfXml) return counted(from.text);
    if (from instanceof AmfExternalizable) return convertBody(from);
    if (from instanceof AmfUnsupported || from instanceof AmfInstance) return null;
    if (from instanceof Uint8Array) return convertBytes(from);
    return convertNode(from);
  }

  /** The text, or null where it is a repetition that the whole has no room for. */
  function counted(text: string): string | null {
    if (text.length > maxFreeText) {
      if (length + text.length > maxRepeatedLength && seenText.has(text)) return null;
      seenText.add(text);
    }
    length += text.length;
    return text;
  }

  function convertBytes(from: Uint8Array): string | null {
    const text = encodedBytes.get(from) ?? base64(from);
    encodedBytes.set(from, text);
    return counted(text);
  }

  /** A chain of externalizable objects, down to the value in the last; null where it is a ring. */
  function convertBody(from: AmfExternalizable): AmfPlain {
    const seen = new Set<AmfValue>();
    let body: AmfValue = from;
    while (body instanceof AmfExternalizable) {
      if (seen.has(body)) return null;
      seen.add(body);
      body = body.body;
    }
    return convert(body);
  }

  function convertNode(from: NodeValue): AmfPlain {
    const known = nodes.get(from);
    if (known !== undefined) {
      if (known.length === undefined || length + known.length > maxRepeatedLength) return null;
      length += known.length;
      return known.target;
    }
    const named = from instanceof AmfObject || from instanceof AmfEcmaArray;
    const node: Node = { target: named ? Object.create(null) : [], length: undefined };
    nodes.set(from, node);
    stack.push({ node, entries: entriesOf(from), startLength: length });
    return node.target;
  }

  const root = convert(value);
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    const { node, entries, startLength } = frame;
    const entry = entries.next();
    if (entry.done === true) {
      node.length = length - startLength;
      stack.pop();
    } else {
      const [name, member] = entry.value;
      if (Array.isArray(node.target)) {
        node.target.push(convert(member));
      } else {
        const text = counted(String(name));
        if (text !== null) node.target[text] = convert(member);
      }
    }
  }
  return root;
}

type NodeValue =
  | AmfValue[]
  | AmfObject
  | AmfEcmaArray
  | AmfIntVector
  | AmfUintVector
  | AmfDoubleVector
  | AmfObjectVector
  | AmfDictionary;

function entriesOf(from: NodeValue): Iterator<readonly [string | number, AmfValue]> {
  if (Array.isArray(from)) return from.entries();
  if (from instanceof AmfObject) return from.properties.entries();
  if (from instanceof AmfEcmaArray) return ecmaArrayEntries(from);
  if (from instanceof AmfObjectVector) return from.items.entries();
  if (from instanceof AmfDictionary) return [...from.entries].entries();
  return from.values.entries();
}

function* ecmaArrayEntries(from: AmfEcmaArray): Generator<readonly [string | number, AmfValue]> {
  yield* from.items.entries();
  yield* from.properties.entries();
}

function isoDate(timeMs: number): string | null {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
