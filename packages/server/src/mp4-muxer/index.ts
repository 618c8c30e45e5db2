export { finishMp4 } from './finish-mp4.js';
export { recordingOf } from './mp4-head.js';
export { Mp4Movie } from './mp4-movie.js';
export { type MediaPacket, packetName, packetsOf } from './mp4-packets.js';
export { type NewSample, SampleBatches } from './mp4-sample-batch.js';
export { Mp4Stream } from './mp4-stream.js';
export { type Mp4Track, TrackDescriber } from './mp4-track.js';
export { repairMp4 } from './repair-mp4.js';
