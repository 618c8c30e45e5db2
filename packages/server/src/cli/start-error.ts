import { AppError } from '../app/index.js';
import { type Config, ConfigError, formatListenAddress, type ListenAddress } from '../config/index.js';
import { StateError } from '../shared-object/index.js';

/** The server cannot start on this machine as it is. The message is one line that says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** One line for the person who started the server, or `undefined` when the error is a bug of ours. */
export function explainStartError(error: unknown, config: Config | undefined): string | undefined {
  if (
    error instanceof ConfigError ||
    error instanceof StartError ||
    error instanceof AppError ||
    error instanceof StateError
  )
    return error.message;
  if (!(error instanceof Error) || config === undefined) return undefined;
  const { code, port, hostname } = error as NodeJS.ErrnoException & { port?: number; hostname?: string };
  switch (code) {
    case 'EADDRINUSE':
    case 'EACCES':
    case 'EADDRNOTAVAIL':
      return port === undefined ? undefined : explainListenError(code, config, port);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return hostname === undefined ? undefined : explainUnknownHost(config, hostname);
    default:
      return undefined;
  }
}

/** Those that are bound, in that order. */
function listenersOf(config: Config): readonly (readonly [key: string, listen: ListenAddress])[] {
  const { rtmp, rtmps, http, https, tls } = config;
  const hasTls = tls.cert !== '' || tls.selfSigned;
  return [
    ['rtmp.listen', rtmp.listen] as const,
    ...(hasTls && rtmps.listen !== undefined ? [['rtmps.listen', rtmps.listen] as const] : []),
    ['http.listen', http.listen] as const,
    ...(https.listen !== undefined ? [['https.listen', https.listen] as const] : []),
  ];
}

function explainListenError(
  code: 'EADDRINUSE' | 'EACCES' | 'EADDRNOTAVAIL',
  config: Config,
  port: number,
): string | undefined {
  const [first, second] = listenersOf(config).filter(([, each]) => each.port === port);
  if (first === undefined) return undefined;
  if (code === 'EADDRINUSE' && second !== undefined) {
    const [one, other] = [first, second].map(([key, each]) => `${key} (${formatListenAddress(each)})`);
    return `${one} and ${other} have the same port, or another program uses it: choose another for one, such as --set ${second[0]}=${withPort(second[1], port + 1)}`;
  }
  const [key, listen] = first;
  const what = `cannot listen on ${formatListenAddress(listen)} (${key})`;
  switch (code) {
    case 'EADDRINUSE':
      return `${what}: another program uses port ${port}. Stop it, or choose another port: --set ${key}=${withPort(listen, port + 1)}`;
    case 'EACCES':
      return `${what}: this user may not use port ${port}. Choose another: --set ${key}=${withPort(listen, port < 1024 ? port + 8000 : port + 1)}`;
    case 'EADDRNOTAVAIL':
      return `${what}: this machine has no such address. Listen on all it has: --set ${key}=:${port}`;
    default:
      return code satisfies never;
  }
}

function explainUnknownHost(config: Config, hostname: string): string | undefined {
  const found = listenersOf(config).find(([, { host }]) => host === hostname);
  if (found === undefined) return undefined;
  const [key, listen] = found;
  return `cannot listen on ${formatListenAddress(listen)} (${key}): no address is known for "${hostname}". Listen on all of this machine's: --set ${key}=:${listen.port}`;
}

function withPort(listen: ListenAddress, port: number): string {
  return formatListenAddress({ host: listen.host, port: port > 65_535 ? 0 : port });
}
