export { type AudioPacketType, type AudioTagHeader, type AudioTrack, parseAudioTagHeader } from './audio-tag-header.js';
export { type CachedPart, type CacheKey, cacheKeysOf } from './cache-keys.js';
export type { MediaTrack } from './enhanced-header.js';
export {
  type AudioCodec,
  audioCodecNames,
  audioFourCcs,
  fourCcFromNumber,
  fourCcToNumber,
  type VideoCodec,
  videoCodecNames,
  videoFourCcs,
} from './four-cc.js';
export { parseVideoTagHeader, type VideoPacketType, type VideoTagHeader, type VideoTrack } from './video-tag-header.js';
