import { AmfDate, AmfEcmaArray, AmfObject, AmfUnsupported, type AmfValue, AmfXmlDocument } from './value.js';

export interface Amf0Vector {
  readonly name: string;
  /** The clause, or the software and version whose bytes these are. */
  readonly source: string;
  readonly hex: string;
  readonly values: readonly AmfValue[];
  /** What encoding the values gives; absent: `hex` itself. */
  readonly encodedHex?: string;
}

export interface Amf0ErrorVector {
  readonly name: string;
  readonly source: string;
  readonly hex: string;
  readonly code: string;
  readonly offset: number;
}

export function fromHex(hex: string): Uint8Array {
  const digits = hex.replace(/\s+/g, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

const cyclicObject = new AmfObject();
cyclicObject.properties.set('self', cyclicObject);

const cyclicArray: AmfValue[] = [];
cyclicArray.push(new AmfObject([['all', cyclicArray]]));

const shared = new AmfObject([['n', 1]]);
const sharedEcmaArray = new AmfEcmaArray([['a', true]]);
const sharedTyped = new AmfObject([], 'C');

/** `source` says `clause, constructed` where the bytes were worked out by hand from the clause. */
export const amf0Vectors: readonly Amf0Vector[] = [
  { name: 'nothing at all', source: 'AMF0 §2, constructed', hex: '', values: [] },
  { name: 'number', source: 'AMF0 §2.2, constructed', hex: '00 3ff0000000000000', values: [1] },
  { name: 'negative fraction', source: 'AMF0 §2.2, constructed', hex: '00 c004000000000000', values: [-2.5] },
  { name: 'negative zero', source: 'AMF0 §2.2, constructed', hex: '00 8000000000000000', values: [-0] },
  { name: 'NaN', source: 'AMF0 §2.2, constructed', hex: '00 7ff8000000000000', values: [Number.NaN] },
  { name: 'infinity', source: 'AMF0 §2.2, constructed', hex: '00 fff0000000000000', values: [-Infinity] },
  { name: 'true and false', source: 'AMF0 §2.3, constructed', hex: '0101 0100', values: [true, false] },
  { name: 'true as 0xff', source: 'AMF0 §2.3, constructed', hex: '01ff', values: [true], encodedHex: '0101' },
  { name: 'string', source: 'AMF0 §2.4, constructed', hex: '02 0004 6c697665', values: ['live'] },
  { name: 'empty string', source: 'AMF0 §2.4, constructed', hex: '02 0000', values: [''] },
  {
    name: 'string of one- to four-byte characters',
    source: 'AMF0 §1.3.1, constructed',
    hex: '02 000a 61 c3a9 e282ac f09f8eac',
    values: ['aé€🎬'],
  },
  {
    name: 'malformed UTF-8 becomes U+FFFD',
    source: 'AMF0 §1.3.1, constructed',
    hex: '02 0002 61ff',
    values: ['a\ufffd'],
    encodedHex: '02 0004 61efbfbd',
  },
  { name: 'byte order mark is kept', source: 'AMF0 §1.3.1, constructed', hex: '02 0003 efbbbf', values: ['\ufeff'] },
  { name: 'empty object', source: 'AMF0 §2.5, constructed', hex: '03 000009', values: [new AmfObject()] },
  {
    name: 'object in object',
    source: 'AMF0 §2.5, constructed',
    hex: '03 0001 61 03 0001 62 05 000009 0001 63 06 000009',
    values: [
      new AmfObject([
        ['a', new AmfObject([['b', null]])],
        ['c', undefined],
      ]),
    ],
  },
  {
    name: 'members named like parts of JavaScript',
    source: 'AMF0 §2.5, constructed',
    hex: '03 0009 5f5f70726f746f5f5f 03 0001 61 0101 000009 000b 636f6e7374727563746f72 05 000009',
    values: [
      new AmfObject([
        ['__proto__', new AmfObject([['a', true]])],
        ['constructor', null],
      ]),
    ],
  },
  {
    name: 'member with an empty name',
    source: 'AMF0 §2.5 (only an empty name before 09 ends the object), constructed',
    hex: '03 0000 05 000009',
    values: [new AmfObject([['', null]])],
  },
  {
    name: 'the last of two members of one name counts',
    source: 'AMF0 §2.5, constructed',
    hex: '03 0001 61 0100 0001 61 0101 000009',
    values: [new AmfObject([['a', true]])],
    encodedHex: '03 0001 61 0101 000009',
  },
  { name: 'null', source: 'AMF0 §2.7, constructed', hex: '05', values: [null] },
  { name: 'undefined', source: 'AMF0 §2.8, constructed', hex: '06', values: [undefined] },
  {
    name: 'object that holds itself',
    source: 'AMF0 §2.9, constructed',
    hex: '03 0004 73656c66 07 0000 000009',
    values: [cyclicObject],
  },
  {
    name: 'array that holds itself by way of an object',
    source: 'AMF0 §2.9, constructed',
    hex: '0a 00000001 03 0003 616c6c 07 0000 000009',
    values: [cyclicArray],
  },
  {
    name: 'object that two values share',
    source: 'AMF0 §2.9, constructed',
    hex: '03 0001 6e 00 3ff0000000000000 000009 07 0000',
    values: [shared, shared],
  },
  {
    name: 'indices count arrays, ECMA arrays and typed objects, and not dates and XML',
    source: 'AMF0 §2.9, constructed',
    hex: `0a 00000007 0b 0000000000000000 0000 0f 00000000 08 00000001 0001 61 0101 000009
          10 0001 43 000009 07 0001 07 0002 07 0000`,
    values: [
      (() => {
        const items: AmfValue[] = [new AmfDate(0), new AmfXmlDocument(''), sharedEcmaArray, sharedTyped];
        items.push(sharedEcmaArray, sharedTyped, items);
        return items;
      })(),
    ],
  },
  {
    name: 'ECMA array',
    source: 'AMF0 §2.10, constructed',
    hex: '08 00000001 0001 30 0101 000009',
    values: [new AmfEcmaArray([['0', true]], 1)],
  },
  {
    name: 'ECMA array with a count too small',
    source: 'AMF0 §2.10 (the end marker decides), constructed',
    hex: '08 00000000 0001 30 0101 000009 05',
    values: [new AmfEcmaArray([['0', true]], 0), null],
  },
  {
    name: 'ECMA array with a count of 2^32 - 1',
    source: 'AMF0 §2.10 (the end marker decides), constructed',
    hex: '08 ffffffff 000009 05',
    values: [new AmfEcmaArray([], 0xffff_ffff), null],
  },
  {
    name: "ECMA array that the input's end closes",
    source: 'Envivio encoders, as a comment of nginx-rtmp 1.2.2 (ngx_rtmp_amf.c) reports, constructed',
    hex: '08 00000001 0001 30 0101',
    values: [new AmfEcmaArray([['0', true]], 1)],
    encodedHex: '08 00000001 0001 30 0101 000009',
  },
  {
    name: "ECMA arrays nested that the input's end closes",
    source: 'Envivio encoders, as a comment of nginx-rtmp 1.2.2 (ngx_rtmp_amf.c) reports, constructed',
    hex: '08 00000001 0001 30 08 00000000',
    values: [new AmfEcmaArray([['0', new AmfEcmaArray([], 0)]], 1)],
    encodedHex: '08 00000001 0001 30 08 00000000 000009 000009',
  },
  { name: 'empty strict array', source: 'AMF0 §2.12, constructed', hex: '0a 00000000', values: [[]] },
  {
    name: 'strict arrays with a gap',
    source: 'AMF0 §2.12 (gaps are undefined), constructed',
    hex: '0a 00000003 05 06 0a 00000001 0101 05',
    values: [[null, undefined, [true]], null],
  },
  {
    name: 'date',
    source: 'AMF0 §2.13, constructed',
    hex: '0b 4270000000000000 0000',
    values: [new AmfDate(2 ** 40)],
  },
  {
    name: 'date with a time zone, before 1970',
    source: 'AMF0 §2.13 (reserved, kept all the same), constructed',
    hex: '0b bff8000000000000 ffc4',
    values: [new AmfDate(-1.5, -60)],
  },
  {
    name: 'long string',
    source: 'AMF0 §2.14, constructed',
    hex: `0c 00010000 ${'61'.repeat(65_536)}`,
    values: ['a'.repeat(65_536)],
  },
  {
    name: 'longest short string',
    source: 'AMF0 §2.4, constructed',
    hex: `02 ffff ${'61'.repeat(65_535)}`,
    values: ['a'.repeat(65_535)],
  },
  {
    name: 'long string of few characters',
    source: 'AMF0 §2.14 (bytes count, not characters), constructed',
    hex: `0c 00010002 ${'e282ac'.repeat(21_846)}`,
    values: ['€'.repeat(21_846)],
  },
  {
    name: 'longest short string of surrogate pairs',
    source: 'AMF0 §2.4 (a pair takes four bytes), constructed',
    hex: `02 fffc ${'f09f8eac'.repeat(16_383)}`,
    values: ['🎬'.repeat(16_383)],
  },
  {
    name: 'long string of surrogate pairs',
    source: 'AMF0 §2.14 (a pair takes four bytes), constructed',
    hex: `0c 00010000 ${'f09f8eac'.repeat(16_384)}`,
    values: ['🎬'.repeat(16_384)],
  },
  {
    name: 'long string that could be short',
    source: 'AMF0 §2.14, constructed',
    hex: '0c 00000002 6869',
    values: ['hi'],
    encodedHex: '02 0002 6869',
  },
  { name: 'unsupported', source: 'AMF0 §2.15, constructed', hex: '0d 05', values: [new AmfUnsupported(), null] },
  {
    name: 'XML document',
    source: 'AMF0 §2.17, constructed',
    hex: '0f 00000004 3c612f3e',
    values: [new AmfXmlDocument('<a/>')],
  },
  {
    name: 'typed object',
    source: 'AMF0 §2.18, constructed',
    hex: '10 0003 612e42 0001 78 0100 000009',
    values: [new AmfObject([['x', false]], 'a.B')],
  },
  {
    name: 'typed object without a name',
    source: 'AMF0 §2.18, constructed',
    hex: '10 0000 000009',
    values: [new AmfObject([], '')],
  },
  {
    name: 'AMF3 between values of AMF0',
    source: 'AMF0 §3.1, Errata §7.2, constructed',
    hex: '05 11 04 05 00 3ff0000000000000',
    values: [null, 5, 1],
    encodedHex: '05 00 4014000000000000 00 3ff0000000000000',
  },
  {
    name: 'AMF3 in an object and in an array of AMF0',
    source: 'AMF0 §3.1, constructed; the array as in BlazeDS, whose request bodies are strict arrays',
    hex: '03 0001 61 11 03 000009 0a 00000002 11 06 03 62 0101',
    values: [new AmfObject([['a', true]]), ['b', true]],
    encodedHex: '03 0001 61 0101 000009 0a 00000002 02 0001 62 0101',
  },
  {
    name: 'AMF3 values that share strings, traits and objects, and not those of AMF0',
    source: 'AMF3 §4.1 (tables are reset with the message), constructed; Red5 and BlazeDS read it so',
    hex: '11 0a 0b 01 03 61 06 03 62 01 11 06 02 11 0a 01 00 01 01 11 0a 00 03 000009 07 0000',
    values: (() => {
      const first = new AmfObject([['a', 'b']]);
      const last = new AmfObject();
      return [first, 'b', new AmfObject([['a', null]]), first, last, last];
    })(),
    encodedHex: `03 0001 61 02 0001 62 000009 02 0001 62 03 0001 61 05 000009 07 0000 03 000009 07 0002`,
  },
  {
    name: 'connect of FFmpeg',
    source: 'FFmpeg 5.1.9, publishing to rtmp://127.0.0.1:35659/live, as captured',
    hex: `02 00 07 63 6f 6e 6e 65 63 74 00 3f f0 00 00 00 00 00 00 03 00 03 61 70 70 02 00 04 6c 69 76 65 00 04 74 79 70
          65 02 00 0a 6e 6f 6e 70 72 69 76 61 74 65 00 08 66 6c 61 73 68 56 65 72 02 00 24 46 4d 4c 45 2f 33 2e 30 20
          28 63 6f 6d 70 61 74 69 62 6c 65 3b 20 4c 61 76 66 35 39 2e 32 37 2e 31 30 30 29 00 05 74 63 55 72 6c 02 00
          1b 72 74 6d 70 3a 2f 2f 31 32 37 2e 30 2e 30 2e 31 3a 33 35 36 35 39 2f 6c 69 76 65 00 00 09`,
    values: [
      'connect',
      1,
      new AmfObject([
        ['app', 'live'],
        ['type', 'nonprivate'],
        ['flashVer', 'FMLE/3.0 (compatible; Lavf59.27.100)'],
        ['tcUrl', 'rtmp://127.0.0.1:35659/live'],
      ]),
    ],
  },
  {
    name: 'onMetaData of FFmpeg',
    source: 'FFmpeg 5.1.9, `-f lavfi -i testsrc=size=64x48:rate=10 -t 1 -c:v flv1 -f flv`, body of the first tag',
    hex: `02 00 0a 6f 6e 4d 65 74 61 44 61 74 61 08 00 00 00 08 00 08 64 75 72 61 74 69 6f 6e 00 3f f0 00 00 00 00 00 00
          00 05 77 69 64 74 68 00 40 50 00 00 00 00 00 00 00 06 68 65 69 67 68 74 00 40 48 00 00 00 00 00 00 00 0d 76
          69 64 65 6f 64 61 74 61 72 61 74 65 00 40 68 6a 00 00 00 00 00 00 09 66 72 61 6d 65 72 61 74 65 00 40 24 00
          00 00 00 00 00 00 0c 76 69 64 65 6f 63 6f 64 65 63 69 64 00 40 00 00 00 00 00 00 00 00 07 65 6e 63 6f 64 65
          72 02 00 0d 4c 61 76 66 35 39 2e 32 37 2e 31 30 30 00 08 66 69 6c 65 73 69 7a 65 00 40 b1 63 00 00 00 00 00
          00 00 09`,
    values: [
      'onMetaData',
      new AmfEcmaArray(
        [
          ['duration', 1],
          ['width', 64],
          ['height', 48],
          ['videodatarate', 195.3125],
          ['framerate', 10],
          ['videocodecid', 2],
          ['encoder', 'Lavf59.27.100'],
          ['filesize', 4451],
        ],
        8,
      ),
    ],
  },
];

export const amf0ErrorVectors: readonly Amf0ErrorVector[] = [
  { name: 'movie clip', source: 'AMF0 §2.6', hex: '05 04', code: 'ERR_AMF0_RESERVED_MARKER', offset: 1 },
  { name: 'record set', source: 'AMF0 §2.16', hex: '0e', code: 'ERR_AMF0_RESERVED_MARKER', offset: 0 },
  { name: 'lone end marker', source: 'AMF0 §2.11', hex: '09', code: 'ERR_AMF0_UNEXPECTED_OBJECT_END', offset: 0 },
  {
    name: 'end marker as a member',
    source: 'AMF0 §2.11',
    hex: '03 0001 61 09',
    code: 'ERR_AMF0_UNEXPECTED_OBJECT_END',
    offset: 4,
  },
  {
    name: 'end marker in a strict array',
    source: 'AMF0 §2.11',
    hex: '0a 00000003 000009',
    code: 'ERR_AMF0_TRUNCATED',
    offset: 6,
  },
  { name: 'marker 12', source: 'AMF0 §2.1', hex: '12', code: 'ERR_AMF0_UNKNOWN_MARKER', offset: 0 },
  { name: 'marker ff', source: 'AMF0 §2.1', hex: '05 05 ff', code: 'ERR_AMF0_UNKNOWN_MARKER', offset: 2 },
  { name: 'half a number', source: 'AMF0 §2.2', hex: '00 3ff0', code: 'ERR_AMF0_TRUNCATED', offset: 1 },
  { name: 'boolean without a value', source: 'AMF0 §2.3', hex: '01', code: 'ERR_AMF0_TRUNCATED', offset: 1 },
  { name: 'string beyond the end', source: 'AMF0 §2.4', hex: '02 0005 61', code: 'ERR_AMF0_TRUNCATED', offset: 3 },
  {
    name: 'long string beyond the end',
    source: 'AMF0 §2.14',
    hex: '0c ffffffff',
    code: 'ERR_AMF0_TRUNCATED',
    offset: 5,
  },
  {
    name: 'object without an end',
    source: 'AMF0 §2.5',
    hex: '03 0001 61 05',
    code: 'ERR_AMF0_TRUNCATED',
    offset: 5,
  },
  { name: 'name and no value', source: 'AMF0 §2.5', hex: '03 0001 61', code: 'ERR_AMF0_TRUNCATED', offset: 4 },
  {
    name: 'ECMA array without an end in an object without an end',
    source: 'AMF0 §2.10',
    hex: '03 0001 61 08 00000000',
    code: 'ERR_AMF0_TRUNCATED',
    offset: 9,
  },
  {
    name: 'ECMA array cut within its end marker',
    source: 'AMF0 §2.11',
    hex: '08 00000000 00',
    code: 'ERR_AMF0_TRUNCATED',
    offset: 5,
  },
  {
    name: 'ECMA array cut after the empty name',
    source: 'AMF0 §2.11',
    hex: '08 00000000 0000',
    code: 'ERR_AMF0_TRUNCATED',
    offset: 7,
  },
  {
    name: 'strict array of 2^32 - 1 elements in no bytes',
    source: 'AMF0 §2.12',
    hex: '0a ffffffff 05',
    code: 'ERR_AMF0_TRUNCATED',
    offset: 0,
  },
  { name: 'reference to nothing', source: 'AMF0 §2.9', hex: '07 0000', code: 'ERR_AMF0_BAD_REFERENCE', offset: 0 },
  {
    name: 'reference to an object that comes later',
    source: 'AMF0 §2.9',
    hex: '0a 00000002 07 0001 03 000009',
    code: 'ERR_AMF0_BAD_REFERENCE',
    offset: 5,
  },
  { name: 'AMF3 cut short', source: 'AMF0 §3.1', hex: '05 11 05 3ff0', code: 'ERR_AMF3_TRUNCATED', offset: 3 },
  { name: 'marker 11 and no value', source: 'AMF0 §3.1', hex: '11', code: 'ERR_AMF3_TRUNCATED', offset: 1 },
  {
    name: 'AMF3 that refers to an object of AMF0',
    source: 'AMF3 §2.2',
    hex: '03 000009 11 0a 00',
    code: 'ERR_AMF3_BAD_REFERENCE',
    offset: 5,
  },
];
