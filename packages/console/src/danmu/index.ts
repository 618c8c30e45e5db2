export { DanmuRoom, type RoomState } from './danmu-room.js';
export { guestName } from './guest-name.js';
export { RecordedDanmu } from './recorded-danmu.js';
export { shownDanmu } from './stored-line.js';
