import { connect as connectTcp, type Socket } from 'node:net';
import type { OpenOptions } from './byte-connection.js';
import { RtmpConnectionError } from './errors.js';
import type { RtmpUrl } from './rtmp-url.js';
import { TcpConnection } from './tcp-connection.js';

/**
 * Connects to the URL's host. Throws `RtmpConnectionError` `ERR_RTMP_CONNECT_FAILED`, and the signal's reason when it is
 * aborted.
 */
export async function openTcp(url: RtmpUrl, options: OpenOptions): Promise<TcpConnection> {
  options.signal?.throwIfAborted();
  const socket = connectTcp({ host: url.host, port: url.port, noDelay: true });
  await established(socket, url, options);
  return new TcpConnection(socket);
}

function established(socket: Socket, url: RtmpUrl, { timeoutMs, signal }: OpenOptions): Promise<void> {
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
