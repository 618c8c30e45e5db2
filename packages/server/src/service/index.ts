export type { KeptDanmu } from './danmu-history.js';
export type { DanmuStore, SentMessage } from './danmu-store.js';
export type { Moderate, ModeratedMessage, ModerationVerdict } from './moderation.js';
export type { MemberSink } from './service-member.js';
export {
  type Membership,
  type RoomFacts,
  type ServerMessage,
  ServiceRooms,
  type ServiceRoomsOptions,
} from './service-rooms.js';
export { TokenBucket } from './token-bucket.js';
export type { Upstream } from './upstream.js';
