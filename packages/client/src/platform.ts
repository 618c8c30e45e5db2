import type { HandshakeCrypto, SwfIdentity } from '@millrace/protocol';
import type { ByteConnection, OpenOptions } from './byte-connection.js';
import type { RtmpUrl } from './rtmp-url.js';

/** What differs between Node and browsers. `#platform` in package.json says which file is taken. */
export interface Platform {
  readonly crypto: HandshakeCrypto;
  readonly handshakes: readonly ('simple' | 'digest')[];
  /** Throws `RtmpUsageError` `ERR_SWF_INVALID` for what is no SWF file, `ERR_SWF_UNSUPPORTED` where there is no way. */
  identifySwf(file: Uint8Array): SwfIdentity;
  /**
   * Throws `RtmpConnectionError` `ERR_RTMP_CONNECT_FAILED`, the signal's reason when it is aborted, and `RtmpUsageError`
   * `ERR_RTMP_SCHEME_UNSUPPORTED` for a scheme that there is no transport for here.
   */
  openConnection(url: RtmpUrl, options: OpenOptions): Promise<ByteConnection>;
}
