import {
  encodedMessageLength,
  messageTypes,
  type RawMessage,
  writeFlvTagHeader,
  writeMessage,
} from '@millrace/protocol';

/** How messages look on one kind of connection. An encoding has no state: any player may start at any message. */
export interface WireEncoding {
  /** Encodings with the same key give the same bytes, and so their players share one log. */
  readonly key: string;
  /** Bytes that `write` will need; 0 when players of this encoding do not get the message. */
  encodedLength(message: RawMessage): number;
  /** Writes the message; returns the offset after it. Only called when `encodedLength` is not 0. */
  write(target: Uint8Array, offset: number, message: RawMessage): number;
}

export interface MediaSelection {
  readonly audio: boolean;
  readonly video: boolean;
}

/** Chunk stream ids of what a player gets. Fixed, never the publisher's: peers must not depend on them, and some cut them to 6 bits. */
const chunkStreamIds = { data: 5, audio: 4, video: 6 } as const;

function isSelected(messageTypeId: number, selection: MediaSelection): boolean {
  if (messageTypeId === messageTypes.audio) return selection.audio;
  if (messageTypeId === messageTypes.video) return selection.video;
  return true;
}

function chunkStreamIdFor(messageTypeId: number): number {
  if (messageTypeId === messageTypes.audio) return chunkStreamIds.audio;
  if (messageTypeId === messageTypes.video) return chunkStreamIds.video;
  return chunkStreamIds.data;
}

/** RTMP chunks: every message starts with a type 0 header and the absolute timestamp, and is written whole. */
export function rtmpEncoding(messageStreamId: number, chunkSize: number, selection: MediaSelection): WireEncoding {
  return {
    key: `rtmp/${messageStreamId}/${chunkSize}/${selection.audio ? 'a' : ''}${selection.video ? 'v' : ''}`,
    encodedLength(message) {
      if (!isSelected(message.messageTypeId, selection)) return 0;
      const chunkStreamId = chunkStreamIdFor(message.messageTypeId);
      return encodedMessageLength(message.payload.length, message.timestamp, chunkStreamId, chunkSize);
    },
    write(target, offset, message) {
      return writeMessage(
        target,
        offset,
        chunkStreamIdFor(message.messageTypeId),
        message.messageTypeId,
        message.timestamp,
        messageStreamId,
        message.payload,
        chunkSize,
      );
    },
  };
}

const flvTagHeaderBytes = 11;
const flvPreviousTagSizeBytes = 4;

/** FLV tags without the file header. Empty messages (RTMP's "silence") have no counterpart in FLV and are left out. */
export function flvEncoding(selection: MediaSelection): WireEncoding {
  return {
    key: `flv/${selection.audio ? 'a' : ''}${selection.video ? 'v' : ''}`,
    encodedLength({ messageTypeId, payload }) {
      if (payload.length === 0 || !isSelected(messageTypeId, selection)) return 0;
      return flvTagHeaderBytes + payload.length + flvPreviousTagSizeBytes;
    },
    write(target, offset, { messageTypeId, timestamp, payload }) {
      const tagType = messageTypeId === messageTypes.audio || messageTypeId === messageTypes.video ? messageTypeId : 18;
      writeFlvTagHeader(target, offset, tagType, timestamp, payload.length);
      target.set(payload, offset + flvTagHeaderBytes);
      const end = offset + flvTagHeaderBytes + payload.length;
      const tagSize = flvTagHeaderBytes + payload.length;
      target[end] = tagSize >>> 24;
      target[end + 1] = tagSize >>> 16;
      target[end + 2] = tagSize >>> 8;
      target[end + 3] = tagSize;
      return end + flvPreviousTagSizeBytes;
    },
  };
}
