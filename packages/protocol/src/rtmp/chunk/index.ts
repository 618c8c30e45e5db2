export { initialChunkSize, maxChunkStreamId, maxWireChunkSize, minChunkStreamId } from './chunk-header.js';
export { encodedMessageLength, writeMessage } from './write-message.js';
