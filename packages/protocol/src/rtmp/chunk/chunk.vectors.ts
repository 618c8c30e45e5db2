import type { RawMessage } from '../message/raw-message.js';

export interface ChunkVector {
  readonly name: string;
  /** Where the bytes come from. */
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly messages: readonly RawMessage[];
  /** The chunk stream of each message, when our encoder at chunk size 128 writes exactly these bytes. */
  readonly encodesAs?: readonly number[];
}

/** `hex` groups with spaces; `[n*xx]` repeats the byte xx n times. */
export function bytesOf(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const repeated = /^\[(\d+)\*([0-9a-f]{2})\]$/.exec(word);
    if (repeated) {
      for (let i = 0; i < Number(repeated[1]); i += 1) bytes.push(Number.parseInt(repeated[2] ?? '', 16));
    } else {
      for (let i = 0; i < word.length; i += 2) bytes.push(Number.parseInt(word.slice(i, i + 2), 16));
    }
  }
  return Uint8Array.from(bytes);
}

export function message(
  messageTypeId: number,
  timestamp: number,
  messageStreamId: number,
  payload: string,
): RawMessage {
  return { messageTypeId, timestamp, messageStreamId, payload: bytesOf(payload) };
}

export const chunkVectors: readonly ChunkVector[] = [
  {
    name: 'four audio messages, types 0, 2, 3, 3',
    source: 'RTMP §5.3.2.1, example 1',
    bytes: bytesOf(`
      03 0003e8 000020 08 39300000 [32*a1]
      83 000014 [32*a2]
      c3 [32*a3]
      c3 [32*a4]`),
    messages: [
      message(8, 1000, 12345, '[32*a1]'),
      message(8, 1020, 12345, '[32*a2]'),
      message(8, 1040, 12345, '[32*a3]'),
      message(8, 1060, 12345, '[32*a4]'),
    ],
    encodesAs: [3, 3, 3, 3],
  },
  {
    name: 'a video message of 307 bytes in three chunks',
    source: 'RTMP §5.3.2.2, example 2',
    bytes: bytesOf('04 0003e8 000133 09 3a300000 [128*b1] c4 [128*b1] c4 [51*b1]'),
    messages: [message(9, 1000, 12346, '[307*b1]')],
    encodesAs: [4],
  },
  {
    name: 'type 3 right after type 0 adds the timestamp again',
    source: 'RTMP §5.3.1.2.4; the FMLE bytes noted in SRS srs_protocol_rtmp_stack.cpp (read_message_header)',
    bytes: bytesOf('04 00001a 00009d 08 01000000 [128*01] c4 [29*01] c4 [128*02] c4 [29*02]'),
    messages: [message(8, 26, 1, '[157*01]'), message(8, 52, 1, '[157*02]')],
  },
  {
    name: 'type 3 right after type 0 at time 0',
    source: 'RTMP §5.3.1.2.4; nginx-rtmp ngx_rtmp_handler.c reads it the same',
    bytes: bytesOf('06 000000 000002 08 01000000 af00 c6 af01'),
    messages: [message(8, 0, 1, 'af00'), message(8, 0, 1, 'af01')],
    encodesAs: [6, 6],
  },
  {
    name: 'a type 1 header on a fresh chunk stream: a ping response',
    source: 'librtmp bytes noted in SRS srs_protocol_rtmp_stack.cpp (read_message_header)',
    bytes: bytesOf('42 000000 000006 04 0006 00000d0f'),
    messages: [message(4, 0, 0, '0006 00000d0f')],
  },
  {
    name: 'chunk stream ids 63, 64, 319, 320 and 65599',
    source: 'RTMP §5.3.1.1 and Errata §4.1',
    bytes: bytesOf(`
      3f 000001 000001 12 00000000 aa
      00 00 000002 000001 12 00000000 bb
      00 ff 000003 000001 12 00000000 cc
      01 0001 000004 000001 12 00000000 dd
      01 ffff 000005 000001 12 00000000 ee`),
    messages: [
      message(18, 1, 0, 'aa'),
      message(18, 2, 0, 'bb'),
      message(18, 3, 0, 'cc'),
      message(18, 4, 0, 'dd'),
      message(18, 5, 0, 'ee'),
    ],
    encodesAs: [63, 64, 319, 320, 65599],
  },
  {
    name: 'the same chunk stream in two-byte and three-byte form',
    source: 'RTMP §5.3.1.1: ids 64 … 319 have both',
    bytes: bytesOf('00 06 000001 000001 12 00000000 aa c1 0600 bb'),
    messages: [message(18, 1, 0, 'aa'), message(18, 2, 0, 'bb')],
  },
  {
    name: 'extended timestamp in every chunk',
    source: 'RTMP §5.3.1.3 and Errata §5.1',
    bytes: bytesOf('04 ffffff 000101 09 01000000 01020304 [128*c1] c4 01020304 [128*c1] c4 01020304 [1*c1]'),
    messages: [message(9, 0x01020304, 1, '[257*c1]')],
    encodesAs: [4],
  },
  {
    name: 'extended timestamp of exactly 0xFFFFFF',
    source: 'RTMP §5.3.1.2.1: from 16777215 on',
    bytes: bytesOf('04 fffffe 000001 09 01000000 c1 04 ffffff 000001 09 02000000 00ffffff c2'),
    messages: [message(9, 0xfffffe, 1, 'c1'), message(9, 0xffffff, 2, 'c2')],
    encodesAs: [4, 4],
  },
  {
    name: 'extended timestamp left out of the later chunks',
    source: 'older ffmpeg and librtmp, as noted in SRS srs_protocol_rtmp_stack.cpp (read_message_header)',
    bytes: bytesOf('04 ffffff 000101 09 01000000 01020304 [128*c1] c4 [128*c1] c4 c1'),
    messages: [message(9, 0x01020304, 1, '[257*c1]')],
  },
  {
    name: 'extended timestamp left out where the payload begins like it',
    source: 'the same; the last byte tells',
    bytes: bytesOf(
      '04 ffffff 000101 09 01000000 01020304 [128*c1] c4 01020305 [124*c1] c4 01 06 000000 000001 09 01000000 aa',
    ),
    messages: [message(9, 0x01020304, 1, '[128*c1] 01020305 [124*c1] 01'), message(9, 0, 1, 'aa')],
  },
  {
    name: 'extended timestamp as the delta of types 1 and 2, repeated by type 3 as a continuation and for a new message',
    source: 'RTMP §5.3.1.2.5 and Errata §5.1',
    bytes: bytesOf(`
      04 000001 000001 09 01000000 c1
      44 ffffff 000081 09 01000000 [128*c2] c4 01000000 c2
      84 ffffff 01000001 [128*c3] c4 01000001 c3
      c4 01000001 [128*c4] c4 01000001 c4`),
    messages: [
      message(9, 1, 1, 'c1'),
      message(9, 0x01000001, 1, '[129*c2]'),
      message(9, 0x02000002, 1, '[129*c3]'),
      message(9, 0x03000003, 1, '[129*c4]'),
    ],
  },
  {
    name: 'an extended delta whose later chunk repeats the absolute time',
    source: 'what SRS compares with (read_message_header)',
    bytes: bytesOf('04 000001 000001 09 01000000 c1 44 ffffff 000081 09 01000000 [128*c2] c4 01000001 c2'),
    messages: [message(9, 1, 1, 'c1'), message(9, 0x01000001, 1, '[129*c2]')],
  },
  {
    name: 'a new message with type 3 brings an extended delta of its own',
    source: 'ffmpeg rtmppkt.c (ff_rtmp_packet_write) compares only the 24-bit fields',
    bytes: bytesOf('04 000000 000001 09 01000000 c1 84 ffffff 01000000 c2 c4 01000005 c3'),
    messages: [message(9, 0, 1, 'c1'), message(9, 0x01000000, 1, 'c2'), message(9, 0x02000005, 1, 'c3')],
  },
  {
    name: 'timestamps wrap at 2^32',
    source: 'RTMP §4, Errata §7',
    bytes: bytesOf('04 ffffff 000001 08 01000000 fffffff0 aa 84 000020 bb c4 cc'),
    messages: [message(8, 0xfffffff0, 1, 'aa'), message(8, 0x10, 1, 'bb'), message(8, 0x30, 1, 'cc')],
    encodesAs: [4, 4, 4],
  },
  {
    name: 'time running backwards',
    source: 'RTMP §5.3.1.2.1: type 0',
    bytes: bytesOf('04 000064 000001 08 01000000 aa 04 000063 000001 08 01000000 bb'),
    messages: [message(8, 100, 1, 'aa'), message(8, 99, 1, 'bb')],
    encodesAs: [4, 4],
  },
  {
    name: 'types may mix on a chunk stream, and empty messages are messages',
    source: 'decision of this project; RTMP §5.3.1.2.2',
    bytes: bytesOf('04 000000 000002 09 01000000 1700 44 000000 000000 08 44 000005 000001 08 af c4 ae'),
    messages: [message(9, 0, 1, '1700'), message(8, 0, 1, ''), message(8, 5, 1, 'af'), message(8, 10, 1, 'ae')],
    encodesAs: [4, 4, 4, 4],
  },
  {
    name: 'two partial messages, interleaved',
    source: 'RTMP §5.3.1.2.4',
    bytes: bytesOf('04 000000 000100 09 01000000 [128*01] 06 000000 000081 08 01000000 [128*02] c4 [128*01] c6 02'),
    messages: [message(9, 0, 1, '[256*01]'), message(8, 0, 1, '[129*02]')],
  },
  {
    name: 'Set Chunk Size between the chunks of another message',
    source: 'RTMP §5.4.1: in force for all subsequent chunks',
    bytes: bytesOf(`
      04 000000 000200 09 01000000 [128*01]
      02 000000 000004 01 00000000 00000100
      c4 [256*01]
      02 000000 000004 01 00000000 00000001
      c4 01 c4 01
      42 000000 000004 01 00 c2 00 c2 01 c2 00
      c4 [126*01]`),
    messages: [
      message(1, 0, 0, '00000100'),
      message(1, 0, 0, '00000001'),
      message(1, 0, 0, '00000100'),
      message(9, 0, 1, '[512*01]'),
    ],
  },
  {
    name: 'a chunk size past the longest message is cut to 2^24-1',
    source: 'RTMP §5.4.1',
    bytes: bytesOf('02 000000 000004 01 00000000 7fffffff 04 000000 000200 09 01000000 [512*01]'),
    messages: [message(1, 0, 0, '7fffffff'), message(9, 0, 1, '[512*01]')],
  },
  {
    name: 'Abort drops a partial message; its time still counts for the next delta',
    source: 'RTMP §5.4.2, Errata §6',
    bytes: bytesOf(`
      04 000064 000100 09 01000000 [128*01]
      02 000000 000004 02 00000000 00000004
      44 00000a 000001 09 aa`),
    messages: [message(2, 0, 0, '00000004'), message(9, 110, 1, 'aa')],
  },
  {
    name: 'Abort of a chunk stream without a message, and of an unknown one',
    source: 'RTMP §5.4.2',
    bytes: bytesOf('02 000000 000004 02 00000000 00000004 c2 00000002'),
    messages: [message(2, 0, 0, '00000004'), message(2, 0, 0, '00000002')],
    encodesAs: [2, 2],
  },
  {
    name: 'headers of types 0, 1 and 2 that continue a message',
    source: 'RTMP §5.3.1.2.4 (SHOULD); ffmpeg rtmppkt.c, nginx-rtmp ngx_rtmp_handler.c, librtmp read them so',
    bytes: bytesOf(`
      04 000064 000201 09 01000000 [128*01]
      04 000064 000201 09 01000000 [128*01]
      44 000000 000201 09 [128*01]
      84 000000 [128*01]
      c4 01`),
    messages: [message(9, 100, 1, '[513*01]')],
  },
  {
    name: 'the whole of a 32-bit message stream id, little-endian',
    source: 'RTMP §5.3.1.2.5, Errata §7',
    bytes: bytesOf('03 000000 000001 14 fedcba98 00'),
    messages: [message(20, 0, 0x98badcfe, '00')],
    encodesAs: [3],
  },
];

export const chunkErrors: readonly { readonly name: string; readonly bytes: Uint8Array; readonly code: string }[] = [
  { name: 'type 2 on a fresh chunk stream', bytes: bytesOf('84 000000 00'), code: 'ERR_RTMP_CHUNK_FRESH_STREAM' },
  { name: 'type 3 on a fresh chunk stream', bytes: bytesOf('c4 00'), code: 'ERR_RTMP_CHUNK_FRESH_STREAM' },
  {
    name: 'Set Chunk Size 0',
    bytes: bytesOf('02 000000 000004 01 00000000 00000000'),
    code: 'ERR_RTMP_CHUNK_SIZE',
  },
  {
    name: 'Set Chunk Size with the top bit set',
    bytes: bytesOf('02 000000 000004 01 00000000 80000080'),
    code: 'ERR_RTMP_CHUNK_SIZE',
  },
  {
    name: 'Set Chunk Size too short',
    bytes: bytesOf('02 000000 000003 01 00000000 000080'),
    code: 'ERR_RTMP_CHUNK_SIZE',
  },
  { name: 'Abort too short', bytes: bytesOf('02 000000 000003 02 00000000 000004'), code: 'ERR_RTMP_ABORT_LENGTH' },
  {
    name: 'another length inside a message',
    bytes: bytesOf('04 000000 000100 09 01000000 [128*01] 44 000000 000101 09 [128*01]'),
    code: 'ERR_RTMP_CHUNK_MESSAGE_CHANGED',
  },
  {
    name: 'another time in a type 0 header inside a message',
    bytes: bytesOf('04 000000 000100 09 01000000 [128*01] 04 000001 000100 09 01000000 [128*01]'),
    code: 'ERR_RTMP_CHUNK_MESSAGE_CHANGED',
  },
  {
    name: 'a message longer than the limit',
    bytes: bytesOf('04 000000 ffffff 09 01000000 00'),
    code: 'ERR_RTMP_MESSAGE_TOO_LONG',
  },
];
