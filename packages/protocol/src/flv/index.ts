export type { AudioConfig } from './audio-config.js';
export { type AudioPacketType, type AudioTagHeader, type AudioTrack, parseAudioTagHeader } from './audio-tag-header.js';
export { type CachedPart, type CacheKey, cacheKeysOf } from './cache-keys.js';
export type { MediaTrack } from './enhanced-header.js';
export { defaultFlvLimits, FlvDemuxer, type FlvHeader, type FlvLimits, type FlvTag } from './flv-demuxer.js';
export { FlvMuxer } from './flv-muxer.js';
export {
  encodeFlvHeader,
  encodeFlvTag,
  type FlvTagType,
  flvTagHeaderBytes,
  flvTagTrailerBytes,
  flvTagTypes,
  maxFlvPayloadBytes,
  writeFlvTagHeader,
} from './flv-tag.js';
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
export { avcNalLengthBytes, encodeLatencySei, findLatencySei, insertLatencySei } from './latency-sei.js';
export { absoluteTimeMs, encodeCurrentTime, parseCurrentTime } from './latency-time.js';
export { type DataFrame, encodeMetadata, parseMetadata, parseVideoMetadata, stripSetDataFrame } from './metadata.js';
export {
  type AudioDescription,
  describeMetadata,
  type MetadataDescription,
  type VideoDescription,
} from './metadata-description.js';
export { type MultichannelConfig, parseMultichannelConfig } from './multichannel-config.js';
export { parseAudioConfig } from './parse-audio-config.js';
export { parseVideoConfig } from './parse-video-config.js';
export type { VideoConfig } from './video-config.js';
export { parseVideoTagHeader, type VideoPacketType, type VideoTagHeader, type VideoTrack } from './video-tag-header.js';
