export { ByteReader } from './byte-reader.js';
export { ByteWriter } from './byte-writer.js';
export { RtmpRemoteError, RtmpUsageError } from './errors.js';
