import { Agent, type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { closeOf } from './close-of.js';
import { WireClient } from './wire-client.js';

export interface PostAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface PostOptions {
  readonly tls?: boolean;
  readonly agent?: Agent | TlsAgent;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One POST, on a connection of its own unless there is an agent. */
export function post(
  port: number,
  path: string,
  body: Uint8Array | string = Uint8Array.of(0),
  { tls = false, agent, headers = {} }: PostOptions = {},
): Promise<PostAnswer> {
  const options = { host: '127.0.0.1', port, path, method: 'POST', agent: agent ?? false };
  const allHeaders = { 'content-type': 'application/x-fcs', 'content-length': String(body.length), ...headers };
  return new Promise((resolve, reject) => {
    const secure = { ...options, headers: allHeaders, rejectUnauthorized: false };
    const request = tls ? requestHttps(secure) : requestHttp({ ...options, headers: allHeaders });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.end(body);
  });
}

/** A POST as it stands on the wire. `headers`: further lines, each with its line end. */
export function rawPost(path: string, body: Uint8Array | string, headers = ''): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

/** Everything until the server closes. */
export async function everythingFrom(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on('data', (bytes) => parts.push(bytes));
  await closeOf(socket);
  return Buffer.concat(parts).toString('latin1');
}

/** Opens a tunnel; resolves with its id. */
export async function openTunnel(port: number, options: PostOptions = {}): Promise<string> {
  const { status, body } = await post(port, '/open/1', undefined, options);
  if (status !== 200) throw new Error(`/open was answered with ${status}`);
  return String(body).trim();
}

/** The byte stream of a tunnel, one request at a time, as FFmpeg does it; asks all the time. */
class TunnelSocket extends Duplex {
  readonly #port: number;
  readonly #id: string;
  readonly #options: PostOptions;
  #sequence = 0;
  #unsent: { readonly bytes: Uint8Array; readonly sent: () => void } | undefined;

  constructor(port: number, id: string, options: PostOptions) {
    super();
    this.#port = port;
    this.#id = id;
    this.#options = options;
    void this.#run();
  }

  setNoDelay(): this {
    return this;
  }

  override _read(): void {}

  override _write(bytes: Uint8Array, _encoding: unknown, sent: () => void): void {
    this.#unsent = { bytes, sent };
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#options.agent?.destroy();
    done(error);
  }

  async #run(): Promise<void> {
    while (!this.destroyed) {
      const unsent = this.#unsent;
      this.#unsent = undefined;
      const path = `/${unsent === undefined ? 'idle' : 'send'}/${this.#id}/${this.#sequence}`;
      this.#sequence += 1;
      const answer = await post(this.#port, path, unsent?.bytes, this.#options).catch(() => undefined);
      unsent?.sent();
      if (answer?.status !== 200) this.destroy();
      else if (answer.body.length > 1) this.push(answer.body.subarray(1));
    }
  }
}

/** A raw RTMP client in a tunnel: a new one, or that of this id. */
export async function openTunneled(
  port: number,
  { tls = false, id }: PostOptions & { readonly id?: string } = {},
): Promise<WireClient> {
  const agent = tls ? new TlsAgent({ keepAlive: true, maxSockets: 1 }) : new Agent({ keepAlive: true, maxSockets: 1 });
  const options = { tls, agent };
  const socket = new TunnelSocket(port, id ?? (await openTunnel(port, options)), options);
  // What WireClient uses of a socket is there.
  return new WireClient(socket as unknown as Socket);
}
