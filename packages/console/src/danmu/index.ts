export { DanmuRoom, type RoomState } from './danmu-room.js';
export { guestName } from './guest-name.js';
