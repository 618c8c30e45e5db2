import { type ChunkLimits, defaultChunkLimits } from '../chunk/index.js';
import type { HandshakeCrypto, HandshakeKind } from '../handshake/index.js';
import { defaultSessionLimits, type SessionLimits } from './session-limits.js';
import type { SwfIdentity } from './swf-verification.js';

/** What the server of a `ClientSession` may use up; the members shared with `SessionLimits` mean the same. */
export interface ClientSessionLimits
  extends ChunkLimits,
    Pick<SessionLimits, 'maxAmfDepth' | 'maxAmfElements' | 'handshakeTimeoutMs'> {
  /** Milliseconds from the end of the handshake, or from `connect` if that comes later, to its answer; 0: no limit. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without a byte from the server; 0: no limit. */
  readonly idleTimeoutMs: number;
  /** Commands that wait for an answer. */
  readonly maxPendingCalls: number;
}

export const defaultClientSessionLimits: ClientSessionLimits = {
  ...defaultChunkLimits,
  maxAmfDepth: defaultSessionLimits.maxAmfDepth,
  maxAmfElements: defaultSessionLimits.maxAmfElements,
  handshakeTimeoutMs: defaultSessionLimits.handshakeTimeoutMs,
  connectTimeoutMs: defaultSessionLimits.connectTimeoutMs,
  // Servers owe a publisher nothing but an acknowledgement now and then, and a player nothing while the stream is silent.
  idleTimeoutMs: 0,
  // A server that never answers must not make the table of waiting commands grow for ever.
  maxPendingCalls: 4096,
};

export interface ClientSessionOptions {
  readonly crypto: HandshakeCrypto;
  /** The reading of the clock that `receive` and `checkDeadline` are given, in milliseconds. */
  readonly nowMs: number;
  /** Default `simple`, which every server takes. */
  readonly handshake?: HandshakeKind;
  readonly limits?: Partial<ClientSessionLimits>;
  /** What we send chunks of, announced behind `connect`: 1 … 2³¹−1, default 60,000. */
  readonly chunkSize?: number;
  /** How often the server is to acknowledge, in bytes; default 2,500,000. */
  readonly windowAckSize?: number;
  /** What requests for SWF verification are answered with; absent: they are events, and not answered. */
  readonly swf?: SwfIdentity;
}
