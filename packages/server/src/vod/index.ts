export { PlayClock } from './play-clock.js';
export type { OpenRecording } from './vod-library.js';
export { VodPlayback } from './vod-playback.js';
export { type Continuation, VodPlayer } from './vod-player.js';
