import { type AmfLimits, type AmfValue, decodeAmf0 } from '../../amf/index.js';
import { ByteReader, RtmpRemoteError } from '../../bytes/index.js';
import type { CommandMessage, DataMessage, Message, MessageEncoding, PeerBandwidthLimitType } from './message.js';
import { messageTypes } from './message-type.js';
import type { RawMessage } from './raw-message.js';
import { decodeUserControl } from './user-control.js';

// Payloads by message type [RTMP §5.4, §7.1]
//
//    1  set chunk size         0 (1 bit) | chunk size (31 bits)
//    2  abort                  chunk stream id (4)
//    3  acknowledgement        bytes received (4)
//    4  user control           see user-control.ts
//    5  window ack size        window (4)
//    6  set peer bandwidth     window (4) | limit type (1): 0 hard, 1 soft, 2 dynamic
//    8  audio, 9 video         FLV tag bodies, opaque here
//   18  data                   AMF0 values
//   20  command                AMF0: name, transaction id, command object, arguments …
//   15, 17                     format byte (1) = 0 | AMF0 values, 0x11 switching one value to AMF3   [Errata §7.2]
//   16, 19  shared object      opaque here, see shared-object.ts
//   22  aggregate              see aggregate.ts

const limitTypes: readonly PeerBandwidthLimitType[] = ['hard', 'soft', 'dynamic'];

/**
 * Gives a message its meaning. Byte arrays in the result are views of `raw.payload`. Bytes after the fields of a control
 * message are ignored. `limits` bound the AMF of data and command messages.
 *
 * Throws `RtmpRemoteError`: `ERR_RTMP_MESSAGE_…`, or the AMF decoder's codes.
 */
export function decodeMessage(raw: RawMessage, limits?: Partial<AmfLimits>): Message {
  const { timestamp, messageStreamId, payload } = raw;
  const header = { timestamp, messageStreamId };
  switch (raw.messageTypeId) {
    case messageTypes.setChunkSize:
      return { type: 'setChunkSize', ...header, chunkSize: readChunkSize(payload) };
    case messageTypes.abort:
      return { type: 'abort', ...header, chunkStreamId: controlReader(payload, 4).readUint32() };
    case messageTypes.acknowledgement:
      return { type: 'acknowledgement', ...header, sequenceNumber: controlReader(payload, 4).readUint32() };
    case messageTypes.userControl:
      return { type: 'userControl', ...header, event: decodeUserControl(payload) };
    case messageTypes.windowAckSize:
      return { type: 'windowAckSize', ...header, windowAckSize: controlReader(payload, 4).readUint32() };
    case messageTypes.setPeerBandwidth: {
      const reader = controlReader(payload, 5);
      const windowAckSize = reader.readUint32();
      // An unknown limit type is taken as dynamic, the one that asks for nothing by itself.
      return {
        type: 'setPeerBandwidth',
        ...header,
        windowAckSize,
        limitType: limitTypes[reader.readUint8()] ?? 'dynamic',
      };
    }
    case messageTypes.audio:
      return { type: 'audio', ...header, payload };
    case messageTypes.video:
      return { type: 'video', ...header, payload };
    case messageTypes.dataAmf0:
      return decodeData(raw, 'amf0', limits);
    case messageTypes.dataAmf3:
      return decodeData(raw, 'amf3', limits);
    case messageTypes.commandAmf0:
      return decodeCommand(raw, 'amf0', limits);
    case messageTypes.commandAmf3:
      return decodeCommand(raw, 'amf3', limits);
    case messageTypes.sharedObjectAmf0:
      return { type: 'sharedObject', ...header, encoding: 'amf0', payload };
    case messageTypes.sharedObjectAmf3:
      return { type: 'sharedObject', ...header, encoding: 'amf3', payload };
    case messageTypes.aggregate:
      return { type: 'aggregate', ...header, payload };
    default:
      return { type: 'unknown', ...header, messageTypeId: raw.messageTypeId, payload };
  }
}

function readChunkSize(payload: Uint8Array): number {
  // Masked for who decodes messages alone; the chunk decoder, which applies the size, closes on a set top bit.
  const chunkSize = controlReader(payload, 4).readUint32() & 0x7fff_ffff;
  if (chunkSize === 0) {
    throw new RtmpRemoteError('ERR_RTMP_MESSAGE_CHUNK_SIZE', 'a chunk size of 0', { offset: 0 });
  }
  return chunkSize;
}

function controlReader(payload: Uint8Array, length: number): ByteReader {
  if (payload.length < length) {
    throw new RtmpRemoteError(
      'ERR_RTMP_MESSAGE_CONTROL_SHORT',
      `a control message of ${payload.length} bytes, ${length} wanted`,
      { offset: payload.length },
    );
  }
  return new ByteReader(payload);
}

function decodeData(raw: RawMessage, encoding: MessageEncoding, limits: Partial<AmfLimits> | undefined): DataMessage {
  const { timestamp, messageStreamId } = raw;
  return { type: 'data', timestamp, messageStreamId, encoding, values: decodeValues(raw, encoding, limits) };
}

function decodeCommand(
  raw: RawMessage,
  encoding: MessageEncoding,
  limits: Partial<AmfLimits> | undefined,
): CommandMessage {
  checkFormat(raw, encoding);
  const [name, transactionId = 0, commandObject = null, ...args] = decodeValues(raw, encoding, limits);
  if (typeof name !== 'string') {
    throw new RtmpRemoteError('ERR_RTMP_MESSAGE_COMMAND_NAME', 'a command does not begin with its name', { offset: 0 });
  }
  if (typeof transactionId !== 'number') {
    throw new RtmpRemoteError('ERR_RTMP_MESSAGE_TRANSACTION_ID', 'a transaction id that is not a number');
  }
  const { timestamp, messageStreamId } = raw;
  return { type: 'command', timestamp, messageStreamId, encoding, name, transactionId, commandObject, args };
}

/** Only format 0 is known. [Errata §7.2] Clients that leave the byte out begin with the name, which is text. */
function checkFormat({ payload: [format = 0] }: RawMessage, encoding: MessageEncoding): void {
  if (encoding === 'amf0' || format === 0 || textMarkers.includes(format)) return;
  throw new RtmpRemoteError('ERR_RTMP_MESSAGE_FORMAT', `a command of type 17 in format ${format}`, { offset: 0 });
}

/** AMF0's string, long string, and AVM+ for a string in AMF3. */
const textMarkers: readonly number[] = [0x02, 0x0c, 0x11];

function decodeValues(raw: RawMessage, encoding: MessageEncoding, limits: Partial<AmfLimits> | undefined): AmfValue[] {
  // Some clients leave the format byte of types 15 and 17 out. A name never begins with 0, a string's marker being 2.
  const hasFormatByte = encoding === 'amf3' && raw.payload[0] === 0;
  return decodeAmf0(hasFormatByte ? raw.payload.subarray(1) : raw.payload, limits);
}
