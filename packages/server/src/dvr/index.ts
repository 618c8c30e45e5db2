export { clientTimeNear } from './dvr-timeline.js';
export type { DvrWindow } from './dvr-window.js';
export { DvrWindows } from './dvr-windows.js';
export { placeInWindow, ShiftedPlayer } from './shifted-player.js';
