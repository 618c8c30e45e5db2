import { describe, expect, it } from 'vitest';
import { RtmpUsageError } from '../bytes/index.js';
import { AmfDate, type AmfInput, AmfObject, type AmfValue, amfObject, encodeAmf0 } from './index.js';

describe('amfObject', () => {
  it('converts all the way down, in order', () => {
    const object = amfObject({ b: 1, a: { c: [new Date(7), { d: undefined }] } }, 'my.Class');
    expect(object).toStrictEqual(
      new AmfObject(
        [
          ['b', 1],
          ['a', new AmfObject([['c', [new AmfDate(7), new AmfObject([['d', undefined]])]]])],
        ],
        'my.Class',
      ),
    );
    expect([...object.properties.keys()]).toEqual(['b', 'a']);
  });

  it('takes values of the AMF classes as they are', () => {
    const inner = new AmfObject();
    expect(amfObject({ inner }).get('inner')).toBe(inner);
  });

  it('keeps shared and cyclic objects shared and cyclic', () => {
    const list: AmfInput[] = [];
    const input = { list, again: list };
    list.push(input);
    const object = amfObject(input);
    expect(object.get('again')).toBe(object.get('list'));
    expect((object.get('list') as AmfValue[])[0]).toBe(object);
    expect(encodeAmf0([object])).toEqual(encodeAmf0([input]));
  });

  it('takes a member named __proto__ as any other', () => {
    const object = amfObject(JSON.parse('{"__proto__": 1}'));
    expect(object).toStrictEqual(new AmfObject([['__proto__', 1]]));
  });

  it('takes any depth', () => {
    let input: AmfInput = null;
    for (let i = 0; i < 100_000; i += 1) input = [input];
    expect(() => amfObject({ input })).not.toThrow();
  });

  it('refuses what AMF cannot carry', () => {
    for (const value of [() => 1, Symbol('s'), 1n, new Map()]) {
      expect(() => amfObject({ a: [value as unknown as AmfInput] })).toThrow(RtmpUsageError);
    }
  });
});
