import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ApiError } from './api-types.js';
import { lingerMs } from './viewer.js';

/** An answer that is an error, for requests that do not reach the routes of the API. */
export interface PlainAnswer extends ApiError {
  readonly status: 302 | 400 | 401 | 403 | 404 | 405 | 500 | 503;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Any page may play streams, and see why it cannot. */
export const crossOrigin = { 'access-control-allow-origin': '*' } as const;

/** The rule of `access.apiFrom`. */
export const apiNotAllowed: PlainAnswer = {
  status: 403,
  error: 'forbidden',
  message: 'The page and the API are not for this address.',
};

/** Answers, and closes the connection: what else the client sends along is not read. */
export function answer(response: ServerResponse, { status, headers, error, message }: PlainAnswer): void {
  const body = errorBody({ error, message });
  response.writeHead(status, { ...headers, ...bodyHeaders(body), connection: 'close' });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** The same where there is no response object: a request to upgrade the connection. */
export function answerUpgrade(socket: Socket, { status, headers, error, message }: PlainAnswer): void {
  const body = errorBody({ error, message });
  const lines = Object.entries({ ...headers, ...bodyHeaders(body), connection: 'close' });
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  socket.once('finish', () => socket.destroy());
  socket.setTimeout(lingerMs, () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function errorBody(error: ApiError): string {
  return `${JSON.stringify(error)}\n`;
}

function bodyHeaders(body: string): Record<string, string | number> {
  return {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
}

export function malformed(reason: string): PlainAnswer {
  return { status: 400, error: 'bad-request', message: reason };
}

export function notPublished({ app, name }: { readonly app: string; readonly name: string }): PlainAnswer {
  return {
    status: 404,
    error: 'not-published',
    message: `Nothing is published as /${app}/${name} now.`,
    headers: crossOrigin,
  };
}

/** `path`: of the file or the stream. */
export function noRecording(path: string): PlainAnswer {
  return { status: 404, error: 'not-found', message: `There is no recording ${path}.`, headers: crossOrigin };
}
