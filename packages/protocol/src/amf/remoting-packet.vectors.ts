import type { AmfPacket } from './remoting-packet.js';
import { AmfObject } from './value.js';

export interface AmfPacketVector {
  readonly name: string;
  /** The clause, or the software and version whose bytes these are; `constructed`: worked out by hand from the clause. */
  readonly source: string;
  readonly hex: string;
  readonly packet: AmfPacket;
  /** What encoding the packet gives; absent: `hex` itself; `undefined`: values that are encoded otherwise. */
  readonly encodedHex?: string | undefined;
}

export interface AmfPacketErrorVector {
  readonly name: string;
  readonly hex: string;
  readonly code: string;
  readonly offset: number;
}

/** "com/mycompany/Services.getQuote" and "/1" are the examples of [AMF0 §4.1.3]. */
const getQuote = '001f 636f6d2f6d79636f6d70616e792f53657276696365732e67657451756f7465';
const one = '0002 2f31';
const sharedObject = new AmfObject([['a', 1]]);

export const amfPacketVectors: readonly AmfPacketVector[] = [
  {
    name: 'nothing in it',
    source: 'AMF0 §4.1, constructed',
    hex: '0000 0000 0000',
    packet: { version: 0, headers: [], messages: [] },
  },
  {
    name: 'a call with one argument',
    source: 'AMF0 §4.1.3, its example URIs; the rest constructed',
    hex: `0000 0000 0001 ${getQuote} ${one} 0000000c 0a 00000001 02 0004 41444245`,
    packet: {
      version: 0,
      headers: [],
      messages: [{ targetUri: 'com/mycompany/Services.getQuote', responseUri: '/1', value: ['ADBE'] }],
    },
  },
  {
    name: 'its result',
    source: 'AMF0 §4.1.3, its example URIs; the rest constructed',
    hex: '0000 0000 0001 000b 2f312f6f6e526573756c74 0004 6e756c6c 00000009 00 4041000000000000',
    packet: {
      version: 0,
      headers: [],
      messages: [{ targetUri: '/1/onResult', responseUri: 'null', value: 34 }],
    },
  },
  {
    name: 'lengths that are not known',
    source: 'AMF0 §4.1.2 and §4.1.3, constructed',
    hex: `0000 0001 0001 78 01 ffffffff 0101 0001 0001 61 ${one} ffffffff 0a 00000000`,
    packet: {
      version: 0,
      headers: [{ name: 'x', mustUnderstand: true, value: true }],
      messages: [{ targetUri: 'a', responseUri: '/1', value: [] }],
    },
    encodedHex: `0000 0001 0001 78 01 00000002 0101 0001 0001 61 ${one} 00000005 0a 00000000`,
  },
  {
    name: 'lengths of 0',
    source: 'constructed as PyAMF 0.8 writes them (pyamf/remoting/__init__.py, not strict)',
    hex: `0000 0001 0001 78 00 00000000 0100 0001 0001 61 ${one} 00000000 0a 00000001 05`,
    packet: {
      version: 0,
      headers: [{ name: 'x', mustUnderstand: false, value: false }],
      messages: [{ targetUri: 'a', responseUri: '/1', value: [null] }],
    },
    encodedHex: `0000 0001 0001 78 00 00000002 0100 0001 0001 61 ${one} 00000006 0a 00000001 05`,
  },
  {
    name: 'lengths of 1',
    source: 'constructed as libamf 1.4.2 writes them (src/net/Packet.js); the second is true',
    hex: `0003 0000 0002 0001 61 ${one} 00000001 0a 00000001 05 0001 62 ${one} 00000001 05`,
    packet: {
      version: 3,
      headers: [],
      messages: [
        { targetUri: 'a', responseUri: '/1', value: [null] },
        { targetUri: 'b', responseUri: '/1', value: null },
      ],
    },
    encodedHex: `0003 0000 0002 0001 61 ${one} 00000006 0a 00000001 05 0001 62 ${one} 00000001 05`,
  },
  {
    name: 'a must-understand flag of another value than 1',
    source: 'AMF0 §4.1.2, constructed',
    hex: '0001 0001 0001 78 ff 00000001 05 0000',
    packet: { version: 1, headers: [{ name: 'x', mustUnderstand: true, value: null }], messages: [] },
    encodedHex: '0001 0001 0001 78 01 00000001 05 0000',
  },
  {
    name: 'references that count from 0 in every header and message',
    source: 'AMF0 §4.1.2 and §4.1.3, constructed',
    hex: `0000 0001 0001 78 00 00000018 0a 00000002 03 0001 61 00 3ff0000000000000 000009 07 0001
      0002 0001 61 ${one} 00000018 0a 00000002 03 0001 61 00 3ff0000000000000 000009 07 0001
      0001 62 ${one} 00000018 0a 00000002 03 0001 61 00 3ff0000000000000 000009 07 0001`,
    packet: {
      version: 0,
      headers: [{ name: 'x', mustUnderstand: false, value: [sharedObject, sharedObject] }],
      messages: [
        { targetUri: 'a', responseUri: '/1', value: [sharedObject, sharedObject] },
        { targetUri: 'b', responseUri: '/1', value: [sharedObject, sharedObject] },
      ],
    },
  },
  {
    name: 'AMF3: an array of AMF0 with arguments of AMF3, whose strings are in a table of that message',
    source: 'AMF0 §3.1 and §4.1, constructed',
    hex: `0003 0000 0002
      0001 61 ${one} 0000000c 0a 00000002 11 06 03 78 11 06 00
      0001 62 ${one} 00000009 0a 00000001 11 06 03 79`,
    packet: {
      version: 3,
      headers: [],
      messages: [
        { targetUri: 'a', responseUri: '/1', value: ['x', 'x'] },
        { targetUri: 'b', responseUri: '/1', value: ['y'] },
      ],
    },
    encodedHex: undefined,
  },
  {
    name: 'AMF3: all the arguments as one array of AMF3',
    source: 'AMF0 §3.1 and §4.1, constructed',
    hex: `0003 0000 0001 0001 61 ${one} 00000007 11 09 05 01 04 01 03`,
    packet: { version: 3, headers: [], messages: [{ targetUri: 'a', responseUri: '/1', value: [1, true] }] },
    encodedHex: undefined,
  },
  {
    name: 'two calls of a client',
    source: 'libamf 1.4.2 (npm), Packet.write, with bytearray-node 1.3.6; without the unused rest of its buffer',
    hex: `00030001000168000000000101010002
      0003612e6200022f310000000111090701053ff00000000000000603780a0b0103790903010301
      0003612e6300022f320000000111090301060378`,
    packet: {
      version: 3,
      headers: [{ name: 'h', mustUnderstand: false, value: true }],
      messages: [
        { targetUri: 'a.b', responseUri: '/1', value: [1, 'x', new AmfObject([['y', [true]]])] },
        { targetUri: 'a.c', responseUri: '/2', value: ['x'] },
      ],
    },
    encodedHex: undefined,
  },
  {
    name: 'a version that nobody knows',
    source: 'constructed',
    hex: `0007 0000 0001 0001 61 ${one} 00000001 05`,
    packet: { version: 7, headers: [], messages: [{ targetUri: 'a', responseUri: '/1', value: null }] },
  },
];

/** All constructed. */
export const hostileAmfPackets: readonly AmfPacketErrorVector[] = [
  { name: 'no bytes', hex: '', code: 'ERR_AMF_PACKET_TRUNCATED', offset: 0 },
  { name: 'half a version', hex: '00', code: 'ERR_AMF_PACKET_TRUNCATED', offset: 0 },
  { name: 'no count of headers', hex: '0000', code: 'ERR_AMF_PACKET_TRUNCATED', offset: 2 },
  { name: 'no count of messages', hex: '0000 0000', code: 'ERR_AMF_PACKET_TRUNCATED', offset: 4 },
  { name: 'fewer headers than announced', hex: '0000 0001', code: 'ERR_AMF_PACKET_TRUNCATED', offset: 4 },
  {
    name: 'more headers than allowed',
    hex: '0000 ffff',
    code: 'ERR_AMF_PACKET_TOO_MANY_HEADERS',
    offset: 2,
  },
  {
    name: 'more messages than allowed',
    hex: '0000 0000 ffff',
    code: 'ERR_AMF_PACKET_TOO_MANY_MESSAGES',
    offset: 4,
  },
  {
    name: 'a name longer than the packet',
    hex: '0000 0001 ffff 61',
    code: 'ERR_AMF_PACKET_TRUNCATED',
    offset: 6,
  },
  {
    name: 'a length beyond the packet',
    hex: `0000 0000 0001 0000 0000 7fffffff 05`,
    code: 'ERR_AMF_PACKET_TRUNCATED',
    offset: 10,
  },
  {
    name: 'a value that ends before its length',
    hex: `0000 0000 0001 0000 0000 00000003 05 0000`,
    code: 'ERR_AMF_PACKET_LENGTH',
    offset: 10,
  },
  {
    name: 'a value longer than its length, into the next message',
    hex: `0000 0000 0002 0000 0000 00000003 02 0004 6162 0000 0000 00000001 05`,
    code: 'ERR_AMF_PACKET_LENGTH',
    offset: 10,
  },
  {
    name: 'a value of AMF3 longer than its length',
    hex: `0003 0000 0001 0000 0000 00000004 11 06 09 61 626364`,
    code: 'ERR_AMF_PACKET_LENGTH',
    offset: 10,
  },
  {
    name: 'a value of unknown length that is cut off',
    hex: `0000 0000 0001 0000 0000 ffffffff 02 0004 61`,
    code: 'ERR_AMF0_TRUNCATED',
    offset: 17,
  },
  {
    name: 'no value at all',
    hex: `0000 0000 0001 0000 0000 00000000`,
    code: 'ERR_AMF0_TRUNCATED',
    offset: 14,
  },
  {
    name: 'a reference to an object of another message',
    hex: `0000 0000 0002 0000 0000 00000004 03 000009 0000 0000 00000003 07 0000`,
    code: 'ERR_AMF0_BAD_REFERENCE',
    offset: 26,
  },
  {
    name: 'bytes behind the last message',
    hex: '0000 0000 0000 00',
    code: 'ERR_AMF_PACKET_TRAILING_BYTES',
    offset: 6,
  },
  {
    name: 'an array of a count that lies',
    hex: `0000 0000 0001 0000 0000 ffffffff 0a ffffffff`,
    code: 'ERR_AMF0_TRUNCATED',
    offset: 14,
  },
];
