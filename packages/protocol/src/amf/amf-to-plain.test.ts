import { describe, expect, it } from 'vitest';
import {
  Amf3Bytes,
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  AmfUnsupported,
  type AmfValue,
  AmfXmlDocument,
  amfObject,
  amfToPlain,
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
        ['amf3', new Amf3Bytes(new Uint8Array(1))],
      ],
      'a.Class',
    );
    expect(JSON.stringify(amfToPlain(value))).toBe(
      '{"number":1.5,"boolean":false,"string":"text","null":null,"undefined":null,"array":[1,[2],{}],' +
        '"ecma":{"0":"zero"},"date":"1970-01-01T00:00:00.000Z","invalid":null,"xml":"<a/>","unsupported":null,"amf3":null}',
    );
    expect(amfToPlain(undefined)).toBe(null);
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
