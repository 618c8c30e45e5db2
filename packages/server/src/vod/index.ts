export { type ByteSource, fileSource } from './byte-source.js';
export type { FileTag, MediaFile, MediaReader, SeekPoint } from './media-file.js';
export { PlayClock } from './play-clock.js';
export type { OpenRecording } from './vod-library.js';
export { VodPlayback } from './vod-playback.js';
export { VodPlayer } from './vod-player.js';
export type { Continuation } from './vod-player-options.js';
export { readWindow, WindowCache } from './window-cache.js';
