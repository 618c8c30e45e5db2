import {
  Amf3Bytes,
  AmfDate,
  type AmfEcmaArray,
  type AmfObject,
  AmfUnsupported,
  type AmfValue,
  AmfXmlDocument,
} from './value.js';

/** What `JSON.stringify` takes. Objects have no prototype, so that a member named `__proto__` is only a member. */
export type AmfPlain = null | boolean | number | string | AmfPlain[] | { [name: string]: AmfPlain };

/**
 * How long the JSON may get, about, in characters. Below it, objects that are there twice are given twice; a peer who
 * has a short message refer to itself over and over gets no further than this.
 */
const maxRepeatedLength = 16 * 1024 * 1024;

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
 * `undefined`, unsupported values and undecoded AMF3 become null, dates their ISO 8601 text (null for an invalid one), XML
 * its text, and class names and the difference between objects and ECMA arrays vanish. Numbers stay as they are, NaN
 * included. Where an object holds itself, the inner one is null. The same object in two places is the same plain object
 * in both, unless the JSON of the whole would pass 16 Mi characters by that: then it is null from there on.
 */
export function amfToPlain(value: AmfValue): AmfPlain {
  const nodes = new Map<object, Node>();
  // A stack of its own, so that no depth overflows JavaScript's.
  const stack: Frame[] = [];
  let length = 0;

  function convert(from: AmfValue): AmfPlain {
    length += 4;
    if (from === null || from === undefined) return null;
    if (typeof from === 'string') return counted(from);
    if (typeof from !== 'object') return from;
    if (from instanceof AmfDate) return isoDate(from.timeMs);
    if (from instanceof AmfXmlDocument) return counted(from.text);
    if (from instanceof AmfUnsupported || from instanceof Amf3Bytes) return null;
    return convertNode(from);
  }

  function counted(text: string): string {
    length += text.length;
    return text;
  }

  function convertNode(from: AmfValue[] | AmfObject | AmfEcmaArray): AmfPlain {
    const known = nodes.get(from);
    if (known !== undefined) {
      if (known.length === undefined || length + known.length > maxRepeatedLength) return null;
      length += known.length;
      return known.target;
    }
    const isArray = Array.isArray(from);
    const node: Node = { target: isArray ? [] : Object.create(null), length: undefined };
    nodes.set(from, node);
    stack.push({ node, entries: isArray ? from.entries() : from.properties.entries(), startLength: length });
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
        length += String(name).length;
        node.target[name] = convert(member);
      }
    }
  }
  return root;
}

function isoDate(timeMs: number): string | null {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
