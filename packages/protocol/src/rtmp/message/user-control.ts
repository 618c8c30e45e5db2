import { ByteReader, ByteWriter, RtmpRemoteError } from '../../bytes/index.js';

// User control message (type 4) [RTMP §6.2, §7.1.7]
//
//   +-----------------+----------------------------------------------+
//   | event type (2)  | event data                                   |
//   +-----------------+----------------------------------------------+
//   0 StreamBegin, 1 StreamEOF, 2 StreamDry, 4 StreamIsRecorded   message stream id (4)
//   3 SetBufferLength                                             message stream id (4), milliseconds (4)
//   6 PingRequest, 7 PingResponse                                 time stamp (4)
//   26 SWF verification request                                   version (1)
//   27 SWF verification response                                  42 bytes, opaque here
//   31 BufferEmpty, 32 BufferReady                                message stream id (4)
//
// 26, 27, 31 and 32 are not in the specification; Flash Media Server and Flash Player send them, librtmp knows them.

export const userControlEventTypes = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  streamIsRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
  swfVerificationRequest: 26,
  swfVerificationResponse: 27,
  bufferEmpty: 31,
  bufferReady: 32,
} as const;

export type UserControlEvent =
  | {
      readonly type: 'streamBegin' | 'streamEof' | 'streamDry' | 'streamIsRecorded' | 'bufferEmpty' | 'bufferReady';
      readonly messageStreamId: number;
    }
  | { readonly type: 'setBufferLength'; readonly messageStreamId: number; readonly bufferMs: number }
  /** `timestamp`: milliseconds of the asker's own clock, 0 … 2³²−1; a response brings the request's back. */
  | { readonly type: 'pingRequest' | 'pingResponse'; readonly timestamp: number }
  /** `version`: 0 … 255; 1 where the request does not say. */
  | { readonly type: 'swfVerificationRequest'; readonly version: number }
  | { readonly type: 'swfVerificationResponse'; readonly data: Uint8Array }
  | { readonly type: 'unknown'; readonly eventType: number; readonly data: Uint8Array };

/** `data` of the result is a view of `payload`. Bytes after the event data are ignored. */
export function decodeUserControl(payload: Uint8Array): UserControlEvent {
  const reader = new ByteReader(payload);
  requireEventBytes(reader, 2);
  const eventType = reader.readUint16();
  switch (eventType) {
    case userControlEventTypes.streamBegin:
      return { type: 'streamBegin', messageStreamId: readEventUint32(reader) };
    case userControlEventTypes.streamEof:
      return { type: 'streamEof', messageStreamId: readEventUint32(reader) };
    case userControlEventTypes.streamDry:
      return { type: 'streamDry', messageStreamId: readEventUint32(reader) };
    case userControlEventTypes.streamIsRecorded:
      return { type: 'streamIsRecorded', messageStreamId: readEventUint32(reader) };
    case userControlEventTypes.bufferEmpty:
      return { type: 'bufferEmpty', messageStreamId: readEventUint32(reader) };
    case userControlEventTypes.bufferReady:
      return { type: 'bufferReady', messageStreamId: readEventUint32(reader) };
    case userControlEventTypes.setBufferLength:
      return {
        type: 'setBufferLength',
        messageStreamId: readEventUint32(reader),
        bufferMs: readEventUint32(reader),
      };
    case userControlEventTypes.pingRequest:
      return { type: 'pingRequest', timestamp: readEventUint32(reader) };
    case userControlEventTypes.pingResponse:
      return { type: 'pingResponse', timestamp: readEventUint32(reader) };
    case userControlEventTypes.swfVerificationRequest:
      return { type: 'swfVerificationRequest', version: payload[2] ?? 1 };
    case userControlEventTypes.swfVerificationResponse:
      return { type: 'swfVerificationResponse', data: payload.subarray(2) };
    default:
      return { type: 'unknown', eventType, data: payload.subarray(2) };
  }
}

/** The payload of a user control message. Numbers are taken modulo 2³². */
export function encodeUserControl(event: UserControlEvent): Uint8Array {
  const writer = new ByteWriter(10);
  writer.writeUint16(event.type === 'unknown' ? event.eventType : userControlEventTypes[event.type]);
  switch (event.type) {
    case 'streamBegin':
    case 'streamEof':
    case 'streamDry':
    case 'streamIsRecorded':
    case 'bufferEmpty':
    case 'bufferReady':
      writer.writeUint32(event.messageStreamId);
      break;
    case 'setBufferLength':
      writer.writeUint32(event.messageStreamId);
      writer.writeUint32(event.bufferMs);
      break;
    case 'pingRequest':
    case 'pingResponse':
      writer.writeUint32(event.timestamp);
      break;
    case 'swfVerificationRequest':
      writer.writeUint8(event.version);
      break;
    case 'swfVerificationResponse':
    case 'unknown':
      writer.writeBytes(event.data);
      break;
    default:
      return unreachableEvent(event);
  }
  return writer.finish();
}

function readEventUint32(reader: ByteReader): number {
  requireEventBytes(reader, 4);
  return reader.readUint32();
}

function requireEventBytes(reader: ByteReader, count: number): void {
  if (reader.remaining < count) {
    throw new RtmpRemoteError(
      'ERR_RTMP_MESSAGE_USER_CONTROL_SHORT',
      `a user control message ends after ${reader.bytes.length} bytes`,
      { offset: reader.offset },
    );
  }
}

function unreachableEvent(event: never): never {
  throw new TypeError(`no such user control event: ${JSON.stringify(event)}`);
}
