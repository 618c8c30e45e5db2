import type { ConnectRequest } from '@millrace/protocol';
import type { ByteTransport } from './byte-transport.js';

/** What FFmpeg calls itself while it publishes: `FMLE/3.0 (compatible; Lavf60.3.100)`. */
const publishingFfmpeg = /\(compatible; Lavf/;

/**
 * Whether the client is better told of no chunk size. FFmpeg that publishes sends a Set Chunk Size back as it came, and
 * reads the size from the same memory after that; over RTMPE it has encrypted the message there in the meantime, and
 * takes noise for the size (libavformat/rtmpproto.c, handle_chunk_size; all versions up to 8).
 */
export function hasChunkSizeFault({ rtmpe }: Pick<ByteTransport, 'rtmpe'>, { flashVer }: ConnectRequest): boolean {
  return rtmpe === true && publishingFfmpeg.test(flashVer);
}
