import { fromHex } from './amf0.vectors.js';
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
} from './value.js';

export interface Amf3Vector {
  readonly name: string;
  /** The clause, or the software whose bytes these are. */
  readonly source: string;
  readonly hex: string;
  readonly values: readonly AmfValue[];
  /** What encoding the values gives; absent: `hex` itself. */
  readonly encodedHex?: string;
}

/** One of the test objects that come with RocketAMF 1.0.0 (rubyamf/rocketamf, commit 796f591). */
function rocketAmf(name: string): string {
  return `RocketAMF 1.0.0, spec/fixtures/objects/amf3-${name}.bin`;
}

function sealed(className: string, members: readonly (readonly [string, AmfValue])[]): AmfObject {
  return new AmfObject(members, className, { sealed: members.map(([name]) => name), dynamic: false });
}

/** `source` says `clause, constructed` where the bytes were worked out by hand from the clause. */
export const amf3Vectors: readonly Amf3Vector[] = [
  { name: 'nothing at all', source: 'AMF3 §3, constructed', hex: '', values: [] },
  { name: 'undefined', source: 'AMF3 §3.2, constructed', hex: '00', values: [undefined] },
  { name: 'null', source: rocketAmf('null'), hex: '01', values: [null] },
  { name: 'false', source: rocketAmf('false'), hex: '02', values: [false] },
  { name: 'true', source: rocketAmf('true'), hex: '03', values: [true] },
  { name: 'zero', source: rocketAmf('0'), hex: '0400', values: [0] },
  { name: 'greatest integer', source: rocketAmf('max'), hex: '04bfffffff', values: [2 ** 28 - 1] },
  { name: 'least integer', source: rocketAmf('min'), hex: '04c0808000', values: [-(2 ** 28)] },
  { name: 'greatest integer and one', source: rocketAmf('large-max'), hex: '0541b0000000000000', values: [2 ** 28] },
  {
    name: 'least integer less one',
    source: rocketAmf('large-min'),
    hex: '05c1b0000001000000',
    values: [-(2 ** 28) - 1],
  },
  { name: 'minus one', source: 'AMF3 §3.6, constructed', hex: '04 ffffffff', values: [-1] },
  {
    name: 'integers at the bounds of each length',
    source: 'AMF3 §1.3.1, constructed',
    hex: '047f 048100 04ff7f 04818000 04ffff7f 0480c08000',
    values: [0x7f, 0x80, 0x3fff, 0x4000, 0x1f_ffff, 0x20_0000],
  },
  {
    name: 'integer longer than it need be',
    source: 'AMF3 §1.3.1, constructed',
    hex: '04 808005 04 80808005',
    values: [5, 5],
    encodedHex: '0405 0405',
  },
  { name: 'fraction', source: rocketAmf('float'), hex: '05400c000000000000', values: [3.5] },
  { name: 'great number', source: rocketAmf('bigNum'), hex: '057e70000000000000', values: [2 ** 1000] },
  {
    name: 'negative zero, NaN and infinity',
    source: 'AMF3 §3.7, constructed',
    hex: '05 8000000000000000 05 7ff8000000000000 05 7ff0000000000000',
    values: [-0, Number.NaN, Infinity],
  },
  {
    name: 'integer sent as a double',
    source: 'AMF3 §3.7 (the type is lost), constructed',
    hex: '05 3ff0000000000000',
    values: [1],
    encodedHex: '0401',
  },
  {
    name: 'string',
    source: rocketAmf('string'),
    hex: '061f537472696e67202e20537472696e67',
    values: ['String . String'],
  },
  {
    name: 'empty string, again and again',
    source: rocketAmf('empty-string-ref'),
    hex: '09050106010601',
    values: [['', '']],
  },
  {
    name: 'empty strings take no place in the table',
    source: 'AMF3 §1.3.2, constructed',
    hex: '06 01 06 03 61 06 01 06 00',
    values: ['', 'a', '', 'a'],
  },
  {
    name: 'strings of more than ASCII',
    source: rocketAmf('complex-encoded-string-array'),
    hex: '0909010405061f536869667420e38386e382b9e38388061b55544620e38386e382b9e383880405',
    values: [[5, 'Shift テスト', 'UTF テスト', 5]],
  },
  {
    name: 'string of more than ASCII, by reference',
    source: rocketAmf('encoded-string-ref'),
    hex: '090501062774686973206973206120e38386e382b9e383880600',
    values: [['this is a テスト', 'this is a テスト']],
  },
  {
    name: 'strings by reference, as values and as names',
    source: rocketAmf('string-ref'),
    hex: '090d010607666f6f06077374720600060206000a0b0102060001',
    values: [['foo', 'str', 'foo', 'str', 'foo', new AmfObject([['str', 'foo']])]],
  },
  {
    name: 'malformed UTF-8 becomes U+FFFD',
    source: 'AMF3 §1.3.2, constructed',
    hex: '06 05 61ff',
    values: ['a\ufffd'],
    encodedHex: '06 09 61efbfbd',
  },
  {
    name: 'string of 64 bytes, whose length takes two',
    source: 'AMF3 §1.3.2, constructed',
    hex: `06 8101 ${'61'.repeat(64)}`,
    values: ['a'.repeat(64)],
  },
  {
    name: 'XML document',
    source: rocketAmf('xml-doc'),
    hex: '074d3c706172656e743e3c6368696c642070726f703d227465737422202f3e3c2f706172656e743e',
    values: [new AmfXmlDocument('<parent><child prop="test" /></parent>')],
  },
  {
    name: 'XML by reference',
    source: rocketAmf('xml-ref'),
    hex: '0905010b4b3c706172656e743e3c6368696c642070726f703d2274657374222f3e3c2f706172656e743e0b02',
    values: [Array(2).fill(new AmfXml('<parent><child prop="test"/></parent>'))],
  },
  {
    name: 'the text of XML takes no place in the table of strings',
    source: 'AMF3 §3.9, §3.13, constructed',
    hex: '07 03 61 0b 03 61 06 03 62 06 00 07 00 0b 02',
    values: (() => {
      const values: AmfValue[] = [new AmfXmlDocument('a'), new AmfXml('a'), 'b', 'b'];
      return [...values, values[0], values[1]];
    })(),
  },
  {
    name: 'date by reference',
    source: rocketAmf('date-ref'),
    hex: '090501080100000000000000000802',
    values: [Array(2).fill(new AmfDate(0))],
  },
  {
    name: 'date whose unused bits are set',
    source: 'AMF3 §3.10, constructed',
    hex: '08 7f bff8000000000000',
    values: [new AmfDate(-1.5)],
    encodedHex: '08 01 bff8000000000000',
  },
  {
    name: 'array of integers',
    source: rocketAmf('primitive-array'),
    hex: '090b0104010402040304040405',
    values: [[1, 2, 3, 4, 5]],
  },
  {
    name: 'arrays by reference',
    source: rocketAmf('array-ref'),
    hex: '09090109070104010402040309070106036106036206036309020904',
    values: (() => {
      const [first, second] = [
        [1, 2, 3],
        ['a', 'b', 'c'],
      ];
      return [[first, second, first, second] as AmfValue[]];
    })(),
  },
  {
    name: 'empty arrays by reference',
    source: rocketAmf('empty-array-ref'),
    hex: '09090109010109010109020904',
    values: (() => {
      const [first, second]: AmfValue[][] = [[], []];
      return [[first, second, first, second]];
    })(),
  },
  {
    name: 'array with names and elements',
    source: rocketAmf('associative-array'),
    hex: '09070961736466060966647361 07666f6f0607626172 0534320606 01 060962617231060962617232060962617233',
    values: [
      new AmfEcmaArray(
        [
          ['asdf', 'fdsa'],
          ['foo', 'bar'],
          ['42', 'bar'],
        ],
        undefined,
        ['bar1', 'bar2', 'bar3'],
      ),
    ],
  },
  {
    name: 'array of everything, with references',
    source: rocketAmf('mixed-array'),
    hex: `091b010a0b010f666f6f5f6f6e65060f6261725f6f6e65010a010f666f6f5f74776f0601010a0113666f6f5f7468726565042a010a01
          010907010a020a040a06090101042a060109010106010a010106020a06`,
    values: (() => {
      const one = new AmfObject([['foo_one', 'bar_one']]);
      const two = new AmfObject([['foo_two', '']]);
      const three = new AmfObject([['foo_three', 42]]);
      const empty: AmfValue[][] = [[], []];
      return [
        [
          one,
          two,
          three,
          new AmfObject(),
          [one, two, three],
          empty[0],
          42,
          '',
          empty[1],
          '',
          new AmfObject(),
          'bar_one',
          three,
        ],
      ];
    })(),
  },
  {
    name: 'array that holds itself among its names and elements',
    source: 'AMF3 §3.11, constructed',
    hex: '09 03 03 61 09 00 01 09 00',
    values: (() => {
      const array = new AmfEcmaArray();
      array.properties.set('a', array);
      array.items.push(array);
      return [array];
    })(),
  },
  {
    name: 'anonymous object',
    source: rocketAmf('hash'),
    hex: '0a0b010d616e73776572042a07666f6f060762617201',
    values: [
      new AmfObject([
        ['answer', 42],
        ['foo', 'bar'],
      ]),
    ],
  },
  {
    name: 'objects by reference',
    source: rocketAmf('object-ref'),
    hex: '0907010905010a0b0107666f6f0607626172010a010006020106020905010a040a06',
    values: (() => {
      const first = new AmfObject([['foo', 'bar']]);
      const second = new AmfObject([['foo', first.get('foo')]]);
      return [[[first, second], 'bar', [first, second]]];
    })(),
  },
  {
    name: 'typed object',
    source: rocketAmf('typed-object'),
    hex: '0a231f6f72672e616d662e4153436c6173730762617a07666f6f010607626172',
    values: [
      sealed('org.amf.ASClass', [
        ['baz', null],
        ['foo', 'bar'],
      ]),
    ],
  },
  {
    name: 'traits by reference',
    source: rocketAmf('trait-ref'),
    hex: '0905010a231f6f72672e616d662e4153436c6173730762617a07666f6f0106040a01010607626172',
    values: [
      [
        sealed('org.amf.ASClass', [
          ['baz', null],
          ['foo', 'foo'],
        ]),
        sealed('org.amf.ASClass', [
          ['baz', null],
          ['foo', 'bar'],
        ]),
      ],
    ],
  },
  {
    name: 'typed dynamic object with sealed members',
    source: 'AMF3 §3.12, constructed',
    hex: '0a 1b 03 43 03 61 03 03 62 02 01',
    values: [
      new AmfObject(
        [
          ['a', true],
          ['b', false],
        ],
        'C',
        { sealed: ['a'], dynamic: true },
      ),
    ],
  },
  {
    name: 'typed dynamic object without sealed members',
    source: 'AMF3 §3.12, constructed',
    hex: '0a 0b 03 43 03 61 03 01',
    values: [new AmfObject([['a', true]], 'C', { sealed: [], dynamic: true })],
  },
  {
    name: 'anonymous objects with sealed members',
    source: 'AMF3 §3.12 (instances of classes without an alias), constructed',
    hex: '0a 13 01 03 61 03 0a 01 02 0a 03 01',
    values: [
      new AmfObject([['a', true]], undefined, { sealed: ['a'], dynamic: false }),
      new AmfObject([['a', false]], undefined, { sealed: ['a'], dynamic: false }),
      new AmfObject([], undefined, { sealed: [], dynamic: false }),
    ],
  },
  {
    name: 'sealed member with an empty name',
    source: 'AMF3 §3.12, constructed',
    hex: '0a 13 01 01 03',
    values: [new AmfObject([['', true]], undefined, { sealed: [''], dynamic: false })],
  },
  {
    name: 'the last of two members of one name counts',
    source: 'AMF3 §3.12, constructed',
    hex: '0a 0b 01 03 61 02 00 03 01',
    values: [new AmfObject([['a', true]])],
    encodedHex: '0a 0b 01 03 61 03 01',
  },
  {
    name: 'members named like parts of JavaScript',
    source: 'AMF3 §3.12, constructed',
    hex: '0a 0b 01 13 5f5f70726f746f5f5f 0a 01 03 61 03 01 01',
    values: [new AmfObject([['__proto__', new AmfObject([['a', true]])]])],
  },
  {
    name: 'parents and children that hold one another',
    source: rocketAmf('graph-member'),
    hex: '0a0b01116368696c6472656e0905010a01000901010d706172656e740a00010a0100090101020a0001020101',
    values: (() => {
      const parent = new AmfObject();
      const child = (): AmfObject =>
        new AmfObject([
          ['children', []],
          ['parent', parent],
        ]);
      parent.properties.set('children', [child(), child()]).set('parent', null);
      return [parent];
    })(),
  },
  {
    name: 'ArrayCollection',
    source: rocketAmf('array-collection'),
    hex: '0a0743666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e0905010607666f6f0607626172',
    values: [new AmfExternalizable('flex.messaging.io.ArrayCollection', ['foo', 'bar'])],
  },
  {
    name: 'ArrayCollections by reference and next to typed objects',
    source: rocketAmf('complex-array-collection'),
    hex: `0907010a0743666c65782e6d6573736167696e672e696f2e4172726179436f6c6c656374696f6e0905010607666f6f06076261720a0109
          05010a231f6f72672e616d662e4153436c6173730762617a020106040a05010609617364660a06`,
    values: (() => {
      const first = new AmfExternalizable('flex.messaging.io.ArrayCollection', ['foo', 'bar']);
      const typed = (baz: AmfValue): AmfObject =>
        sealed('org.amf.ASClass', [
          ['baz', null],
          ['foo', baz],
        ]);
      const second = new AmfExternalizable('flex.messaging.io.ArrayCollection', [typed('bar'), typed('asdf')]);
      return [[first, second, second]];
    })(),
  },
  {
    name: 'ArrayList and ObjectProxy that hold one another',
    source: 'Apache Flex BlazeDS 4.7, flex.messaging.io, constructed',
    hex: `0a 07 37 666c65782e6d6573736167696e672e696f2e41727261794c697374 09 03 01
          0a 07 3b 666c65782e6d6573736167696e672e696f2e4f626a65637450726f7879 0a 0b 01 03 61 0a 00 01`,
    values: (() => {
      const list = new AmfExternalizable('flex.messaging.io.ArrayList');
      list.body = [new AmfExternalizable('flex.messaging.io.ObjectProxy', new AmfObject([['a', list]]))];
      return [list];
    })(),
  },
  {
    name: 'acknowledgement in its short form',
    source: 'Apache Flex BlazeDS 4.7, flex.messaging.messages, constructed',
    hex: '0a 07 07 44534b 91 02 06 05 6f6b 06 03 6d 0c 03 07 01 06 03 63 00',
    values: [
      new AmfExternalizable(
        'DSK',
        new AmfObject([
          ['body', 'ok'],
          ['messageId', 'm'],
          ['messageIdBytes', fromHex('07')],
          ['correlationId', 'c'],
        ]),
      ),
    ],
  },
  {
    name: 'command with flags of a later version',
    source: 'Apache Flex BlazeDS 4.7, flex.messaging.messages (their values are skipped), constructed',
    hex: '0a 07 07 445343 80 04 03 00 03 04 05 03',
    values: [new AmfExternalizable('DSC', new AmfObject([['operation', 5]]))],
    encodedHex: '0a 07 07 445343 00 00 01 04 05',
  },
  {
    name: 'asynchronous message with nothing in it',
    source: 'Apache Flex BlazeDS 4.7, flex.messaging.messages, constructed',
    hex: '0a 07 07 445341 00 00',
    values: [new AmfExternalizable('DSA', new AmfObject())],
  },
  {
    name: 'byte array',
    source: rocketAmf('byte-array'),
    hex: '0c1b0003e38193e3828c7465737440',
    values: [fromHex('0003e38193e3828c7465737440')],
  },
  {
    name: 'byte array by reference',
    source: rocketAmf('byte-array-ref'),
    hex: '0905010c09415344460c02',
    values: [Array(2).fill(fromHex('41534446'))],
  },
  {
    name: 'vector of int',
    source: rocketAmf('vector-int'),
    hex: '0d070000000004ffffffec0000000c',
    values: [new AmfIntVector([4, -20, 12])],
  },
  {
    name: 'vector of uint',
    source: rocketAmf('vector-uint'),
    hex: '0e070000000004000000140000000c',
    values: [new AmfUintVector([4, 20, 12])],
  },
  {
    name: 'vector of Number',
    source: rocketAmf('vector-double'),
    hex: '0f05004011333333333333c03499999999999a',
    values: [new AmfDoubleVector([4.3, -20.6])],
  },
  {
    name: 'fixed vectors, empty and by reference',
    source: 'AMF3 §3.15, constructed',
    hex: '0d 03 01 80000000 0e 03 01 ffffffff 0f 01 01 10 01 01 03 2a 0d 00 0e 02 0f 04 10 06',
    values: (() => {
      const vectors = [
        new AmfIntVector([-(2 ** 31)], true),
        new AmfUintVector([2 ** 32 - 1], true),
        new AmfDoubleVector([], true),
        new AmfObjectVector([], '*', true),
      ];
      return [...vectors, ...vectors];
    })(),
  },
  {
    name: 'vector of objects',
    source: rocketAmf('vector-object'),
    hex: '1007001f6f72672e616d662e4153436c6173730a23000762617a07666f6f0106040a010106076261720a01010602',
    values: [
      new AmfObjectVector(
        ['foo', 'bar', 'baz'].map((foo) =>
          sealed('org.amf.ASClass', [
            ['baz', null],
            ['foo', foo],
          ]),
        ),
        'org.amf.ASClass',
      ),
    ],
  },
  {
    name: 'vector of vectors, one of them itself',
    source: 'AMF3 §3.15, constructed',
    hex: '10 05 00 01 0d 01 00 10 00',
    values: (() => {
      const vector = new AmfObjectVector([new AmfIntVector([])], '');
      vector.items.push(vector);
      return [vector];
    })(),
  },
  { name: 'empty dictionary', source: rocketAmf('empty-dictionary'), hex: '110100', values: [new AmfDictionary()] },
  {
    name: 'dictionary with keys of two kinds',
    source: rocketAmf('dictionary'),
    hex: '1105000607626172060b61736466310a231f6f72672e616d662e4153436c6173730762617a07666f6f010606060b6173646632',
    values: [
      new AmfDictionary([
        ['bar', 'asdf1'],
        [
          sealed('org.amf.ASClass', [
            ['baz', null],
            ['foo', 'baz'],
          ]),
          'asdf2',
        ],
      ]),
    ],
  },
  {
    name: 'dictionary with weak keys that is its own key and value',
    source: 'AMF3 §3.16, constructed',
    hex: '11 03 01 11 00 11 00',
    values: (() => {
      const dictionary = new AmfDictionary([], true);
      dictionary.entries.set(dictionary, dictionary);
      return [dictionary];
    })(),
  },
];
