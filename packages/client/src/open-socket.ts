import { connect as connectTcp, type Socket } from 'node:net';
import { RtmpUsageError } from '@millrace/protocol';
import { RtmpConnectionError } from './errors.js';
import type { RtmpUrl } from './rtmp-url.js';

export interface OpenSocketOptions {
  /** Milliseconds to reach the server; 0: as long as the system tries. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A connected socket to the URL's host. Throws `RtmpConnectionError` `ERR_RTMP_CONNECT_FAILED`, the signal's reason when
 * it is aborted, and `RtmpUsageError` `ERR_RTMP_SCHEME_UNSUPPORTED` for `rtmps:`, which is yet to come.
 */
export async function openSocket(url: RtmpUrl, options: OpenSocketOptions): Promise<Socket> {
  options.signal?.throwIfAborted();
  if (url.scheme === 'rtmps') {
    throw new RtmpUsageError('ERR_RTMP_SCHEME_UNSUPPORTED', 'rtmps: is not supported yet');
  }
  const socket = connectTcp({ host: url.host, port: url.port, noDelay: true });
  await established(socket, url, options);
  return socket;
}

function established(socket: Socket, url: RtmpUrl, { timeoutMs, signal }: OpenSocketOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.setTimeout(0);
      socket.removeListener('connect', onConnect);
      socket.removeListener('error', onError);
      socket.removeListener('timeout', onTimeout);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: unknown): void => {
      settle();
      // The socket may still report the error that destroying it, or the end of its attempt, brings about.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const unreachable = (reason: string, cause?: unknown): RtmpConnectionError =>
      new RtmpConnectionError('ERR_RTMP_CONNECT_FAILED', `${url.host} port ${url.port}: ${reason}`, { cause });
    const onConnect = (): void => {
      settle();
      resolve();
    };
    const onError = (error: Error): void => fail(unreachable(error.message, error));
    const onTimeout = (): void => fail(unreachable(`not reached in ${timeoutMs} ms`));
    const onAbort = (): void => fail(signal?.reason);
    socket.once('connect', onConnect);
    socket.once('error', onError);
    socket.once('timeout', onTimeout);
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(timeoutMs);
  });
}
