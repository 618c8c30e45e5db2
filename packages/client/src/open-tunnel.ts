import { formatTunnelTarget, RtmpUsageError } from '@millrace/protocol';
import type { OpenOptions } from './byte-connection.js';
import { RtmpConnectionError } from './errors.js';
import type { RtmpUrl } from './rtmp-url.js';
import { TunnelConnection } from './tunnel-connection.js';
import { TunnelHttp } from './tunnel-http.js';

/** An id has 60 characters at most; the rest is for line ends. */
const maxOpenAnswer = 64;

/**
 * Opens a tunnel at the URL's host, over HTTPS where the scheme says so. Throws `RtmpConnectionError`
 * `ERR_RTMP_CONNECT_FAILED`, and the signal's reason when it is aborted.
 */
export async function openTunnel(url: RtmpUrl, options: OpenOptions): Promise<TunnelConnection> {
  options.signal?.throwIfAborted();
  const http = new TunnelHttp(url, { tls: options.tls });
  try {
    return new TunnelConnection(http, await openedId(http, url, options));
  } catch (error) {
    http.close();
    throw error;
  }
}

function openedId(http: TunnelHttp, url: RtmpUrl, { timeoutMs, signal }: OpenOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const unreachable = (reason: string, cause?: unknown): RtmpConnectionError =>
      new RtmpConnectionError('ERR_RTMP_CONNECT_FAILED', `${url.host} port ${url.port}: ${reason}`, { cause });
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error);
    };
    const onAbort = (): void => fail(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const onTimeout = (): void => fail(unreachable(`not reached in ${timeoutMs} ms`));
    const timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs) : undefined;
    let text = '';
    http.post(formatTunnelTarget({ command: 'open' }), new Uint8Array(1), {
      onBytes: (bytes) => {
        for (const byte of bytes.subarray(0, maxOpenAnswer + 1)) text += String.fromCharCode(byte);
        if (text.length > maxOpenAnswer) fail(unreachable('its answer is not that of RTMPT'));
      },
      onEnd: (error) => {
        const id = text.trim();
        if (error !== undefined) fail(unreachable(error.message, error));
        else if (!isId(id)) fail(unreachable('its answer is not that of RTMPT'));
        else {
          settle();
          resolve(id);
        }
      },
    });
  });
}

function isId(id: string): boolean {
  try {
    formatTunnelTarget({ command: 'send', id, sequence: 0 });
    return true;
  } catch (error) {
    if (error instanceof RtmpUsageError) return false;
    throw error;
  }
}
