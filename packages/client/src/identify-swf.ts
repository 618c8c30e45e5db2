import type { SwfIdentity } from '@millrace/protocol';
import { platform } from '#platform';

/**
 * What SWF verification knows a player by: of its file, compressed by zlib or not. Takes as long as expanding and hashing
 * it. Throws `RtmpUsageError` `ERR_SWF_INVALID` for what is no such file, or expands to more than 256 MiB;
 * `ERR_SWF_UNSUPPORTED` in browsers.
 */
export function identifySwf(file: Uint8Array): SwfIdentity {
  return platform.identifySwf(file);
}
