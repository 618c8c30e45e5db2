import { Amf3Value, AmfObject } from '../../amf/index.js';
import type { MessageEncoding } from './message.js';
import type { SharedObjectContent, SharedObjectContentInput } from './shared-object.js';

export interface SharedObjectVector {
  readonly name: string;
  /** Where the bytes come from. */
  readonly source: string;
  readonly encoding: MessageEncoding;
  readonly payload: string;
  readonly content: SharedObjectContent;
  /** What the encoder is given; absent: `content`. */
  readonly input?: SharedObjectContentInput;
  /** `false`: our encoder writes the same with other bytes. */
  readonly encodes?: false;
}

/** Event bytes as printed there; the header, which is not printed, by hand. */
const described = "csimi/rtmp-client SharedObject.md (Adobe Media Server): the event's bytes; header by hand";
const red5 = 'by hand, as RTMPProtocolDecoder and RTMPProtocolEncoder of Red5 read and write it';

/** `board`, version 0 or 5, temporary. */
const board0 = '0005 626f617264 00000000 00000000 00000000';
const board5 = '0005 626f617264 00000005 00000000 00000000';
const temporary0 = { name: 'board', version: 0, persistent: false } as const;
const temporary5 = { name: 'board', version: 5, persistent: false } as const;
const fooBar = '0003 666f6f 02 0003 626172';

export const sharedObjectVectors: readonly SharedObjectVector[] = [
  {
    name: 'use',
    source: described,
    encoding: 'amf0',
    payload: `${board0} 01 00000000`,
    content: { ...temporary0, events: [{ type: 'use' }] },
  },
  {
    name: 'use of a persistent object',
    source: red5,
    encoding: 'amf0',
    payload: '0005 626f617264 00000000 00000002 00000000 01 00000000',
    content: { ...temporary0, persistent: true, events: [{ type: 'use' }] },
  },
  {
    name: 'release',
    source: described,
    encoding: 'amf0',
    payload: `${board5} 02 00000000`,
    content: { ...temporary5, events: [{ type: 'release' }] },
  },
  {
    name: 'request change',
    source: described,
    encoding: 'amf0',
    payload: `${board5} 03 0000000b ${fooBar}`,
    content: { ...temporary5, events: [{ type: 'requestChange', name: 'foo', value: 'bar' }] },
  },
  {
    name: 'change',
    source: described,
    encoding: 'amf0',
    payload: `${board5} 04 0000000b ${fooBar}`,
    content: { ...temporary5, events: [{ type: 'change', name: 'foo', value: 'bar' }] },
  },
  {
    name: 'change with two slots in one event',
    source: red5,
    encoding: 'amf0',
    payload: `${board5} 04 00000010 ${fooBar} 0001 61 01 01`,
    content: {
      ...temporary5,
      events: [
        { type: 'change', name: 'foo', value: 'bar' },
        { type: 'change', name: 'a', value: true },
      ],
    },
    encodes: false,
  },
  {
    name: 'request change without a value',
    source: red5,
    encoding: 'amf0',
    payload: `${board5} 03 00000005 0003 666f6f`,
    content: { ...temporary5, events: [{ type: 'requestChange', name: 'foo', value: undefined }] },
    encodes: false,
  },
  {
    name: 'success',
    source: red5,
    encoding: 'amf0',
    payload: `${board5} 05 00000005 0003 666f6f`,
    content: { ...temporary5, events: [{ type: 'success', name: 'foo' }] },
  },
  {
    name: 'send message, whose name is a value with its marker',
    source: red5,
    encoding: 'amf0',
    payload: `${board5} 06 0000000f 02 0003 736179 00 3ff0000000000000`,
    content: { ...temporary5, events: [{ type: 'sendMessage', name: 'say', args: [1] }] },
  },
  {
    name: 'status',
    source: described,
    encoding: 'amf0',
    payload: `${board0} 07 00000022 0019 5368617265644f626a6563742e4e6f52656164416363657373 0005 6572726f72`,
    content: { ...temporary0, events: [{ type: 'status', code: 'SharedObject.NoReadAccess', level: 'error' }] },
  },
  {
    name: 'clear',
    source: described,
    encoding: 'amf0',
    payload: `${board5} 08 00000000`,
    content: { ...temporary5, events: [{ type: 'clear' }] },
  },
  {
    name: 'remove',
    source: described,
    encoding: 'amf0',
    payload: `${board5} 09 00000005 0003 666f6f`,
    content: { ...temporary5, events: [{ type: 'remove', name: 'foo' }] },
  },
  {
    name: 'request remove',
    source: described,
    encoding: 'amf0',
    payload: `${board5} 0a 00000005 0003 666f6f`,
    content: { ...temporary5, events: [{ type: 'requestRemove', name: 'foo' }] },
  },
  {
    name: 'use success, with the flags that are described there',
    source: described,
    encoding: 'amf0',
    payload: '0005 626f617264 00000005 00000030 00000000 0b 00000000',
    content: { ...temporary5, events: [{ type: 'useSuccess' }] },
    encodes: false,
  },
  {
    name: 'request clear',
    source: described,
    encoding: 'amf0',
    payload: `${board5} 0e 00000000`,
    content: { ...temporary5, events: [{ type: 'requestClear' }] },
  },
  {
    name: 'change with an event 12, which nobody knows, behind it',
    source: described,
    encoding: 'amf0',
    payload: `${board5} 04 0000000b ${fooBar} 0c 00000009 0003 666f6f 00000001`,
    content: {
      ...temporary5,
      events: [
        { type: 'change', name: 'foo', value: 'bar' },
        { type: 'unknown', eventType: 12, data: Uint8Array.from([0, 3, 0x66, 0x6f, 0x6f, 0, 0, 0, 1]) },
      ],
    },
  },
  {
    name: 'what a new member gets: use success, clear, the slots',
    source: red5,
    encoding: 'amf0',
    payload: `${board5} 0b 00000000 08 00000000 04 0000000b ${fooBar} 04 00000004 0001 61 05`,
    content: {
      ...temporary5,
      events: [
        { type: 'useSuccess' },
        { type: 'clear' },
        { type: 'change', name: 'foo', value: 'bar' },
        { type: 'change', name: 'a', value: null },
      ],
    },
  },
  {
    name: 'type 16: a format byte, a value in AMF0 and one in AMF3',
    source: red5,
    encoding: 'amf3',
    payload: `00 ${board5} 03 0000000b ${fooBar} 03 0000000e 0003 706f73 11 0a 0b 01 03 78 04 05 01`,
    content: {
      ...temporary5,
      events: [
        { type: 'requestChange', name: 'foo', value: 'bar' },
        {
          type: 'requestChange',
          name: 'pos',
          value: new AmfObject([['x', 5]]),
        },
      ],
    },
    input: {
      ...temporary5,
      events: [
        { type: 'requestChange', name: 'foo', value: 'bar' },
        { type: 'requestChange', name: 'pos', value: new Amf3Value({ x: 5 }) },
      ],
    },
  },
  {
    name: 'type 16: the same name is sealed anew in each event, as references do not reach across',
    source: 'by hand',
    encoding: 'amf3',
    payload: `00 ${board5} 04 00000008 0001 61 11 06 05 6869 04 00000008 0001 62 11 06 05 6869`,
    content: {
      ...temporary5,
      events: [
        { type: 'change', name: 'a', value: 'hi' },
        { type: 'change', name: 'b', value: 'hi' },
      ],
    },
    input: {
      ...temporary5,
      events: [
        { type: 'change', name: 'a', value: new Amf3Value('hi') },
        { type: 'change', name: 'b', value: new Amf3Value('hi') },
      ],
    },
  },
];

/** Name, encoding, payload, code. All by hand. */
export const sharedObjectErrors: readonly (readonly [string, MessageEncoding, string, string])[] = [
  ['no bytes', 'amf0', '', 'ERR_RTMP_SHARED_OBJECT_SHORT'],
  ['a name longer than the message', 'amf0', '0006 626f617264', 'ERR_RTMP_SHARED_OBJECT_SHORT'],
  ['no reserved bytes', 'amf0', '0001 61 00000000 00000000', 'ERR_RTMP_SHARED_OBJECT_SHORT'],
  ['an event without its length', 'amf0', `${board0} 01 000000`, 'ERR_RTMP_SHARED_OBJECT_SHORT'],
  ['an event that says 4 GiB', 'amf0', `${board0} 01 ffffffff`, 'ERR_RTMP_SHARED_OBJECT_SHORT'],
  ['an unknown event longer than the message', 'amf0', `${board0} 63 00000002 00`, 'ERR_RTMP_SHARED_OBJECT_SHORT'],
  ['an event shorter than its name', 'amf0', `${board0} 0a 00000004 0003 666f6f`, 'ERR_RTMP_SHARED_OBJECT_SHORT'],
  ['a request change without a name', 'amf0', `${board0} 03 00000000`, 'ERR_RTMP_SHARED_OBJECT_SHORT'],
  ['a status without its level', 'amf0', `${board0} 07 00000003 0001 61`, 'ERR_RTMP_SHARED_OBJECT_SHORT'],
  ['a value longer than its event', 'amf0', `${board0} 03 00000009 ${fooBar}`, 'ERR_AMF0_TRUNCATED'],
  ['a message without a name', 'amf0', `${board0} 06 00000000`, 'ERR_RTMP_SHARED_OBJECT_HANDLER'],
  ['a message whose name is a number', 'amf0', `${board0} 06 00000001 05`, 'ERR_RTMP_SHARED_OBJECT_HANDLER'],
  ['type 16 in format 3', 'amf3', `03 ${board0}`, 'ERR_RTMP_MESSAGE_FORMAT'],
  ['type 16 without its format byte', 'amf3', `${board0} 01 00000000`, 'ERR_RTMP_SHARED_OBJECT_SHORT'],
];
