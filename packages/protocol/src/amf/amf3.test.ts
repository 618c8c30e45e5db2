import { describe, expect, it } from 'vitest';
import { ByteReader, RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { fromHex } from './amf0.vectors.js';
import { amf3Vectors } from './amf3.vectors.js';
import {
  Amf3Decoder,
  Amf3Value,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfExternalizable,
  type AmfInput,
  AmfIntVector,
  AmfObject,
  AmfObjectVector,
  AmfUnsupported,
  type AmfValue,
  decodeAmf3,
  encodeAmf3,
} from './index.js';

describe('AMF3 vectors', () => {
  for (const vector of amf3Vectors) {
    describe(vector.name, () => {
      const bytes = fromHex(vector.hex);
      const encoded = fromHex(vector.encodedHex ?? vector.hex);

      it('encodes', () => {
        expect(encodeAmf3(vector.values)).toEqual(encoded);
      });

      it('decodes', () => {
        const values = decodeAmf3(bytes);
        expect(values).toStrictEqual(vector.values);
        expect(encodeAmf3(values)).toEqual(encoded);
      });

      it('decodes value by value, from anywhere in a buffer', () => {
        const padded = new Uint8Array(bytes.length + 6);
        padded.set(bytes, 3);
        const reader = new ByteReader(padded.subarray(1, bytes.length + 3), 2);
        const decoder = new Amf3Decoder(reader);
        const values: AmfValue[] = [];
        while (reader.remaining > 0) values.push(decoder.readValue());
        expect(values).toStrictEqual(decodeAmf3(bytes));
      });

      it('cut anywhere, gives the values before the cut or says that it is truncated', () => {
        const whole = decodeAmf3(bytes);
        for (let length = 0; length < bytes.length; length += 1) {
          try {
            expect(decodeAmf3(bytes.subarray(0, length)).length).toBeLessThanOrEqual(whole.length);
          } catch (error) {
            expect(error).toBeInstanceOf(RtmpRemoteError);
            expect(error).toMatchObject({ code: 'ERR_AMF3_TRUNCATED', offset: expect.any(Number) });
          }
        }
      });
    });
  }
});

function usageCodeOf(values: readonly unknown[]): string {
  try {
    encodeAmf3(values as readonly AmfInput[]);
  } catch (error) {
    if (error instanceof RtmpUsageError) return error.code;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('AMF3 decoder', () => {
  it('gives one and the same value for a reference', () => {
    const [array] = decodeAmf3(fromHex('09 09 01 0c 03 07 0c 02 08 01 0000000000000000 08 04'));
    const [first, second, date, again] = array as AmfValue[];
    expect(second).toBe(first);
    expect(again).toBe(date);
  });

  it('gives nothing that is a view of the input', () => {
    const bytes = fromHex('0c 05 0102');
    const [value] = decodeAmf3(bytes);
    bytes.fill(0);
    expect(value).toEqual(fromHex('0102'));
  });

  it('counts all values of a message, keys and members of vectors of objects too, and no numbers of vectors', () => {
    const values = encodeAmf3([
      null,
      new AmfObjectVector([1]),
      new AmfDictionary([['a', 'b']]),
      new AmfIntVector([1, 2]),
    ]);
    expect(decodeAmf3(values, { maxElements: 7 }).length).toBe(4);
    expect(() => decodeAmf3(values, { maxElements: 6 })).toThrow(
      expect.objectContaining({ code: 'ERR_AMF3_TOO_MANY_ELEMENTS' }),
    );
  });

  it('counts sealed names, too, over all traits', () => {
    const nested = fromHex('0a 23 01 01 01 0a 23 03 41 01 01 00 00 00');
    expect(decodeAmf3(nested, { maxElements: 4 + 1 }).length).toBe(1);
    const traits = fromHex('0a 23 01 01 01 0a 23 03 41 01 01 0a 23 03 42 01 01');
    expect(() => decodeAmf3(traits, { maxElements: 5 })).toThrow(
      expect.objectContaining({ code: 'ERR_AMF3_TOO_MANY_ELEMENTS' }),
    );
  });

  it('refuses more bytes than its limit, and limits that are none', () => {
    expect(decodeAmf3(fromHex('01 01'), { maxBytes: 2 })).toEqual([null, null]);
    expect(() => decodeAmf3(fromHex('01 01'), { maxBytes: 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_AMF3_TOO_LARGE', offset: 0 }),
    );
    expect(() => decodeAmf3(fromHex('01'), { maxDepth: -1 })).toThrow(RtmpUsageError);
  });
});

describe('AMF3 encoder', () => {
  it('takes plain objects, dates and read-only arrays, by reference where they are there again', () => {
    const date = new Date(5);
    const input = { a: [true, undefined] as const, b: date, c: date, d: Object.create(null) };
    const [decoded] = decodeAmf3(encodeAmf3([input]));
    expect(decoded).toStrictEqual(
      new AmfObject([
        ['a', [true, undefined]],
        ['b', new AmfDate(5)],
        ['c', new AmfDate(5)],
        ['d', new AmfObject()],
      ]),
    );
    expect((decoded as AmfObject).get('c')).toBe((decoded as AmfObject).get('b'));
    expect(encodeAmf3([input, input])).toEqual(Uint8Array.from([...encodeAmf3([input]), 0x0a, 0]));
  });

  it('seals the members of a typed object that has no traits of AMF3', () => {
    expect(encodeAmf3([new AmfObject([['a', true]], 'C')])).toEqual(fromHex('0a 13 03 43 03 61 03'));
  });

  it('writes what AMF3 has not as the nearest that it has', () => {
    expect(encodeAmf3([new AmfUnsupported(), new AmfDate(0, 60), new AmfEcmaArray([], 7)])).toEqual(
      fromHex('00 08 01 0000000000000000 09 01 01'),
    );
  });

  it('writes a sealed member that is missing as undefined', () => {
    expect(encodeAmf3([new AmfObject([], 'C', { sealed: ['a'], dynamic: false })])).toEqual(
      fromHex('0a 13 03 43 03 61 00'),
    );
  });

  it('writes the value of an Amf3Value', () => {
    expect(encodeAmf3([new Amf3Value(new Amf3Value([new Amf3Value(1)]))])).toEqual(fromHex('09 03 01 04 01'));
  });

  it('writes unpaired surrogates as U+FFFD', () => {
    expect(decodeAmf3(encodeAmf3(['a\ud800', '\udc00'.repeat(100)]))).toEqual(['a\ufffd', '\ufffd'.repeat(100)]);
  });

  it('keeps traits apart whose names look alike in a row', () => {
    const values = ['a,b', 'a', 'b'].map((name) => new AmfObject([[name, 1]], 'C'));
    values.push(
      new AmfObject(
        [
          ['a', 1],
          ['b', 2],
        ],
        'C',
      ),
    );
    expect(decodeAmf3(encodeAmf3(values)).map((value) => [...(value as AmfObject).properties.keys()])).toEqual([
      ['a,b'],
      ['a'],
      ['b'],
      ['a', 'b'],
    ]);
  });

  it('keeps apart objects of two classes that were given the same traits', () => {
    const traits = { sealed: ['a'], dynamic: false };
    const values = ['C', 'D', 'C'].map((name) => new AmfObject([['a', name]], name, traits));
    expect(decodeAmf3(encodeAmf3(values))).toStrictEqual(values);
  });

  it('writes objects with a long name and long members once, as they came', () => {
    // Looked at once for each object, the names would take hours.
    const traits = { sealed: ['n'.repeat(2_000_000)], dynamic: false };
    const className = 'C'.repeat(2_000_000);
    const values = Array.from({ length: 30_000 }, () => new AmfObject([], className, traits));
    const bytes = encodeAmf3(values);
    expect(bytes.length).toBeLessThan(4_200_000);
    const again = encodeAmf3(decodeAmf3(bytes));
    expect(again.length).toBe(bytes.length);
    expect(again.every((byte, at) => byte === bytes[at])).toBe(true);
  });

  it('refuses what AMF3 cannot carry', () => {
    for (const value of [() => 1, Symbol('s'), 1n, new Map(), new Uint16Array(1), /x/, new Error('x'), Object(1)]) {
      expect(usageCodeOf([value])).toBe('ERR_AMF3_NOT_ENCODABLE');
      expect(usageCodeOf([{ a: [value] }])).toBe('ERR_AMF3_NOT_ENCODABLE');
    }
    expect(usageCodeOf([{ '': 1 }])).toBe('ERR_AMF3_NOT_ENCODABLE');
    expect(usageCodeOf([new AmfEcmaArray([['', 1]])])).toBe('ERR_AMF3_NOT_ENCODABLE');
    const closed = new AmfObject([['b', 1]], 'C', { sealed: ['a'], dynamic: false });
    expect(usageCodeOf([closed])).toBe('ERR_AMF3_NOT_ENCODABLE');
    expect(usageCodeOf([new AmfExternalizable('Unknown', null)])).toBe('ERR_AMF3_NOT_ENCODABLE');
    expect(usageCodeOf([new AmfExternalizable('DSK', null)])).toBe('ERR_AMF3_NOT_ENCODABLE');
    expect(usageCodeOf([new AmfExternalizable('DSK', new AmfObject([['x', 1]]))])).toBe('ERR_AMF3_NOT_ENCODABLE');
  });
});
