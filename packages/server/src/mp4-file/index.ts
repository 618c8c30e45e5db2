export { Mp4File } from './mp4-file.js';
