import type { StoredDanmu } from '@millrace/protocol';
import type { RoomName } from './service-room.js';

/** Where danmu are kept with the recording of their stream: `formatStoredDanmu` makes lines of them. */
export interface DanmuStore {
  /**
   * A danmu was sent to the room of a stream that is published. Its media time counts from the first picture or sound of
   * the publication. Must not throw, and is not waited for.
   */
  store(room: RoomName, danmu: StoredDanmu): void;
}
