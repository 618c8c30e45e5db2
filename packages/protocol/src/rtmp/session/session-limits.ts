import type { AmfLimits } from '../../amf/index.js';
import { type ChunkLimits, defaultChunkLimits } from '../chunk/index.js';

/** What one peer of a `ServerSession` may use up. All counts and bytes are per connection. */
export interface SessionLimits extends ChunkLimits {
  /** Message streams open at the same time; `createStream` fails beyond. */
  readonly maxMessageStreams: number;
  /** Nesting of AMF values in a command. */
  readonly maxAmfDepth: number;
  /** AMF values in one command. */
  readonly maxAmfElements: number;
  /**
   * Bytes that wait in the session: answers not yet taken by `takeOutput`, and, counted apart, input that waits for the
   * answer to a request.
   */
  readonly maxQueuedBytes: number;
  /** `call` requests that are not answered yet; one more ends the session. */
  readonly maxPendingRequests: number;
  /** Calls of the server that the client has not answered. */
  readonly maxPendingCalls: number;
  /** Media messages in a row on message streams that publish nothing. */
  readonly maxStrayMessages: number;
  /** Milliseconds from the start of the session to the end of the handshake; 0: no limit. */
  readonly handshakeTimeoutMs: number;
  /** Milliseconds from the end of the handshake to `connect`; 0: no limit. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without a byte from the peer, which is sent a ping after half of them; 0: no limit, no pings. */
  readonly idleTimeoutMs: number;
}

export const defaultSessionLimits: SessionLimits = {
  ...defaultChunkLimits,
  // Encoders use one stream, players one to four; a page with a wall of cameras may use more.
  maxMessageStreams: 32,
  maxAmfDepth: 64,
  maxAmfElements: 65_536,
  // Answers are some 200 bytes each: thousands of them in one go are no honest peer's.
  maxQueuedBytes: 4 * 1024 * 1024,
  maxPendingRequests: 64,
  maxPendingCalls: 64,
  // An encoder whose stream was refused or replaced sends on until it hears of it. This is over a minute of media.
  maxStrayMessages: 10_000,
  handshakeTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
};

export function amfLimits(limits: SessionLimits): AmfLimits {
  return { maxDepth: limits.maxAmfDepth, maxElements: limits.maxAmfElements };
}
