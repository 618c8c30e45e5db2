import { type ByteWriter, RtmpUsageError } from '../../bytes/index.js';
import type { RawMessage } from '../message/raw-message.js';
import { extendedTimestampMark, initialChunkSize } from './chunk-header.js';
import { checkChunkArguments, checkChunkSize } from './write-message.js';

/** What the receiver remembers of a chunk stream after our last message on it. */
interface SentHeader {
  timestamp: number;
  /** What a type 3 header would add to the timestamp; `undefined` when receivers differ about it. */
  timestampDelta: number | undefined;
  messageLength: number;
  messageTypeId: number;
  messageStreamId: number;
}

/**
 * Turns messages into chunks with the shortest headers that every known receiver reads alike; the layout is drawn in
 * `chunk-header.ts`. Everything sent on the connection's chunk streams must go through one encoder, in order, or carry
 * full headers on chunk streams of its own (`writeMessage`).
 */
export class ChunkEncoder {
  #chunkSize = initialChunkSize;
  readonly #sent = new Map<number, SentHeader>();

  /** Largest chunk payload written, in bytes. Set it after the Set Chunk Size message that says so was encoded. */
  get chunkSize(): number {
    return this.#chunkSize;
  }

  /** @throws RtmpUsageError unless 1 … 2³¹−1 */
  set chunkSize(bytes: number) {
    checkChunkSize(bytes);
    this.#chunkSize = bytes;
  }

  /**
   * Appends the message's chunks to `writer`; the payload is copied.
   * @throws RtmpUsageError when the chunk stream id is not in 2 … 65599 or a field of the message does not fit the header
   */
  encode(chunkStreamId: number, message: RawMessage, writer: ByteWriter): void {
    const { payload, messageTypeId, messageStreamId } = message;
    checkChunkArguments(chunkStreamId, payload.length, this.#chunkSize);
    if (messageTypeId !== (messageTypeId & 0xff) || messageStreamId !== messageStreamId >>> 0) {
      throw new RtmpUsageError(
        'ERR_RTMP_MESSAGE_FIELDS',
        `message type id ${messageTypeId} or message stream id ${messageStreamId} is out of range`,
      );
    }
    const timestamp = message.timestamp >>> 0;
    const last = this.#sent.get(chunkStreamId);
    const delta = last === undefined ? timestamp : (timestamp - last.timestamp) >>> 0;
    // Time that runs backwards needs type 0 [RTMP §5.3.1.2.1]; as a delta modulo 2³² it is a large one. Large deltas that
    // do run forward get type 0 as well: SRS reads their extended timestamp as an absolute time.
    if (last === undefined || last.messageStreamId !== messageStreamId || delta >= extendedTimestampMark) {
      const extended = timestamp >= extendedTimestampMark;
      writeBasicHeaderTo(writer, 0, chunkStreamId);
      writer.writeUint24(extended ? extendedTimestampMark : timestamp);
      writer.writeUint24(payload.length);
      writer.writeUint8(messageTypeId);
      writer.writeUint32Le(messageStreamId);
      if (extended) writer.writeUint32(timestamp);
      // The specification's delta after type 0 is the timestamp itself, nginx-rtmp's is 0: type 3 only where they agree.
      const timestampDelta = timestamp === 0 ? 0 : undefined;
      this.#sent.set(chunkStreamId, {
        timestamp,
        timestampDelta,
        messageLength: payload.length,
        messageTypeId,
        messageStreamId,
      });
      this.#writePayload(chunkStreamId, extended ? timestamp : undefined, payload, writer);
      return;
    }
    if (last.messageLength !== payload.length || last.messageTypeId !== messageTypeId) {
      writeBasicHeaderTo(writer, 1, chunkStreamId);
      writer.writeUint24(delta);
      writer.writeUint24(payload.length);
      writer.writeUint8(messageTypeId);
    } else if (last.timestampDelta !== delta) {
      writeBasicHeaderTo(writer, 2, chunkStreamId);
      writer.writeUint24(delta);
    } else {
      writeBasicHeaderTo(writer, 3, chunkStreamId);
    }
    last.timestamp = timestamp;
    last.timestampDelta = delta;
    last.messageLength = payload.length;
    last.messageTypeId = messageTypeId;
    this.#writePayload(chunkStreamId, undefined, payload, writer);
  }

  #writePayload(
    chunkStreamId: number,
    extendedTimestamp: number | undefined,
    payload: Uint8Array,
    writer: ByteWriter,
  ): void {
    const size = this.#chunkSize;
    if (payload.length <= size) {
      writer.writeBytes(payload);
      return;
    }
    for (let start = 0; start < payload.length; start += size) {
      if (start > 0) {
        writeBasicHeaderTo(writer, 3, chunkStreamId);
        if (extendedTimestamp !== undefined) writer.writeUint32(extendedTimestamp);
      }
      writer.writeBytes(payload.subarray(start, start + size));
    }
  }
}

function writeBasicHeaderTo(writer: ByteWriter, fmt: 0 | 1 | 2 | 3, chunkStreamId: number): void {
  const first = fmt << 6;
  if (chunkStreamId < 64) {
    writer.writeUint8(first | chunkStreamId);
  } else if (chunkStreamId < 320) {
    writer.writeUint8(first);
    writer.writeUint8(chunkStreamId - 64);
  } else {
    const rest = chunkStreamId - 64;
    writer.writeUint8(first | 1);
    writer.writeUint8(rest & 0xff);
    writer.writeUint8(rest >>> 8);
  }
}
