import { describe, expect, it } from 'vitest';
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
  amfObject,
  amfToPlain,
  amfToPlainWithin,
} from './index.js';

describe('amfToPlain', () => {
  it('gives JSON of every kind of value', () => {
    const value = new AmfObject(
      [
        ['number', 1.5],
        ['boolean', false],
        ['string', 'text'],
        ['null', null],
        ['undefined', undefined],
        ['array', [1, [2], new AmfObject()]],
        ['ecma', new AmfEcmaArray([['0', 'zero']], 9)],
        ['date', new AmfDate(0, 60)],
        ['invalid', new AmfDate(Number.NaN)],
        ['xml', new AmfXmlDocument('<a/>')],
        ['unsupported', new AmfUnsupported()],
      ],
      'a.Class',
    );
    expect(JSON.stringify(amfToPlain(value))).toBe(
      '{"number":1.5,"boolean":false,"string":"text","null":null,"undefined":null,"array":[1,[2],{}],' +
        '"ecma":{"0":"zero"},"date":"1970-01-01T00:00:00.000Z","invalid":null,"xml":"<a/>","unsupported":null}',
    );
    expect(amfToPlain(undefined)).toBe(null);
  });

  it('gives JSON of what only AMF3 has', () => {
    class Registered extends AmfInstance {
      readonly secret = 1;
    }
    const value = [
      new AmfXml('<b/>'),
      ...[0, 1, 2, 3].map((length) => new Uint8Array([0xfb, 0xef, 0xff]).subarray(0, length)),
      new AmfIntVector([-1, 2]),
      new AmfUintVector([4_000_000_000]),
      new AmfDoubleVector([0.5]),
      new AmfObjectVector([new AmfObject([['a', 1]])], 'A'),
      new AmfDictionary([[1, 'one']]),
      new AmfEcmaArray([['name', true]], undefined, ['first']),
      new AmfExternalizable('E', new AmfExternalizable('F', [7])),
      new Registered(),
    ];
    expect(JSON.stringify(amfToPlain(value))).toBe(
      '["<b/>","","+w==","++8=","++//",[-1,2],[4000000000],[0.5],[{"a":1}],[[1,"one"]],{"0":"first","name":true},[7],null]',
    );
  });

  it('cuts a ring of externalizable objects', () => {
    const first = new AmfExternalizable('A');
    first.body = new AmfExternalizable('B', first);
    expect(amfToPlain([first])).toEqual([null]);
  });

  it('repeats nothing beyond the length that it is given', () => {
    const list = ['x'.repeat(40), 'y'.repeat(40)];
    const value = [list, list, list];
    expect(amfToPlain(value)).toEqual(value);
    expect(amfToPlainWithin(value, 200)).toEqual([list, list, null]);
    expect(amfToPlainWithin(value, 0)).toEqual([list, null, null]);
  });

  it('bounds the JSON of long text, names and bytes that are there over and over', () => {
    const long = 'x'.repeat(1_000_000);
    const bytes = new Uint8Array(1_000_000);
    const object = Array.from({ length: 1000 }, () => new AmfObject([[long, 1]]));
    for (const repeated of [long, bytes, new AmfXml(long)]) {
      const value = Array.from({ length: 1000 }, () => repeated);
      expect(JSON.stringify(amfToPlain(value)).length).toBeLessThan(20_000_000);
    }
    expect(JSON.stringify(amfToPlain(object)).length).toBeLessThan(20_000_000);
  });

  it('makes objects without a prototype, so that __proto__ is a member', () => {
    const plain = amfToPlain(new AmfObject([['__proto__', new AmfObject([['polluted', true]])]]));
    expect(Object.getPrototypeOf(plain)).toBe(null);
    expect('polluted' in {}).toBe(false);
    expect(JSON.stringify(plain)).toBe('{"__proto__":{"polluted":true}}');
  });

  it('cuts cycles with null and keeps what is only shared', () => {
    const shared = amfObject({ n: 1 });
    const root = new AmfObject([
      ['a', shared],
      ['b', [shared]],
    ]);
    root.properties.set('self', root);
    expect(JSON.stringify(amfToPlain(root))).toBe('{"a":{"n":1},"b":[{"n":1}],"self":null}');
  });

  it('bounds the JSON of a value that refers to itself over and over', () => {
    let value: AmfValue[] = ['x'.repeat(1000)];
    for (let i = 0; i < 60; i += 1) value = [value, value];
    expect(JSON.stringify(amfToPlain(value)).length).toBeLessThan(20_000_000);
  });

  it('takes any depth', () => {
    let value: AmfValue = null;
    for (let i = 0; i < 100_000; i += 1) value = [value];
    expect(() => amfToPlain(value)).not.toThrow();
  });
});
