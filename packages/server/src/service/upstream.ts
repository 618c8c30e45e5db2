import type { AmfValue, ServiceHeader, ServiceMessage } from '@millrace/protocol';
import type { RoomName } from './service-room.js';

/** Another server, nearer to the origin. */
export interface Upstream {
  /**
   * Takes a message for the origin. `answer` may be called later, with a header of transimitType `response` that has the
   * messageID of the message. `false`: it cannot be forwarded, and is answered here.
   */
  forward(room: RoomName, message: ServiceMessage, answer: (header: ServiceHeader, content: AmfValue) => void): boolean;
}
