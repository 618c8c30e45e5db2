export { finishMp4 } from './finish-mp4.js';
export { inspectMp4 } from './inspect-mp4.js';
export { Mp4File } from './mp4-file.js';
export { recordingOf } from './mp4-head.js';
export { type MediaPacket, packetName, packetsOf } from './mp4-packets.js';
export { isMp4 } from './mp4-reader.js';
export { Mp4Stream } from './mp4-stream.js';
export { type Mp4Track, TrackDescriber } from './mp4-track.js';
export { repairMp4 } from './repair-mp4.js';
