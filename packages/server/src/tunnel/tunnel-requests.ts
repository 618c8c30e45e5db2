import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseTunnelTarget, RtmpRemoteError, type TunnelTarget, tunnelContentType } from '@millrace/protocol';
import type { Config } from '../config/index.js';
import type { Logger } from '../log/index.js';
import { readTunnelBody } from './tunnel-body.js';
import type { TunnelPeer } from './tunnel-peer.js';
import type { TunnelReply } from './tunnel-reply.js';
import type { TunnelSessions } from './tunnel-sessions.js';
import type { TunnelTransport } from './tunnel-transport.js';

export interface TunnelRequestsOptions {
  readonly sessions: TunnelSessions;
  readonly config: Pick<Config, 'limits'>;
  readonly log: Logger;
}

type PostTarget = Extract<TunnelTarget, { readonly sequence: number }>;

/** What HTTP requests mean for tunnels, wherever they come in. */
export class TunnelRequests {
  readonly #options: TunnelRequestsOptions;

  constructor(options: TunnelRequestsOptions) {
    this.#options = options;
  }

  /** Answers a POST to a tunnel's path. `false`: it is none; it is left as it came. */
  answer(request: IncomingMessage, response: ServerResponse, peer: TunnelPeer): boolean {
    let target: TunnelTarget | undefined;
    try {
      target = parseTunnelTarget(request.url ?? '/');
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      this.#refuse(response, 400, peer, error.message);
      return true;
    }
    if (target === undefined) return false;
    // Who has nothing more to ask may still be waiting for the answer.
    request.socket.allowHalfOpen = true;
    this.#allowSilence(request);
    response.once('finish', () => this.#allowSilence(request));
    switch (target.command) {
      case 'open':
        this.#open(request, response, peer);
        return true;
      case 'ident':
        // The answer would be the address that the client has to go on with: it goes on with the one it has.
        request.resume();
        answerText(response, 404, 'Go on with /open/1.\n');
        return true;
      case 'send':
      case 'idle':
      case 'close':
        this.#post(request, response, target, peer);
        return true;
      default:
        return target satisfies never;
    }
  }

  #open(request: IncomingMessage, response: ServerResponse, peer: TunnelPeer): void {
    const { limits } = this.#options.config;
    readTunnelBody(request, {
      maxBytes: limits.partialBytes,
      timeoutMs: limits.handshakeTimeoutMs,
      keep: false,
      onProgress: () => undefined,
      whileComing: () => () => undefined,
      onTooLong: () => this.#refuse(response, 413, peer, 'the body is too long'),
      onTooSlow: () => this.#logSlowness(peer.address),
      onGone: () => undefined,
      onComplete: () => {
        if (request.socket.destroyed) return;
        const tunnel = this.#options.sessions.open(peer);
        if (tunnel === undefined) {
          answerText(response, 503, 'There is no room for another connection.\n');
          return;
        }
        tunnel.touch(request.socket);
        answerBytes(response, Buffer.from(`${tunnel.id}\n`));
      },
    });
  }

  #post(request: IncomingMessage, response: ServerResponse, target: PostTarget, peer: TunnelPeer): void {
    const tunnel = this.#options.sessions.find(target.id);
    if (tunnel === undefined) {
      request.resume();
      // Ordinary at the end of a connection that this side has closed.
      this.#options.log.debug({ address: peer.address }, 'a request for a tunnel that is not there');
      answerNoTunnel(response);
      return;
    }
    const { socket } = request;
    tunnel.touch(socket);
    // Bytes that nobody reads now stay with the kernel, as they do over TCP.
    if (target.command === 'send') tunnel.whenReading(() => this.#receive(request, response, target, tunnel));
    else this.#receive(request, response, target, tunnel);
  }

  #receive(request: IncomingMessage, response: ServerResponse, target: PostTarget, tunnel: TunnelTransport): void {
    const { command, sequence } = target;
    const { limits } = this.#options.config;
    if (tunnel.isGone) {
      request.resume();
      answerNoTunnel(response);
      return;
    }
    let roomTaken = 0;
    readTunnelBody(request, {
      maxBytes: limits.partialBytes,
      timeoutMs: limits.handshakeTimeoutMs,
      keep: command === 'send',
      onProgress: (byteCount) => {
        tunnel.touch(request.socket);
        if (command !== 'send') return;
        roomTaken += byteCount;
        tunnel.takeRoom(byteCount);
      },
      whileComing: (drop) =>
        tunnel.whileComing(() => {
          drop();
          answerNoTunnel(response);
        }),
      onTooLong: () => {
        const reason = 'a request holds more bytes than limits.partialBytes allows';
        tunnel.close(reason);
        this.#refuse(response, 413, { address: tunnel.remoteAddress }, reason);
      },
      onTooSlow: () => this.#logSlowness(tunnel.remoteAddress),
      onGone: () => tunnel.giveRoom(roomTaken),
      onComplete: (body) => tunnel.post({ command, sequence, body, reply: new HttpReply(response) }),
    });
  }

  #refuse(response: ServerResponse, status: 400 | 413, { address }: Pick<TunnelPeer, 'address'>, reason: string): void {
    this.#options.log.warn({ address, error: reason }, 'refusing a request for a tunnel');
    answerText(response, status, `${reason}\n`);
  }

  #logSlowness(address: string): void {
    this.#options.log.debug({ address }, 'cutting off a connection: the body of a request for a tunnel is too slow');
  }

  /**
   * Pauses between requests are as long as silence may be, not as short as between those of browsers. And who does not
   * read an answer for so long is cut off.
   */
  #allowSilence({ socket }: IncomingMessage): void {
    socket.setTimeout(this.#options.config.limits.idleTimeoutMs);
  }
}

class HttpReply implements TunnelReply {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get isGone(): boolean {
    return this.#response.closed || this.#response.req.socket.destroyed;
  }

  send(bytes: Uint8Array, taken: () => void): void {
    if (this.#response.closed) taken();
    else {
      this.#response.once('close', taken);
      answerBytes(this.#response, bytes);
    }
  }

  refuse(): void {
    answerNoTunnel(this.#response);
  }
}

/** Flash takes it for the end of the connection, as librtmp does with any status but 200. */
function answerNoTunnel(response: ServerResponse): void {
  answerText(response, 404, 'There is no such tunnel.\n');
}

function answerBytes(response: ServerResponse, bytes: Uint8Array): void {
  // librtmp finds the length only in this spelling.
  response.writeHead(200, {
    'Content-Type': tunnelContentType,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
  });
  response.end(bytes);
}

/** What else the client sends along is not read. */
function answerText(response: ServerResponse, status: 400 | 404 | 413 | 503, text: string): void {
  if (response.headersSent) return;
  response.writeHead(status, {
    'Content-Type': 'text/plain',
    'Content-Length': text.length,
    'Cache-Control': 'no-store',
    Connection: 'close',
  });
  response.end(text);
}
