import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Config } from '../config/index.js';
import { httpHint, type TcpPeer } from '../listen/index.js';
import { type Logger, RefusalReport } from '../log/index.js';
import { tunnelPeerOf } from './tunnel-peer.js';
import type { TunnelRequests } from './tunnel-requests.js';
import type { TunnelSessions } from './tunnel-sessions.js';

export interface TunnelServerOptions {
  readonly requests: TunnelRequests;
  readonly sessions: TunnelSessions;
  readonly config: Pick<Config, 'limits'>;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  readonly log: Logger;
}

/** A connection that speaks HTTP on a port for RTMP. */
interface Guest {
  readonly peer: TcpPeer;
  /** Requests that are not answered yet. */
  open: number;
  /** When the next request must have come. */
  deadlineMs: number;
}

const maxHeaderBytes = 16 * 1024;
/** Requests sent along without waiting for answers. */
const maxOpenRequests = 512;
const maxDeadlineCheckMs = 500;

/** HTTP on the ports for RTMP: tunnels, and one answer to everything else. It has no port of its own. */
export class TunnelServer {
  readonly #options: TunnelServerOptions;
  readonly #http: Server;
  readonly #guests = new Map<Socket, Guest>();
  readonly #refusals: RefusalReport;
  #timer: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;
  #closing = false;

  constructor(options: TunnelServerOptions) {
    this.#options = options;
    this.#refusals = new RefusalReport(
      options.log,
      'connections of tunnels are refused: limits.connections is reached',
      options.now,
    );
    // Deadlines are our own: node:http keeps them for servers with a port.
    this.#http = createServer({ maxHeaderSize: maxHeaderBytes, requireHostHeader: false, keepAliveTimeout: 0 });
    // Not among its options, and not documented: the last answer goes out to who has said that nothing more will come.
    Object.assign(this.#http, { httpAllowHalfOpen: true });
    this.#http.on('request', (request, response) => this.#request(request, response));
    this.#http.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const open = this.#guests.get(socket as Socket)?.open ?? 0;
      // What follows a request that was to be the last is not read; that one is answered still.
      if (open === 0 || error.code !== 'HPE_CLOSED_CONNECTION') this.#refuse(socket);
    });
    this.#http.on('connect', (_request, socket) => this.#refuse(socket));
  }

  /** Takes a connection that begins with HTTP, none of it read. */
  take(socket: Socket, peer: TcpPeer): void {
    const { config, now } = this.#options;
    if (this.#closing || this.#guests.size >= config.limits.connections) {
      this.#refusals.count();
      socket.destroy();
      return;
    }
    this.#guests.set(socket, { peer, open: 0, deadlineMs: now() + config.limits.handshakeTimeoutMs });
    socket.once('close', () => this.#forget(socket));
    this.#timer ??= setInterval(() => this.#checkDeadlines(), this.#checkMs).unref();
    this.#http.emit('connection', socket);
    socket.resume();
  }

  /** Lets tunnels end, for at most `graceMs`, and resolves when every connection is closed. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    if (this.#guests.size > 0) {
      const closed = new Promise<void>((resolve) => {
        this.#onEmpty = resolve;
      });
      this.#options.sessions.onEmpty = () => this.#closeIdle();
      this.#closeIdle();
      const timer = setTimeout(() => {
        for (const socket of [...this.#guests.keys()]) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(timer);
    }
    clearInterval(this.#timer);
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const guest = this.#guests.get(socket);
    if (guest === undefined || guest.open >= maxOpenRequests) {
      socket.destroy();
      return;
    }
    guest.open += 1;
    guest.deadlineMs = Number.POSITIVE_INFINITY;
    response.once('close', () => this.#answered(socket, guest));
    const peer = tunnelPeerOf(socket, guest.peer);
    if (request.method === 'POST' && this.#options.requests.answer(request, response, peer)) return;
    this.#logRefusal(guest);
    request.resume();
    response.writeHead(400, {
      'content-type': 'text/plain',
      'content-length': httpHint.text.length,
      connection: 'close',
    });
    response.end(request.method === 'HEAD' ? undefined : httpHint.text);
  }

  /** What is no request at all, or one that node:http gives no response for. */
  #refuse(socket: Duplex): void {
    const guest = this.#guests.get(socket as Socket);
    if (guest === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    this.#logRefusal(guest);
    socket.end(httpHint.answer);
  }

  #answered(socket: Socket, guest: Guest): void {
    guest.open -= 1;
    if (guest.open > 0) return;
    guest.deadlineMs = this.#options.now() + this.#options.config.limits.idleTimeoutMs;
    if (this.#closing && this.#options.sessions.count === 0) socket.destroySoon();
  }

  #closeIdle(): void {
    if (this.#options.sessions.count > 0) return;
    for (const [socket, { open }] of [...this.#guests]) if (open === 0) socket.destroySoon();
  }

  #forget(socket: Socket): void {
    this.#guests.delete(socket);
    if (this.#guests.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#onEmpty?.();
  }

  #checkDeadlines(): void {
    const nowMs = this.#options.now();
    for (const [socket, { deadlineMs, peer }] of this.#guests) {
      if (deadlineMs > nowMs) continue;
      this.#options.log.debug({ address: peer.address }, 'a connection of tunnels ends: no request came in time');
      socket.destroy();
    }
  }

  #logRefusal({ peer }: Guest): void {
    this.#options.log.warn({ address: peer.address, error: httpHint.reason }, 'closing the connection');
  }

  get #checkMs(): number {
    const { handshakeTimeoutMs, idleTimeoutMs } = this.#options.config.limits;
    return Math.min(maxDeadlineCheckMs, handshakeTimeoutMs / 4, idleTimeoutMs / 4);
  }
}
