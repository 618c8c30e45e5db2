import {
  type AmfInput,
  assertSwfIdentity,
  type ClientSessionLimits,
  type ClientSessionOptions,
  type ConnectParams,
  type EncryptedVersion,
  RtmpUsageError,
  type ServerCall,
  type StatusInfo,
  type SwfIdentity,
} from '@millrace/protocol';
import { platform } from '#platform';
import type { Bandwidth } from './bandwidth.js';
import type { TlsOptions } from './byte-connection.js';
import type { CommandOptions } from './pending-answer.js';

export interface ConnectOptions
  extends Partial<Omit<ConnectParams, 'app' | 'tcUrl'>>,
    // The session's own limit covers the answer to connect.
    Pick<CommandOptions, 'signal'> {
  /** How many path segments make the app; see `parseRtmpUrl`. */
  readonly appSegments?: number;
  /** Default `simple`, which is all there is in browsers. */
  readonly handshake?: 'simple' | 'digest';
  /** For `rtmps`, `rtmpts` and `wss`: how the server is verified. Browsers have their own ways. */
  readonly tls?: TlsOptions;
  /**
   * For `rtmpe` and `rtmpte`: how the handshake's signatures are hidden. 6 (default): not at all; 8: by XTEA; 9: by Blowfish. It makes
   * nothing safer; there are servers that want one of them. What the server answers with counts.
   */
  readonly rtmpeVersion?: EncryptedVersion;
  /**
   * Answers SWF verification: a player's file, or what `identifySwf` makes of it. Node only. `handshake` is `digest` then,
   * unless it is given: servers other than millrace want it.
   */
  readonly swf?: SwfIdentity | Uint8Array;
  /** Milliseconds to reach the server; default 10,000, 0: as long as the system tries. */
  readonly timeoutMs?: number;
  readonly limits?: Partial<ClientSessionLimits>;
  /** Bytes of the chunks we send: default 60,000. */
  readonly chunkSize?: number;
  /** Bytes of one stream that may wait to be read before the connection is not read any further; default 8 MiB. */
  readonly maxQueuedBytes?: number;
  /** Statuses of the connection itself, such as `NetConnection.Connect.Closed`. */
  readonly onStatus?: (status: StatusInfo) => void;
  /**
   * Calls of the server: what is returned, or resolved to, is the answer; what is thrown, the refusal's description. The
   * calls of a bandwidth check are answered all the same where this throws, or returns `undefined`.
   */
  readonly onCall?: (call: ServerCall) => AmfInput | Promise<AmfInput>;
  /** What came of a check of the bandwidth; `connection.call('checkBandwidth')` asks for one. */
  readonly onBandwidth?: (bandwidth: Bandwidth) => void;
}

/** Those of the connection's session. Throws `RtmpUsageError` for what cannot be done here. */
export function sessionOptions(options: ConnectOptions): Omit<ClientSessionOptions, 'nowMs'> {
  const handshake = options.handshake ?? (options.swf ? 'digest' : 'simple');
  // The cryptography of the digest handshake is that of SWF verification, too.
  if (!platform.handshakes.includes(options.swf ? 'digest' : handshake)) {
    throw new RtmpUsageError('ERR_RTMP_HANDSHAKE_UNSUPPORTED', 'browsers have the simple handshake only');
  }
  const { rtmpeVersion = 6 } = options;
  if (rtmpeVersion !== 6 && rtmpeVersion !== 8 && rtmpeVersion !== 9) {
    throw new RtmpUsageError('ERR_RTMP_HANDSHAKE_UNSUPPORTED', `RTMPE has versions 6, 8 and 9, not ${rtmpeVersion}`);
  }
  const swf = options.swf instanceof Uint8Array ? platform.identifySwf(options.swf) : options.swf;
  if (swf) assertSwfIdentity(swf);
  return {
    crypto: platform.crypto,
    handshake,
    ...(options.limits && { limits: options.limits }),
    ...(options.chunkSize && { chunkSize: options.chunkSize }),
    ...(swf && { swf }),
  };
}
