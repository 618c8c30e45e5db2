import { type AmfInput, encodeAmf0 } from '../../amf/index.js';
import { ByteWriter, RtmpUsageError } from '../../bytes/index.js';
import type { MessageEncoding, MessageInput, PeerBandwidthLimitType } from './message.js';
import { messageTypes } from './message-type.js';
import type { RawMessage } from './raw-message.js';
import { encodeUserControl } from './user-control.js';

// The layouts are drawn in decode-message.ts.

const limitTypeNumbers: Readonly<Record<PeerBandwidthLimitType, number>> = { hard: 0, soft: 1, dynamic: 2 };

/**
 * The raw form of a message. Audio, video, shared object, aggregate and unknown payloads are handed on, not copied.
 * Throws `RtmpUsageError` for a chunk size that cannot be sent or an AMF value that cannot be encoded.
 */
export function encodeMessage(message: MessageInput): RawMessage {
  const raw = (messageTypeId: number, payload: Uint8Array): RawMessage => ({
    messageTypeId,
    timestamp: message.timestamp,
    messageStreamId: message.messageStreamId,
    payload,
  });
  switch (message.type) {
    case 'setChunkSize':
      if (!(message.chunkSize >= 1 && message.chunkSize <= 0x7fff_ffff)) {
        throw new RtmpUsageError('ERR_RTMP_MESSAGE_CHUNK_SIZE', `a chunk size of ${message.chunkSize}`);
      }
      return raw(messageTypes.setChunkSize, uint32(message.chunkSize));
    case 'abort':
      return raw(messageTypes.abort, uint32(message.chunkStreamId));
    case 'acknowledgement':
      return raw(messageTypes.acknowledgement, uint32(message.sequenceNumber));
    case 'userControl':
      return raw(messageTypes.userControl, encodeUserControl(message.event));
    case 'windowAckSize':
      return raw(messageTypes.windowAckSize, uint32(message.windowAckSize));
    case 'setPeerBandwidth': {
      const writer = new ByteWriter(5);
      writer.writeUint32(message.windowAckSize);
      writer.writeUint8(limitTypeNumbers[message.limitType]);
      return raw(messageTypes.setPeerBandwidth, writer.finish());
    }
    case 'audio':
      return raw(messageTypes.audio, message.payload);
    case 'video':
      return raw(messageTypes.video, message.payload);
    case 'data':
      return raw(
        message.encoding === 'amf3' ? messageTypes.dataAmf3 : messageTypes.dataAmf0,
        encodeValues(message.encoding, message.values),
      );
    case 'command':
      return raw(
        message.encoding === 'amf3' ? messageTypes.commandAmf3 : messageTypes.commandAmf0,
        encodeValues(message.encoding, [message.name, message.transactionId, message.commandObject, ...message.args]),
      );
    case 'sharedObject':
      return raw(
        message.encoding === 'amf3' ? messageTypes.sharedObjectAmf3 : messageTypes.sharedObjectAmf0,
        message.payload,
      );
    case 'aggregate':
      return raw(messageTypes.aggregate, message.payload);
    case 'unknown':
      return raw(message.messageTypeId, message.payload);
    default:
      return unreachableMessage(message);
  }
}

function uint32(value: number): Uint8Array {
  const writer = new ByteWriter(4);
  writer.writeUint32(value);
  return writer.finish();
}

function encodeValues(encoding: MessageEncoding, values: readonly AmfInput[]): Uint8Array {
  const body = encodeAmf0(values);
  if (encoding === 'amf0') return body;
  const payload = new Uint8Array(body.length + 1);
  payload.set(body, 1);
  return payload;
}

function unreachableMessage(message: never): never {
  throw new TypeError(`no such message: ${JSON.stringify(message)}`);
}
