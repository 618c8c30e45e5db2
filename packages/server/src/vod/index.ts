export { FlvBody, type FlvBodyOptions } from './flv-body.js';
export { PlayClock } from './play-clock.js';
export type { OpenRecording } from './vod-library.js';
export type { Paced, VodPacer } from './vod-pacer.js';
export { VodPlayback } from './vod-playback.js';
export { VodPlayer } from './vod-player.js';
export type { Continuation } from './vod-player-options.js';
