import { describe, expect, it } from 'vitest';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { fromHex } from './amf0.vectors.js';
import {
  Amf3Value,
  type AmfDecodeOptions,
  AmfExternalizable,
  AmfInstance,
  AmfObject,
  AmfRegistry,
  type AmfValue,
  decodeAmf0,
  decodeAmf3,
  encodeAmf0,
  encodeAmf3,
} from './index.js';

class Person extends AmfInstance {
  name: AmfValue = '';
  friend: AmfValue = null;
  greet(): string {
    return `I am ${String(this.name)}`;
  }
}

class Point extends AmfInstance {
  x = 0;
  y = 0;
}

const registry = new AmfRegistry().registerClass('app.Person', Person).registerClass('app.Point', Point, {
  fill(point, members) {
    const [x, y] = [members.get('x'), members.get('y')];
    if (typeof x !== 'number' || typeof y !== 'number') throw new TypeError('not a point');
    point.x = x;
    point.y = y;
  },
  members: ({ x, y }) => [
    ['x', x],
    ['y', y],
  ],
});

function codeOf(bytes: Uint8Array, options: AmfDecodeOptions, decode = decodeAmf3): string {
  try {
    decode(bytes, options);
  } catch (error) {
    if (error instanceof RtmpRemoteError) return error.code;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('AmfRegistry', () => {
  it.each([
    ['AMF0', encodeAmf0, decodeAmf0],
    ['AMF3', encodeAmf3, decodeAmf3],
  ])('makes instances of registered classes, in cycles too: %s', (_, encode, decode) => {
    const person = new Person();
    person.name = 'Ann';
    person.friend = person;
    const [decoded, again] = decode(encode([person, person], { registry }), { registry });
    expect(decoded).toBeInstanceOf(Person);
    expect(again).toBe(decoded);
    expect((decoded as Person).greet()).toBe('I am Ann');
    expect((decoded as Person).friend).toBe(decoded);
  });

  it('writes traits once for all instances of a class', () => {
    const points = [1, 2].map((x) => Object.assign(new Point(), { x }));
    expect(encodeAmf3(points, { registry })).toEqual(
      fromHex('0a 23 13 6170702e506f696e74 03 78 03 79 04 01 04 00 0a 01 04 02 04 00'),
    );
  });

  it('gives an object with its name for classes that are not registered', () => {
    const bytes = encodeAmf3([new Point()], { registry });
    const [decoded] = decodeAmf3(bytes);
    expect(decoded).toBeInstanceOf(AmfObject);
    expect((decoded as AmfObject).className).toBe('app.Point');
    expect(encodeAmf3([decoded])).toEqual(bytes);
    expect(() => encodeAmf3([new Point()])).toThrow(expect.objectContaining({ code: 'ERR_AMF3_NOT_ENCODABLE' }));
    expect(() => encodeAmf0([new Point()])).toThrow(expect.objectContaining({ code: 'ERR_AMF0_NOT_ENCODABLE' }));
  });

  it.each([
    'Object',
    'Function',
    'constructor',
    '__proto__',
    'prototype',
    'toString',
    'hasOwnProperty',
    'Map',
    'app.Person2',
    'app.person',
    'app.Person\0',
    'flex.messaging.io.ArrayCollection',
    'flex.messaging.io.arraycollection',
    'flex.messaging.io.ArrayCollection ',
    'DSK',
  ])('makes only an object with its name of the class %j', (name) => {
    const sent = new AmfObject([['a', 1]], name);
    for (const bytes of [encodeAmf0([sent]), encodeAmf0([new Amf3Value(sent)])]) {
      const [decoded] = decodeAmf0(bytes, { registry });
      expect(Object.getPrototypeOf(decoded)).toBe(AmfObject.prototype);
      expect((decoded as AmfObject).className).toBe(name);
      expect([...(decoded as AmfObject).properties]).toEqual([['a', 1]]);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it.each([
    'Object',
    'constructor',
    '__proto__',
    'app.Person',
    'flex.messaging.io.arraycollection',
    'flex.messaging.io.ArrayCollection\0',
  ])('refuses the externalizable class %j', (name) => {
    const bytes = [0x0a, 0x07, (name.length << 1) | 1, ...Array.from(name, (letter) => letter.charCodeAt(0)), 0x01];
    expect(codeOf(Uint8Array.from(bytes), { registry })).toBe('ERR_AMF3_UNKNOWN_EXTERNALIZABLE');
  });

  it('fills fields only: no methods, no prototype, nothing new', () => {
    const names = ['name', 'greet', '__proto__', 'constructor', 'extra'];
    const sent = new AmfObject(
      names.map((name) => [name, 'x']),
      'app.Person',
    );
    const [decoded] = decodeAmf3(encodeAmf3([sent]), { registry });
    expect(Object.getPrototypeOf(decoded)).toBe(Person.prototype);
    expect(Object.keys(decoded as Person)).toEqual(['name', 'friend']);
    expect((decoded as Person).greet()).toBe('I am x');
  });

  it('refuses the message when a class refuses its members', () => {
    const values = [new AmfObject([['x', 'not a number']], 'app.Point')];
    expect(codeOf(encodeAmf3(values), { registry })).toBe('ERR_AMF3_BAD_INSTANCE');
    expect(codeOf(encodeAmf0(values), { registry }, decodeAmf0)).toBe('ERR_AMF0_BAD_INSTANCE');
    expect(codeOf(encodeAmf0([new Amf3Value(values[0])]), { registry }, decodeAmf0)).toBe('ERR_AMF3_BAD_INSTANCE');
  });

  it('refuses an alias or a class that is taken', () => {
    const own = new AmfRegistry().registerClass('A', Person);
    const codec = { read: () => null, write: () => undefined };
    expect(() => own.registerClass('A', Point)).toThrow(RtmpUsageError);
    expect(() => own.registerClass('B', Person)).toThrow(RtmpUsageError);
    expect(() => own.registerExternalizable('A', codec)).toThrow(RtmpUsageError);
    expect(() => own.registerExternalizable('', codec)).toThrow(RtmpUsageError);
  });
});

/** RocketAMF 1.0.0, spec/fixtures/objects/amf3-externalizable.bin */
const rocketAmfExternalizable = fromHex(
  '0905010a072545787465726e616c697a61626c65546573744014000000000000401c0000000000000a01402a0000000000004014000000000000',
);

describe('externalizable objects', () => {
  it('are read and written by their codec', () => {
    const doubles = new AmfRegistry().registerExternalizable('ExternalizableTest', {
      read: (input) => [input.readFloat64(), input.readFloat64()],
      write: (output, body) => {
        for (const number of body as number[]) output.writeFloat64(number);
      },
    });
    const values = decodeAmf3(rocketAmfExternalizable, { registry: doubles });
    expect(values).toStrictEqual([
      [new AmfExternalizable('ExternalizableTest', [5, 7]), new AmfExternalizable('ExternalizableTest', [13, 5])],
    ]);
    expect(encodeAmf3(values, { registry: doubles })).toEqual(rocketAmfExternalizable);
    expect(codeOf(rocketAmfExternalizable, {})).toBe('ERR_AMF3_UNKNOWN_EXTERNALIZABLE');
  });

  it('may be instances of a class, in place of a built-in one too', () => {
    class Collection extends AmfInstance {
      source: AmfValue = null;
    }
    const collections = new AmfRegistry().registerClass('flex.messaging.io.ArrayCollection', Collection, {
      external: {
        read: (collection, input) => {
          collection.source = input.readObject();
        },
        write: (collection, output) => output.writeObject(collection.source),
      },
    });
    const bytes = encodeAmf3([new AmfExternalizable('flex.messaging.io.ArrayCollection', [1])]);
    const [decoded] = decodeAmf3(bytes, { registry: collections });
    expect(decoded).toBeInstanceOf(Collection);
    expect((decoded as Collection).source).toEqual([1]);
    expect(encodeAmf3([decoded], { registry: collections })).toEqual(bytes);
    expect(() => encodeAmf0([decoded], { registry: collections })).toThrow(RtmpUsageError);
  });

  it('have every kind of field at hand', () => {
    const all = new AmfRegistry().registerExternalizable('All', {
      read: (input) => [
        input.readUint8(),
        input.readUint16(),
        input.readUint32(),
        input.readUint29(),
        input.readBytes(2),
        input.readUtf8(2),
        input.readObject(),
      ],
      write: (output, body) => {
        const [uint8, uint16, uint32, uint29, bytes, text, value] = body as [
          number,
          number,
          number,
          number,
          Uint8Array,
          string,
          AmfValue,
        ];
        output.writeUint8(uint8);
        output.writeUint16(uint16);
        output.writeUint32(uint32);
        output.writeUint29(uint29);
        output.writeBytes(bytes);
        output.writeUtf8(text);
        output.writeObject(value);
      },
    });
    const values = [new AmfExternalizable('All', [1, 2, 3, 2 ** 29 - 1, fromHex('0405'), 'ab', ['c']])];
    const bytes = encodeAmf3(values, { registry: all });
    expect(bytes).toEqual(fromHex('0a 07 07 416c6c 01 0002 00000003 ffffffff 0405 6162 09 03 01 06 03 63'));
    expect(decodeAmf3(bytes, { registry: all })).toStrictEqual(values);
  });

  it('refuse the message when their codec throws or asks for nonsense', () => {
    const bytes = fromHex('0a 07 03 58 00 00');
    const reads: ((input: { readBytes(length: number): Uint8Array }) => AmfValue)[] = [
      () => {
        throw new Error('no');
      },
      (input) => input.readBytes(-1),
      (input) => input.readBytes(0.5),
      (input) => input.readBytes(Number.NaN),
    ];
    for (const read of reads) {
      const bad = new AmfRegistry().registerExternalizable('X', { read, write: () => undefined });
      expect(codeOf(bytes, { registry: bad })).toBe('ERR_AMF3_BAD_INSTANCE');
    }
    const greedy = new AmfRegistry().registerExternalizable('X', {
      read: (input) => input.readBytes(3),
      write: (output) => output.writeUint29(-1),
    });
    expect(codeOf(bytes, { registry: greedy })).toBe('ERR_AMF3_TRUNCATED');
    expect(() => encodeAmf3([new AmfExternalizable('X')], { registry: greedy })).toThrow(RtmpUsageError);
  });
});
