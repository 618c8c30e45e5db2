import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { amf0ErrorVectors, amf0Vectors, fromHex } from './amf0.vectors.js';
import {
  Amf0Decoder,
  Amf0Encoder,
  Amf3Value,
  AmfDate,
  AmfEcmaArray,
  type AmfInput,
  type AmfLimits,
  AmfObject,
  AmfUnsupported,
  type AmfValue,
  AmfXmlDocument,
  decodeAmf0,
  encodeAmf0,
} from './index.js';

const seeded = { seed: 2_0260, numRuns: 200 };

function remoteErrorOf(bytes: Uint8Array, limits: Partial<AmfLimits> = {}): RtmpRemoteError {
  try {
    decodeAmf0(bytes, limits);
  } catch (error) {
    if (error instanceof RtmpRemoteError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function usageCodeOf(values: readonly unknown[]): string {
  try {
    encodeAmf0(values as readonly AmfInput[]);
  } catch (error) {
    if (error instanceof RtmpUsageError) return error.code;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function withoutCount(values: readonly AmfValue[]): AmfValue[] {
  // A vector's ECMA array may leave the count to the encoder; the decoder always tells it.
  return decodeAmf0(encodeAmf0(values));
}

/** 0A 00000001 nested `depth` times around a null. */
function nestedArrays(depth: number): Uint8Array {
  const bytes = new Uint8Array(5 * depth + 1);
  for (let i = 0; i < depth; i += 1) bytes.set([0x0a, 0, 0, 0, 1], 5 * i);
  bytes[5 * depth] = 0x05;
  return bytes;
}

describe('AMF0 vectors', () => {
  for (const vector of amf0Vectors) {
    describe(vector.name, () => {
      const bytes = fromHex(vector.hex);
      const encoded = fromHex(vector.encodedHex ?? vector.hex);

      it('encodes', () => {
        expect(encodeAmf0(vector.values)).toEqual(encoded);
      });

      it('decodes', () => {
        const values = decodeAmf0(bytes);
        expect(values.length).toBe(vector.values.length);
        if (vector.encodedHex === undefined) expect(encodeAmf0(values)).toEqual(bytes);
        expect(withoutCount(values)).toStrictEqual(withoutCount(vector.values));
      });

      it('decodes value by value, from anywhere in a buffer', () => {
        const padded = new Uint8Array(bytes.length + 6);
        padded.set(bytes, 3);
        const reader = new ByteReader(padded.subarray(1, bytes.length + 3), 2);
        const decoder = new Amf0Decoder(reader);
        const values: AmfValue[] = [];
        while (reader.remaining > 0) values.push(decoder.readValue());
        expect(values).toStrictEqual(decodeAmf0(bytes));
      });

      it('cut anywhere, gives the values before the cut or says that it is truncated', () => {
        const whole = decodeAmf0(bytes);
        const step = bytes.length > 1000 ? 9973 : 1;
        for (let length = 0; length < bytes.length; length += step) {
          const prefix = bytes.subarray(0, length);
          try {
            expect(decodeAmf0(prefix).length).toBeLessThanOrEqual(whole.length);
          } catch (error) {
            expect(error).toBeInstanceOf(RtmpRemoteError);
            expect(error).toMatchObject({
              code: expect.stringMatching(/^ERR_AMF[03]_TRUNCATED$/),
              offset: expect.any(Number),
            });
          }
        }
      });
    });
  }

  for (const vector of amf0ErrorVectors) {
    it(`refuses: ${vector.name}`, () => {
      const { code, offset } = remoteErrorOf(fromHex(vector.hex));
      expect({ code, offset }).toEqual({ code: vector.code, offset: vector.offset });
    });
  }
});

describe('AMF0 decoder', () => {
  it('tells the declared count of an ECMA array', () => {
    const [array] = decodeAmf0(fromHex('08 00000007 000009'));
    expect(array).toBeInstanceOf(AmfEcmaArray);
    expect((array as AmfEcmaArray).declaredCount).toBe(7);
  });

  it('gives one and the same object for a reference', () => {
    const [first, second] = decodeAmf0(fromHex('03 0004 73656c66 07 0000 000009 07 0000'));
    expect(second).toBe(first);
    expect((first as AmfObject).get('self')).toBe(first);
  });

  it('leaves every prototype alone', () => {
    const [object] = decodeAmf0(fromHex('03 0009 5f5f70726f746f5f5f 03 0008 706f6c6c75746564 0101 000009 000009'));
    expect('polluted' in {}).toBe(false);
    expect(Object.getPrototypeOf(object)).toBe(AmfObject.prototype);
  });

  it('allows the depth of its limit and no more', () => {
    expect(() => decodeAmf0(nestedArrays(64))).not.toThrow();
    const error = remoteErrorOf(nestedArrays(65));
    expect(error.code).toBe('ERR_AMF0_TOO_DEEP');
    expect(error.offset).toBe(64 * 5);
    expect(remoteErrorOf(nestedArrays(1), { maxDepth: 0 }).code).toBe('ERR_AMF0_TOO_DEEP');
    expect(decodeAmf0(nestedArrays(0), { maxDepth: 0 })).toEqual([null]);
  });

  it('decodes and encodes any depth that its limits allow', () => {
    const depth = 50_000;
    const bytes = nestedArrays(depth);
    const values = decodeAmf0(bytes, { maxDepth: depth, maxElements: depth + 1 });
    expect(encodeAmf0(values)).toEqual(bytes);
    const endless = remoteErrorOf(bytes.subarray(0, -1), { maxDepth: depth, maxElements: depth + 1 });
    expect(endless.code).toBe('ERR_AMF0_TRUNCATED');
  });

  it('counts all values of a message, in whatever they are', () => {
    const values = encodeAmf0([null, [1, 2], { a: 'b' }]);
    expect(decodeAmf0(values, { maxElements: 6 }).length).toBe(3);
    expect(remoteErrorOf(values, { maxElements: 5 })).toMatchObject({
      code: 'ERR_AMF0_TOO_MANY_ELEMENTS',
      offset: values.length - 7,
    });
    expect(remoteErrorOf(new Uint8Array(65_537).fill(5))).toMatchObject({
      code: 'ERR_AMF0_TOO_MANY_ELEMENTS',
      offset: 65_536,
    });
  });

  it('refuses the count of a strict array that its limit cannot hold before reading an element', () => {
    const bytes = new Uint8Array(70_005).fill(5);
    bytes.set(fromHex('0a 00011170'));
    expect(remoteErrorOf(bytes)).toMatchObject({ code: 'ERR_AMF0_TOO_MANY_ELEMENTS', offset: 0 });
  });

  it('refuses more bytes than its limit', () => {
    expect(decodeAmf0(fromHex('05 05'), { maxBytes: 2 })).toEqual([null, null]);
    expect(remoteErrorOf(fromHex('05 05'), { maxBytes: 1 })).toMatchObject({ code: 'ERR_AMF0_TOO_LARGE', offset: 0 });
  });

  it('refuses limits that are none', () => {
    for (const limits of [{ maxDepth: -1 }, { maxElements: 1.5 }, { maxBytes: Number.NaN }]) {
      expect(() => decodeAmf0(fromHex('05'), limits)).toThrow(RtmpUsageError);
    }
  });

  it('shares its limits with the AMF3 inside', () => {
    const values = encodeAmf0([null, new Amf3Value([1, [2]]), true]);
    expect(decodeAmf0(values, { maxElements: 6, maxDepth: 2 })).toEqual([null, [1, [2]], true]);
    expect(remoteErrorOf(values, { maxElements: 5 })).toMatchObject({ code: 'ERR_AMF0_TOO_MANY_ELEMENTS' });
    expect(remoteErrorOf(values, { maxElements: 4 })).toMatchObject({ code: 'ERR_AMF3_TOO_MANY_ELEMENTS' });
    expect(remoteErrorOf(values, { maxDepth: 1 })).toMatchObject({ code: 'ERR_AMF3_TOO_DEEP' });
    expect(remoteErrorOf(encodeAmf0([[[new Amf3Value([])]]]), { maxDepth: 2 }).code).toBe('ERR_AMF3_TOO_DEEP');
  });
});

describe('AMF0 encoder', () => {
  it('takes plain objects, dates, read-only arrays and undefined members', () => {
    const input = { a: 1, b: [true, undefined] as const, c: new Date(5), d: { e: undefined }, f: Object.create(null) };
    expect(decodeAmf0(encodeAmf0([input]))).toStrictEqual([
      new AmfObject([
        ['a', 1],
        ['b', [true, undefined]],
        ['c', new AmfDate(5)],
        ['d', new AmfObject([['e', undefined]])],
        ['f', new AmfObject()],
      ]),
    ]);
  });

  it('writes the gaps of a sparse array as undefined', () => {
    const sparse: AmfValue[] = [];
    sparse[2] = null;
    expect(encodeAmf0([sparse])).toEqual(fromHex('0a 00000003 06 06 05'));
  });

  it('refers to plain objects and arrays that it has written', () => {
    const list: AmfInput[] = [];
    const plain = { list };
    list.push(plain, plain);
    const [decoded, again] = decodeAmf0(encodeAmf0([plain, list]));
    expect(again).toBe((decoded as AmfObject).get('list'));
    expect((again as AmfValue[])[0]).toBe(decoded);
    expect((again as AmfValue[])[1]).toBe(decoded);
  });

  it('writes a member named __proto__ as any other', () => {
    const input = JSON.parse('{"__proto__": {"a": 1}}');
    expect(decodeAmf0(encodeAmf0([input]))).toStrictEqual([new AmfObject([['__proto__', new AmfObject([['a', 1]])]])]);
  });

  it('shares references between the values of one encoder', () => {
    const writer = new ByteWriter();
    const encoder = new Amf0Encoder(writer);
    const object = new AmfObject();
    encoder.writeValue(object);
    encoder.writeValue([object]);
    expect(writer.finish()).toEqual(fromHex('03 000009 0a 00000001 07 0000'));
  });

  it('refuses what AMF0 cannot carry', () => {
    for (const value of [() => 1, Symbol('s'), 1n, new Map(), new Uint8Array(1), /x/, new Error('x'), Object(1)]) {
      expect(usageCodeOf([value])).toBe('ERR_AMF0_NOT_ENCODABLE');
      expect(usageCodeOf([{ a: [value] }])).toBe('ERR_AMF0_NOT_ENCODABLE');
    }
    expect(usageCodeOf([new AmfDate(0, 40_000)])).toBe('ERR_AMF0_NOT_ENCODABLE');
    expect(usageCodeOf([new AmfDate(0, 0.5)])).toBe('ERR_AMF0_NOT_ENCODABLE');
    expect(usageCodeOf([new AmfEcmaArray([], -1)])).toBe('ERR_AMF0_NOT_ENCODABLE');
  });

  it('refuses names that do not fit their length field', () => {
    const name = '€'.repeat(21_846);
    expect(usageCodeOf([{ [name]: 1 }])).toBe('ERR_AMF0_NAME_TOO_LONG');
    expect(usageCodeOf([new AmfObject([[name, 1]])])).toBe('ERR_AMF0_NAME_TOO_LONG');
    expect(usageCodeOf([new AmfObject([], name)])).toBe('ERR_AMF0_NAME_TOO_LONG');
    expect(() => encodeAmf0([{ ['a'.repeat(65_535)]: 1 }])).not.toThrow();
  });

  it('refers to the first 65,536 objects only', () => {
    const objects = Array.from({ length: 65_536 }, () => new AmfObject());
    const limits = { maxElements: 70_000 };
    // The array itself has index 0.
    const values = decodeAmf0(encodeAmf0([[...objects, objects[65_534]]]), limits)[0] as AmfValue[];
    expect(values[65_536]).toBe(values[65_534]);
    expect(usageCodeOf([[...objects, objects[65_535]]])).toBe('ERR_AMF0_TOO_MANY_OBJECTS');
  });

  it('writes in AMF3 what it is asked to, and nothing else', () => {
    const shared = new AmfObject([['a', new Uint8Array([1, 2])]]);
    const bytes = encodeAmf0([1, new Amf3Value(1), { in: new Amf3Value(shared) }, [new Amf3Value(shared)]]);
    expect(bytes).toEqual(
      fromHex(`00 3ff0000000000000 11 04 01
               03 0002 696e 11 0a 0b 01 03 61 0c 05 0102 01 000009 0a 00000001 11 0a 00`),
    );
    expect(usageCodeOf([shared])).toBe('ERR_AMF0_NOT_ENCODABLE');
  });

  it('names the elements of an array with names by their index', () => {
    expect(encodeAmf0([new AmfEcmaArray([['a', true]], undefined, [null])])).toEqual(
      fromHex('08 00000002 0001 30 05 0001 61 0101 000009'),
    );
  });

  it('stops where repeated text would grow beyond any message', () => {
    const text = 'a'.repeat(1024 * 1024);
    const values = decodeAmf0(encodeAmf0([new Amf3Value(Array.from({ length: 1000 }, () => text))]));
    expect(usageCodeOf(values)).toBe('ERR_AMF0_TOO_LARGE');
  });

  it('writes unpaired surrogates as U+FFFD', () => {
    expect(decodeAmf0(encodeAmf0(['a\ud800']))).toEqual(['a\ufffd']);
    const long = '\udc00'.repeat(21_846);
    expect(decodeAmf0(encodeAmf0([long]))).toEqual(['\ufffd'.repeat(21_846)]);
  });
});

const { value: amfValue } = fc.letrec<{ value: AmfValue; properties: [string, AmfValue][] }>((tie) => ({
  properties: fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), tie('value')), {
    selector: ([name]) => name,
    maxLength: 4,
  }),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.double(), fc.boolean(), fc.string({ unit: 'grapheme' }), fc.constant(null), fc.constant(undefined)),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('properties').map((properties) => new AmfObject(properties)),
    fc.tuple(tie('properties'), fc.string()).map(([properties, name]) => new AmfObject(properties, name)),
    fc
      .tuple(tie('properties'), fc.nat({ max: 0xffff_ffff }))
      .map(([properties, count]) => new AmfEcmaArray(properties, count)),
    fc.tuple(fc.double(), fc.integer({ min: -0x8000, max: 0x7fff })).map(([ms, zone]) => new AmfDate(ms, zone)),
    fc.string().map((text) => new AmfXmlDocument(text)),
    fc.constant(null).map(() => new AmfUnsupported()),
  ),
}));

describe('AMF0 properties', () => {
  it('decode(encode(values)) gives the values, and encoding those the bytes', () => {
    fc.assert(
      fc.property(fc.array(amfValue, { maxLength: 4 }), (values) => {
        const bytes = encodeAmf0(values);
        const decoded = decodeAmf0(bytes);
        expect(decoded).toStrictEqual(values);
        expect(encodeAmf0(decoded)).toEqual(bytes);
      }),
      seeded,
    );
  });

  it('graphs of shared and cyclic objects keep their shape', () => {
    const edges = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 20 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const nodes: AmfValue[][] = Array.from({ length: 6 }, () => []);
        for (const [from, to] of pairs) nodes[from]?.push(nodes[to]);
        const bytes = encodeAmf0(nodes);
        const decoded = decodeAmf0(bytes) as AmfValue[][];
        for (const [i, node] of nodes.entries()) {
          const targets = decoded[i]?.map((target) => decoded.indexOf(target as AmfValue[]));
          expect(targets).toEqual(node.map((target) => nodes.indexOf(target as AmfValue[])));
        }
        expect(encodeAmf0(decoded)).toEqual(bytes);
      }),
      seeded,
    );
  });

  it('any bytes give values that encode again, or an RtmpRemoteError of AMF', () => {
    const short = amf0Vectors.map((vector) => fromHex(vector.hex)).filter((bytes) => bytes.length < 1000);
    const mutated = fc
      .tuple(
        fc.constantFrom(...short),
        fc.constantFrom(...short),
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
    fc.assert(
      fc.property(fc.oneof(mutated, mutated, anyBytes, markers), (bytes) => {
        let values: AmfValue[];
        try {
          values = decodeAmf0(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RtmpRemoteError);
          const { code, offset } = error as RtmpRemoteError;
          expect(code).toMatch(/^ERR_AMF[03]_/);
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset).toBeLessThanOrEqual(bytes.length);
          return;
        }
        // Not always the same bytes (a name given twice, a NaN with a payload), but ones that mean the same from here on.
        let canonical: Uint8Array;
        try {
          canonical = encodeAmf0(values);
        } catch (error) {
          // Behind the marker 0x11 there may be what AMF0 has not.
          expect(error).toMatchObject({ name: 'RtmpUsageError', code: 'ERR_AMF0_NOT_ENCODABLE' });
          return;
        }
        expect(encodeAmf0(decodeAmf0(canonical))).toEqual(canonical);
      }),
      { ...seeded, numRuns: 3000 },
    );
  });
});
