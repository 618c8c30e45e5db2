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
  AmfUnsupported,
  type AmfValue,
  AmfXml,
  AmfXmlDocument,
  decodeAmf0,
} from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { encodeAmf0Form } from './amf0-form.js';

function formOf(value: AmfValue, length = 100): AmfValue {
  const encoded = encodeAmf0Form([value], length);
  if (encoded === undefined) throw new Error('no form');
  return decodeAmf0(encoded)[0];
}

describe('encodeAmf0Form', () => {
  it.each<[string, AmfValue]>([
    ['undefined', undefined],
    ['null', null],
    ['a boolean', false],
    ['a number', -0.5],
    ['text', 'ü'],
    ['a date', new AmfDate(5, 60)],
    ['an XML document', new AmfXmlDocument('<a/>')],
    ['unsupported', new AmfUnsupported()],
    ['an array', [1, ['a', null]]],
    ['a typed object', new AmfObject([['a', new AmfObject([['b', 1]])]], 'demo.Thing')],
    ['an ECMA array', new AmfEcmaArray([['a', 1]], 1)],
  ])('%s stays what it is', (_name, value) => {
    expect(formOf(value)).toEqual(value);
  });

  it.each<[string, AmfValue, AmfValue]>([
    ['XML: an XML document', new AmfXml('<a/>'), new AmfXmlDocument('<a/>')],
    ['bytes: base64', Uint8Array.of(1, 2, 0xff), 'AQL/'],
    ['a vector of integers: an array', new AmfIntVector([1, -2]), [1, -2]],
    ['a vector of unsigned ones', new AmfUintVector([2 ** 32 - 1]), [2 ** 32 - 1]],
    ['a vector of numbers', new AmfDoubleVector([0.5]), [0.5]],
    ['a vector of objects', new AmfObjectVector([new AmfObject([['a', 1]])], 'A'), [new AmfObject([['a', 1]])]],
    ['a dictionary: pairs', new AmfDictionary([[new AmfDate(1), Uint8Array.of(0)]]), [[new AmfDate(1), 'AA==']]],
    ['a collection: what is in it', new AmfExternalizable('flex.messaging.io.ArrayCollection', [1]), [1]],
    [
      'an array with items and names: an ECMA array of both',
      new AmfEcmaArray([['a', 1]], undefined, ['x']),
      new AmfEcmaArray(
        [
          ['0', 'x'],
          ['a', 1],
        ],
        2,
      ),
    ],
  ])('%s', (_name, value, form) => {
    expect(formOf(value)).toEqual(form);
  });

  it('keeps cycles, and what is there twice the same', () => {
    const object = new AmfObject();
    const vector = new AmfIntVector([1]);
    object.properties.set('self', object).set('a', vector).set('b', vector);
    const form = formOf(object);
    if (!(form instanceof AmfObject)) throw new Error('no object');
    expect(form.get('self')).toBe(form);
    expect(form.get('a')).toBe(form.get('b'));
    expect(form.get('a')).toEqual([1]);
  });

  it('ends a ring of externalizable objects', () => {
    const ring = new AmfExternalizable('flex.messaging.io.ObjectProxy');
    ring.body = ring;
    expect(formOf(ring)).toBeNull();
  });

  it('is none where it would be out of proportion, soon found out', () => {
    const text = 'a'.repeat(1000);
    expect(encodeAmf0Form([Array.from({ length: 4 }, () => text)], 100)).toBeDefined();
    const xml = new AmfXml(text);
    const bytes = new Uint8Array(1000);
    for (const length of [10, 60_000]) {
      for (const value of [text, xml, bytes]) {
        expect(encodeAmf0Form([Array.from({ length }, () => value)], 100)).toBeUndefined();
      }
      const names = Array.from({ length }, () => new AmfObject([[text, 1]]));
      expect(encodeAmf0Form(names, 100)).toBeUndefined();
    }
  });

  it('is none for a name that AMF0 has no room for, and for more than a message can hold', () => {
    expect(encodeAmf0Form([new AmfObject([['a'.repeat(70_000), 1]])], 70_000)).toBeUndefined();
    expect(encodeAmf0Form([new Uint8Array(13_000_000)], 13_000_000)).toBeUndefined();
  });
});
