export { ChunkDecoder } from './chunk-decoder.js';
export { ChunkEncoder } from './chunk-encoder.js';
export { initialChunkSize, maxChunkStreamId, maxWireChunkSize, minChunkStreamId } from './chunk-header.js';
export { type ChunkLimits, defaultChunkLimits } from './chunk-limits.js';
export { encodedMessageLength, writeMessage } from './write-message.js';
