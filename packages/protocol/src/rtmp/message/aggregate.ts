import { ByteReader, ByteWriter, RtmpRemoteError } from '../../bytes/index.js';
import { messageTypes } from './message-type.js';
import type { RawMessage } from './raw-message.js';

// Aggregate message (type 22) [RTMP §7.1.6]: a run of sub-messages in the layout of FLV tags
//
//   +--------+---------+-------------------+--------------+----------------------+---------+------------------+
//   |type (1)|size (3) |timestamp bits     |timestamp bits|message stream id (3) |payload  |back pointer (4)  |
//   |        |         |23…0 (3)           |31…24 (1)     |                      |(size)   |= 11 + size       |
//   +--------+---------+-------------------+--------------+----------------------+---------+------------------+
//
// [RTMP §6.1.1] draws the timestamp as one 4-byte number. Flash Media Server sends it as FLV does, the upper eight bits
// last, and librtmp (type 0x16 in Read_1_Packet) reads it so.

const subHeaderBytes = 11;
const backPointerBytes = 4;

export interface AggregateLimits {
  /** Sub-messages in one aggregate. A 64 KiB aggregate of the smallest audio frames in use has some 3,000. */
  readonly maxMessages: number;
}

const defaultAggregateLimits: AggregateLimits = { maxMessages: 16_384 };

/**
 * The sub-messages, on the aggregate's message stream and with timestamps moved to its time: what differs between the
 * aggregate's timestamp and the first sub-message's is added to each. Payloads are views of the aggregate's.
 * Back pointers are not looked at, and the last may be missing.
 *
 * Throws `RtmpRemoteError`: `ERR_RTMP_MESSAGE_AGGREGATE_SHORT`, `…_AGGREGATE_NESTED`, `…_AGGREGATE_COUNT`.
 */
export function splitAggregate(raw: RawMessage, limits: Partial<AggregateLimits> = {}): RawMessage[] {
  const maxMessages = limits.maxMessages ?? defaultAggregateLimits.maxMessages;
  const reader = new ByteReader(raw.payload);
  const messages: RawMessage[] = [];
  let timestampOffset = 0;
  while (reader.remaining > 0) {
    const start = reader.offset;
    if (messages.length === maxMessages) {
      throw new RtmpRemoteError(
        'ERR_RTMP_MESSAGE_AGGREGATE_COUNT',
        `an aggregate of more than ${maxMessages} messages`,
        {
          offset: start,
        },
      );
    }
    if (reader.remaining < subHeaderBytes) throw shortAggregate(start);
    const messageTypeId = reader.readUint8();
    const size = reader.readUint24();
    const timestamp = (reader.readUint24() | (reader.readUint8() << 24)) >>> 0;
    reader.skip(3);
    if (reader.remaining < size) throw shortAggregate(start);
    if (messageTypeId === messageTypes.aggregate) {
      throw new RtmpRemoteError('ERR_RTMP_MESSAGE_AGGREGATE_NESTED', 'an aggregate within an aggregate', {
        offset: start,
      });
    }
    if (messages.length === 0) timestampOffset = raw.timestamp - timestamp;
    messages.push({
      messageTypeId,
      timestamp: (timestamp + timestampOffset) >>> 0,
      messageStreamId: raw.messageStreamId,
      payload: reader.readBytes(size),
    });
    reader.skip(Math.min(backPointerBytes, reader.remaining));
  }
  return messages;
}

/** One aggregate of `messages`, at the first one's time and on its message stream. `messages` must not be empty. */
export function joinAggregate(messages: readonly [RawMessage, ...RawMessage[]]): RawMessage {
  const writer = new ByteWriter(messages.reduce((sum, { payload }) => sum + payload.length + 15, 0));
  for (const { messageTypeId, timestamp, messageStreamId, payload } of messages) {
    writer.writeUint8(messageTypeId);
    writer.writeUint24(payload.length);
    writer.writeUint24(timestamp & 0xff_ffff);
    writer.writeUint8(timestamp >>> 24);
    writer.writeUint24(messageStreamId);
    writer.writeBytes(payload);
    writer.writeUint32(subHeaderBytes + payload.length);
  }
  const [{ timestamp, messageStreamId }] = messages;
  return { messageTypeId: messageTypes.aggregate, timestamp, messageStreamId, payload: writer.finish() };
}

function shortAggregate(offset: number): RtmpRemoteError {
  return new RtmpRemoteError('ERR_RTMP_MESSAGE_AGGREGATE_SHORT', 'an aggregate ends within a message', { offset });
}
