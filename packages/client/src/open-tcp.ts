import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { OpenOptions, TlsOptions } from './byte-connection.js';
import { RtmpConnectionError } from './errors.js';
import type { RtmpUrl } from './rtmp-url.js';
import { TcpConnection } from './tcp-connection.js';

/**
 * Connects to the URL's host, with TLS where the scheme says so. Throws `RtmpConnectionError` `ERR_RTMP_CONNECT_FAILED`, and the signal's reason when it is
 * aborted.
 */
export async function openTcp(url: RtmpUrl, options: OpenOptions): Promise<TcpConnection> {
  options.signal?.throwIfAborted();
  const target = { host: url.host, port: url.port, noDelay: true } as const;
  const isTls = url.scheme === 'rtmps';
  const socket = isTls ? connectTls({ ...target, ...tlsOptions(options.tls) }) : connectTcp(target);
  await established(socket, isTls ? 'secureConnect' : 'connect', url, options);
  return new TcpConnection(socket);
}

/** As node:tls takes them. */
export function tlsOptions({
  ca,
  ...others
}: TlsOptions = {}): Omit<TlsOptions, 'ca'> & { readonly ca?: string | string[] } {
  return { ...others, ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }) };
}

function established(
  socket: Socket,
  readyEvent: 'connect' | 'secureConnect',
  url: RtmpUrl,
  { timeoutMs, signal }: OpenOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      socket.removeListener(readyEvent, onConnect);
      socket.removeListener('error', onError);
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
    socket.once(readyEvent, onConnect);
    socket.once('error', onError);
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs) : undefined;
  });
}
