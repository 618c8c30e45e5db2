import { maxWireChunkSize } from './chunk-header.js';

/** What one peer may make a `ChunkDecoder` hold. All counts and bytes are per connection. */
export interface ChunkLimits {
  /** Longest message accepted, in bytes. */
  readonly maxMessageBytes: number;
  /** Memory for messages of which only a part has come, in bytes over all chunk streams. */
  readonly maxPartialBytes: number;
  /** Chunk streams in use at the same time; they are never given up. */
  readonly maxChunkStreams: number;
  /** Largest chunk size the peer may set, in bytes, after it was cut to 2²⁴−1. */
  readonly maxChunkSize: number;
}

export const defaultChunkLimits: ChunkLimits = {
  // A 4K key frame at 100 Mbit/s stays under 4 MiB; twice that leaves room and still bounds a hostile peer.
  maxMessageBytes: 8 * 1024 * 1024,
  // Two of the longest messages at once: an audio or command message never waits behind a long video one for memory.
  maxPartialBytes: 16 * 1024 * 1024,
  // Encoders use up to ten. Each costs some 150 bytes, so what a test or an odd client may want costs little.
  maxChunkStreams: 256,
  maxChunkSize: maxWireChunkSize,
};
