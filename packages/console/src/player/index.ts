export { measurePlayback, type PlaybackMeasure } from './playback-measure.js';
export { type RecordingPlayback, RecordingPlayer } from './recording-player.js';
export { type PlayerView, type PlayOrder, StreamPlayer, type Transport } from './stream-player.js';
