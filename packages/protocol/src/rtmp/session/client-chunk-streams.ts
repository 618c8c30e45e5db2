import { messageTypes } from '../message/index.js';
import { sessionChunkStreams } from './session-output.js';

/** What `sessionChunkStreams` leaves for media. */
const mediaChunkStreams = { audio: 4, data: 5, video: 6 } as const;

/** The chunk stream on which a client sends messages of a type that it is handed whole. */
export function chunkStreamOfType(messageTypeId: number): number {
  switch (messageTypeId) {
    case messageTypes.audio:
      return mediaChunkStreams.audio;
    case messageTypes.video:
    case messageTypes.aggregate:
      return mediaChunkStreams.video;
    case messageTypes.dataAmf0:
    case messageTypes.dataAmf3:
      return mediaChunkStreams.data;
    default:
      return sessionChunkStreams.connection;
  }
}
