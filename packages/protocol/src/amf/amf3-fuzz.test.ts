import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { fromHex } from './amf0.vectors.js';
import { amf3Vectors } from './amf3.vectors.js';
import { hostileAmf3 } from './amf3-hostile.vectors.js';
import {
  AmfDate,
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
  amfToPlain,
  decodeAmf3,
  encodeAmf3,
} from './index.js';

const seeded = { seed: 3_0260, numRuns: 200 };

function sealedObject(properties: [string, AmfValue][], className: string, split: number, dynamic: boolean): AmfObject {
  const names = properties.map(([name]) => name);
  return new AmfObject(properties, className, { sealed: dynamic ? names.slice(0, split) : names, dynamic });
}

const { value: amfValue } = fc.letrec<{ value: AmfValue; properties: [string, AmfValue][] }>((tie) => ({
  properties: fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), tie('value')), {
    selector: ([name]) => name,
    maxLength: 4,
  }),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.double(),
      fc.integer({ min: -(2 ** 29), max: 2 ** 29 }),
      fc.boolean(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(null, undefined),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('properties').map((properties) => new AmfObject(properties)),
    fc
      .tuple(tie('properties'), fc.string({ minLength: 1 }), fc.nat(4), fc.boolean())
      .map(([properties, name, split, dynamic]) => sealedObject(properties, name, split, dynamic)),
    fc
      .tuple(tie('properties'), fc.string({ minLength: 1 }), tie('value'), fc.array(tie('value'), { maxLength: 2 }))
      .map(([properties, name, value, items]) => new AmfEcmaArray([...properties, [name, value]], undefined, items)),
    fc.double().map((ms) => new AmfDate(ms)),
    fc.string().map((text) => new AmfXmlDocument(text)),
    fc.string().map((text) => new AmfXml(text)),
    // Not fast-check's own, whose class the comparison would tell from ours.
    fc.array(fc.nat(255), { maxLength: 9 }).map((bytes) => Uint8Array.from(bytes)),
    fc.tuple(fc.array(fc.integer()), fc.boolean()).map(([values, fixed]) => new AmfIntVector(values, fixed)),
    fc.tuple(fc.array(fc.nat()), fc.boolean()).map(([values, fixed]) => new AmfUintVector(values, fixed)),
    fc.tuple(fc.array(fc.double()), fc.boolean()).map(([values, fixed]) => new AmfDoubleVector(values, fixed)),
    fc
      .tuple(fc.array(tie('value'), { maxLength: 3 }), fc.string(), fc.boolean())
      .map(([items, type, fixed]) => new AmfObjectVector(items, type, fixed)),
    fc
      .tuple(fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }), fc.boolean())
      .map(([entries, weak]) => new AmfDictionary(entries, weak)),
    tie('value').map((value) => new AmfExternalizable('flex.messaging.io.ObjectProxy', value)),
    tie('value').map((body) => new AmfExternalizable('DSK', new AmfObject([['body', body]]))),
  ),
}));

describe('AMF3 properties', () => {
  it('decode(encode(values)) gives the values, and encoding those the bytes', () => {
    fc.assert(
      fc.property(fc.array(amfValue, { maxLength: 4 }), (values) => {
        const bytes = encodeAmf3(values);
        const decoded = decodeAmf3(bytes);
        expect(decoded).toStrictEqual(values);
        expect(encodeAmf3(decoded)).toEqual(bytes);
      }),
      seeded,
    );
  });

  it('graphs of shared and cyclic objects keep their shape', () => {
    const edges = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 20 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const nodes = Array.from({ length: 6 }, () => new AmfObjectVector());
        for (const [from, to] of pairs) nodes[from]?.items.push(nodes[to]);
        const bytes = encodeAmf3(nodes);
        const decoded = decodeAmf3(bytes) as AmfObjectVector[];
        for (const [i, node] of nodes.entries()) {
          const targets = decoded[i]?.items.map((target) => decoded.indexOf(target as AmfObjectVector));
          expect(targets).toEqual(node.items.map((target) => nodes.indexOf(target as AmfObjectVector)));
        }
        expect(encodeAmf3(decoded)).toEqual(bytes);
      }),
      seeded,
    );
  });
});

/** Decodes; where that works, encoding must, too, and from then on mean the same. */
function expectBounded(bytes: Uint8Array): void {
  let values: AmfValue[];
  try {
    values = decodeAmf3(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(RtmpRemoteError);
    const { code, offset } = error as RtmpRemoteError;
    expect(code).toMatch(/^ERR_AMF3_/);
    if (offset !== undefined) {
      expect(offset).toBeGreaterThanOrEqual(0);
      expect(offset).toBeLessThanOrEqual(bytes.length);
    }
    return;
  }
  expect(() => JSON.stringify(amfToPlain(values))).not.toThrow();
  const canonical = encodeAmf3(values);
  expect(encodeAmf3(decodeAmf3(canonical))).toEqual(canonical);
}

describe('hostile AMF3', () => {
  for (const { name, hex, code, offset } of hostileAmf3) {
    it(`refuses: ${name}`, () => {
      let error: unknown;
      try {
        decodeAmf3(fromHex(hex));
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(RtmpRemoteError);
      expect(error).toMatchObject({ code, offset });
    });
  }

  it('any bytes give values that encode again, or an RtmpRemoteError of AMF3', () => {
    const known = [...amf3Vectors, ...hostileAmf3].map(({ hex }) => fromHex(hex)).filter(({ length }) => length < 500);
    const mutated = fc
      .tuple(
        fc.constantFrom(...known),
        fc.constantFrom(...known),
        fc.array(fc.tuple(fc.nat(), fc.oneof(fc.nat({ max: 0x12 }), fc.nat({ max: 0xff }))), { maxLength: 6 }),
        fc.nat(),
      )
      .map(([first, second, changes, cut]) => {
        const bytes = new Uint8Array(first.length + second.length);
        bytes.set(first);
        bytes.set(second, first.length);
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes.subarray(0, bytes.length - (cut % 4 === 0 ? cut % (bytes.length + 1) : 0));
      });
    const anyBytes = fc.uint8Array({ maxLength: 64 });
    const markers = fc.array(fc.nat({ max: 0x12 }), { maxLength: 64 }).map((bytes) => Uint8Array.from(bytes));
    fc.assert(fc.property(fc.oneof(mutated, mutated, anyBytes, markers), expectBounded), { ...seeded, numRuns: 4000 });
  });

  it('takes any depth that its limits allow', () => {
    const depth = 50_000;
    const bytes = fromHex(`${'090301'.repeat(depth)}01`);
    const values = decodeAmf3(bytes, { maxDepth: depth, maxElements: depth + 1 });
    expect(encodeAmf3(values)).toEqual(bytes);
    const lists = fromHex(`0a0737666c65782e6d6573736167696e672e696f2e41727261794c697374${'0a01'.repeat(depth)}`);
    expect(() => decodeAmf3(lists, { maxDepth: depth, maxElements: depth + 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_AMF3_TOO_DEEP' }),
    );
  });

  it('refuses to write externalizable objects as deep as would take the stack', () => {
    let value: AmfValue = null;
    for (let i = 0; i < 100_000; i += 1) value = new AmfExternalizable('flex.messaging.io.ArrayList', value);
    expect(() => encodeAmf3([value])).toThrow(RtmpUsageError);
  });
});
