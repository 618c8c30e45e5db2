export { GrowingArray } from './growing-array.js';
export { inspectMp4 } from './inspect-mp4.js';
export { Mp4File } from './mp4-file.js';
export { isMp4, readMp4Index } from './mp4-reader.js';
