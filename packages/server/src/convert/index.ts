export type { ConvertReport } from './convert-report.js';
export { flvToMp4 } from './flv-to-mp4.js';
export { mp4ToFlv } from './mp4-to-flv.js';
