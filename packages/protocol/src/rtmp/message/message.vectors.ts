import { Amf3Value, AmfObject } from '../../amf/index.js';
import type { Message, MessageInput } from './message.js';

export interface MessageVector {
  readonly name: string;
  /** Where the bytes come from. */
  readonly source: string;
  readonly messageTypeId: number;
  readonly payload: string;
  readonly message: Message;
  /** What the encoder is given; absent: `message`. */
  readonly input?: MessageInput;
  /** `false`: our encoder writes the same message with other bytes. */
  readonly encodes?: false;
}

/** Hexadecimal digits, spaces between them as one likes. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** All vectors are at 7 ms on message stream 1. */
export const vectorHeader = { timestamp: 7, messageStreamId: 1 };

const ffmpeg = 'FFmpeg 5.1.9 (Debian 12) publishing, captured';
const payload = fromHex('af01aabb');
const extendedPayload = fromHex('00af01aabb');

export const messageVectors: readonly MessageVector[] = [
  {
    name: 'Set Chunk Size 60000',
    source: ffmpeg,
    messageTypeId: 1,
    payload: '0000ea60',
    message: { type: 'setChunkSize', ...vectorHeader, chunkSize: 60_000 },
  },
  {
    name: 'Set Chunk Size, the largest',
    source: 'RTMP §5.4.1',
    messageTypeId: 1,
    payload: '7fffffff',
    message: { type: 'setChunkSize', ...vectorHeader, chunkSize: 0x7fff_ffff },
  },
  {
    name: 'Abort',
    source: 'RTMP §5.4.2',
    messageTypeId: 2,
    payload: '00000104',
    message: { type: 'abort', ...vectorHeader, chunkStreamId: 260 },
  },
  {
    name: 'Acknowledgement over 2³¹',
    source: 'RTMP §5.4.3',
    messageTypeId: 3,
    payload: 'fffffffe',
    message: { type: 'acknowledgement', ...vectorHeader, sequenceNumber: 0xffff_fffe },
  },
  {
    name: 'Acknowledgement with bytes behind it',
    source: 'RTMP §5.4.3, two bytes added',
    messageTypeId: 3,
    payload: '00000001 ffff',
    message: { type: 'acknowledgement', ...vectorHeader, sequenceNumber: 1 },
    encodes: false,
  },
  {
    name: 'Window Acknowledgement Size',
    source: 'RTMP §5.4.4; 2,500,000 as Flash Media Server and librtmp send it',
    messageTypeId: 5,
    payload: '002625a0',
    message: { type: 'windowAckSize', ...vectorHeader, windowAckSize: 2_500_000 },
  },
  ...(['hard', 'soft', 'dynamic'] as const).map(
    (limitType, number): MessageVector => ({
      name: `Set Peer Bandwidth, ${limitType}`,
      source: 'RTMP §5.4.5',
      messageTypeId: 6,
      payload: `002625a0 0${number}`,
      message: { type: 'setPeerBandwidth', ...vectorHeader, windowAckSize: 2_500_000, limitType },
    }),
  ),
  {
    name: 'Set Peer Bandwidth, unknown limit type',
    source: 'RTMP §5.4.5, type 9 in place of 0 … 2',
    messageTypeId: 6,
    payload: '002625a0 09',
    message: { type: 'setPeerBandwidth', ...vectorHeader, windowAckSize: 2_500_000, limitType: 'dynamic' },
    encodes: false,
  },
  {
    name: 'audio',
    source: 'RTMP §7.1.4',
    messageTypeId: 8,
    payload: 'af01aabb',
    message: { type: 'audio', ...vectorHeader, payload },
  },
  {
    name: 'empty audio',
    source: 'RTMP §7.1.4, nothing in it',
    messageTypeId: 8,
    payload: '',
    message: { type: 'audio', ...vectorHeader, payload: new Uint8Array(0) },
  },
  {
    name: 'video',
    source: 'RTMP §7.1.5',
    messageTypeId: 9,
    payload: 'af01aabb',
    message: { type: 'video', ...vectorHeader, payload },
  },
  {
    name: 'publish',
    source: ffmpeg,
    messageTypeId: 20,
    payload: '0200077075626c697368 004018000000000000 05 02000474657374 0200046c697665',
    message: {
      type: 'command',
      ...vectorHeader,
      encoding: 'amf0',
      name: 'publish',
      transactionId: 6,
      commandObject: null,
      args: ['test', 'live'],
    },
  },
  {
    name: 'connect',
    source: ffmpeg,
    messageTypeId: 20,
    payload: `020007636f6e6e656374003ff000000000000003
      00036170700200046c697665 00047479706502000a6e6f6e70726976617465
      0008666c617368566572020024464d4c452f332e302028636f6d70617469626c653b204c61766635392e32372e31303029
      0005746355726c02001b72746d703a2f2f3132372e302e302e313a34363031332f6c697665 000009`,
    message: {
      type: 'command',
      ...vectorHeader,
      encoding: 'amf0',
      name: 'connect',
      transactionId: 1,
      commandObject: new AmfObject([
        ['app', 'live'],
        ['type', 'nonprivate'],
        ['flashVer', 'FMLE/3.0 (compatible; Lavf59.27.100)'],
        ['tcUrl', 'rtmp://127.0.0.1:46013/live'],
      ]),
      args: [],
    },
  },
  {
    name: 'a command that is only a name',
    source: 'RTMP §7.1.1, with the rest left out',
    messageTypeId: 20,
    payload: '020005636c6f7365',
    message: {
      type: 'command',
      ...vectorHeader,
      encoding: 'amf0',
      name: 'close',
      transactionId: 0,
      commandObject: null,
      args: [],
    },
    encodes: false,
  },
  {
    name: 'command of type 17',
    source: 'Errata §7.2',
    messageTypeId: 17,
    payload: '00 0200077075626c697368 000000000000000000 05 02000474657374',
    message: {
      type: 'command',
      ...vectorHeader,
      encoding: 'amf3',
      name: 'publish',
      transactionId: 0,
      commandObject: null,
      args: ['test'],
    },
  },
  {
    name: 'command of type 17 without the format byte',
    source: 'Errata §7.2, as clients that only change the type send it',
    messageTypeId: 17,
    payload: '0200077075626c697368 000000000000000000 05 02000474657374',
    message: {
      type: 'command',
      ...vectorHeader,
      encoding: 'amf3',
      name: 'publish',
      transactionId: 0,
      commandObject: null,
      args: ['test'],
    },
    encodes: false,
  },
  {
    name: 'data',
    source: '|RtmpSampleAccess as Flash Media Server sends it',
    messageTypeId: 18,
    payload: '0200117c52746d7053616d706c65416363657373 0101 0101',
    message: { type: 'data', ...vectorHeader, encoding: 'amf0', values: ['|RtmpSampleAccess', true, true] },
  },
  {
    name: 'data of type 15',
    source: 'Errata §7.2',
    messageTypeId: 15,
    payload: '00 02000161 0101',
    message: { type: 'data', ...vectorHeader, encoding: 'amf3', values: ['a', true] },
  },
  {
    name: 'command of type 17 with AMF3 values',
    source: 'hand-built: Errata §7.2, AMF0 §3.1, AMF3 §3.4, §3.14',
    messageTypeId: 17,
    payload: '00 02000161 004008000000000000 05 1104 05 110c 05 0102',
    message: {
      type: 'command',
      ...vectorHeader,
      encoding: 'amf3',
      name: 'a',
      transactionId: 3,
      commandObject: null,
      args: [5, Uint8Array.of(1, 2)],
    },
    input: {
      type: 'command',
      ...vectorHeader,
      encoding: 'amf3',
      name: 'a',
      transactionId: 3,
      commandObject: null,
      args: [new Amf3Value(5), new Amf3Value(Uint8Array.of(1, 2))],
    },
  },
  {
    name: 'data of type 15 with a name and an array in AMF3, which refers to the name',
    source: 'hand-built: Errata §7.2, AMF3 §3.8, §3.11, §4.1',
    messageTypeId: 15,
    payload: '00 1106 0361 1109 03 01 0600',
    message: { type: 'data', ...vectorHeader, encoding: 'amf3', values: ['a', ['a']] },
    input: {
      type: 'data',
      ...vectorHeader,
      encoding: 'amf3',
      values: [new Amf3Value('a'), new Amf3Value(['a'])],
    },
  },
  {
    name: 'shared object',
    source: 'RTMP §7.1.3, opaque',
    messageTypeId: 19,
    payload: 'af01aabb',
    message: { type: 'sharedObject', ...vectorHeader, encoding: 'amf0', payload },
  },
  {
    name: 'shared object of type 16',
    source: 'RTMP §7.1.3, opaque',
    messageTypeId: 16,
    payload: '00af01aabb',
    message: { type: 'sharedObject', ...vectorHeader, encoding: 'amf3', payload: extendedPayload },
  },
  {
    name: 'aggregate',
    source: 'RTMP §7.1.6, opaque',
    messageTypeId: 22,
    payload: 'af01aabb',
    message: { type: 'aggregate', ...vectorHeader, payload },
  },
  {
    name: 'a type that nobody knows',
    source: 'RTMP §7.1, which leaves 7 out',
    messageTypeId: 7,
    payload: 'af01aabb',
    message: { type: 'unknown', ...vectorHeader, messageTypeId: 7, payload },
  },
  ...(
    [
      ['0000 00000001', { type: 'streamBegin', messageStreamId: 1 }],
      ['0001 00000001', { type: 'streamEof', messageStreamId: 1 }],
      ['0002 00000001', { type: 'streamDry', messageStreamId: 1 }],
      ['0003 00000001 00000bb8', { type: 'setBufferLength', messageStreamId: 1, bufferMs: 3000 }],
      ['0004 00000001', { type: 'streamIsRecorded', messageStreamId: 1 }],
      ['0006 89abcdef', { type: 'pingRequest', timestamp: 0x89ab_cdef }],
      ['0007 89abcdef', { type: 'pingResponse', timestamp: 0x89ab_cdef }],
      ['001a 01', { type: 'swfVerificationRequest', version: 1 }],
      ['001b 0101 00000010', { type: 'swfVerificationResponse', data: fromHex('010100000010') }],
      ['001f 00000001', { type: 'bufferEmpty', messageStreamId: 1 }],
      ['0020 00000001', { type: 'bufferReady', messageStreamId: 1 }],
      ['0005 0102', { type: 'unknown', eventType: 5, data: fromHex('0102') }],
    ] as const
  ).map(
    ([bytes, event]): MessageVector => ({
      name: `user control ${event.type}`,
      source: 'RTMP §7.1.7; 26, 27, 31 and 32 as in librtmp',
      messageTypeId: 4,
      payload: bytes,
      message: { type: 'userControl', ...vectorHeader, event },
    }),
  ),
];

/** Payloads that must be refused, with the code. */
export const messageErrors: readonly (readonly [name: string, messageTypeId: number, payload: string, code: string])[] =
  [
    ['Set Chunk Size of 3 bytes', 1, '000080', 'ERR_RTMP_MESSAGE_CONTROL_SHORT'],
    ['Set Chunk Size 0', 1, '00000000', 'ERR_RTMP_MESSAGE_CHUNK_SIZE'],
    ['Abort without content', 2, '', 'ERR_RTMP_MESSAGE_CONTROL_SHORT'],
    ['Acknowledgement of 3 bytes', 3, '000000', 'ERR_RTMP_MESSAGE_CONTROL_SHORT'],
    ['Window Acknowledgement Size of 1 byte', 5, '00', 'ERR_RTMP_MESSAGE_CONTROL_SHORT'],
    ['Set Peer Bandwidth without a limit type', 6, '002625a0', 'ERR_RTMP_MESSAGE_CONTROL_SHORT'],
    ['user control without an event type', 4, '00', 'ERR_RTMP_MESSAGE_USER_CONTROL_SHORT'],
    ['Stream Begin without a stream', 4, '0000', 'ERR_RTMP_MESSAGE_USER_CONTROL_SHORT'],
    ['SetBufferLength without a length', 4, '0003 00000001 0000', 'ERR_RTMP_MESSAGE_USER_CONTROL_SHORT'],
    ['an empty command', 20, '', 'ERR_RTMP_MESSAGE_COMMAND_NAME'],
    ['a command that begins with a number', 20, '00 0000000000000000', 'ERR_RTMP_MESSAGE_COMMAND_NAME'],
    ['a transaction id that is a string', 20, '02000161 02000162', 'ERR_RTMP_MESSAGE_TRANSACTION_ID'],
  ];
