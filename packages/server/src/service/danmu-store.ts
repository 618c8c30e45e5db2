import type { Danmu, ServiceHeader } from '@millrace/protocol';
import type { RoomName } from './service-room.js';

/** A message that was sent to all members of a room. */
export interface SentMessage {
  /** Unix ms, by the server's clock. */
  readonly receivedAtMs: number;
  readonly header: ServiceHeader;
  /** `undefined`: it is of another service. */
  readonly danmu: Danmu | undefined;
  /** The body of the command in AMF0: name, transaction id, header, content; `undefined`: AMF0 has no form for it. */
  readonly amf0: Uint8Array | undefined;
}

/** Where messages are kept with the recording of the stream that their room is named after. */
export interface DanmuStore {
  /** Must not throw, and is not waited for. */
  store(room: RoomName, message: SentMessage): void;
}
