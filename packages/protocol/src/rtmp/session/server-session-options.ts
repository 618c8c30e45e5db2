import type { HandshakeCrypto } from '../handshake/index.js';
import type { ServerSwfOptions } from './server-swf.js';
import type { SessionLimits } from './session-limits.js';

export interface ServerSessionOptions {
  readonly crypto: HandshakeCrypto;
  /** Milliseconds of any clock that does not run backwards. */
  readonly nowMs: number;
  readonly limits?: Partial<SessionLimits>;
  /** How often the client is to acknowledge, in bytes; default 2,500,000. */
  readonly windowAckSize?: number;
  /** What the client may send unacknowledged, in bytes; default 2,500,000. */
  readonly peerBandwidth?: number;
  /** What we send chunks of, from the answer to `connect` on: 1 … 2³¹−1, default 60,000. */
  readonly chunkSize?: number;
  /** Default `FMS/3,5,7,7009`. */
  readonly serverVersion?: string;
  /** What commands are called that belong to a service stream; absent: none are, and they are calls like any other. */
  readonly serviceMessageName?: string;
  /**
   * Sends `NetStream.Data.Start` as a data message when playing starts, as Flash Media Server does. Default `false`:
   * FFmpeg makes an additional stream "Data: none" of it, for which reason SRS and nginx-rtmp leave it out.
   */
  readonly dataStart?: boolean;
  /**
   * Clients must answer a request for SWF verification once `connect` is accepted; nothing else that they say is heard
   * before. Absent: they are not asked.
   */
  readonly swf?: ServerSwfOptions;
}
