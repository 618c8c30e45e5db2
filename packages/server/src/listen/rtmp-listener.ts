import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../log/index.js';
import { type BoundAddress, bind } from './bind.js';
import type { RtmpConnections } from './rtmp-connections.js';
import { TcpTransport } from './tcp-transport.js';

const keepAliveDelayMs = 30_000;
/**
 * Node's own back-pressure events are not used on sockets (the live path asks for the pending bytes instead), and below
 * this mark it would raise one for every write.
 */
const highWaterMark = 64 * 1024 * 1024;

/** Plain RTMP over TCP. */
export class RtmpListener {
  readonly #connections: RtmpConnections;
  readonly #log: Logger;
  readonly #server: Server;

  constructor(connections: RtmpConnections, log: Logger) {
    this.#connections = connections;
    this.#log = log;
    this.#server = createServer({
      highWaterMark,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
    });
    this.#server.on('connection', (socket) => this.#accept(socket));
  }

  /** Binds; rejects with the system's error when the address cannot be had. */
  async listen(address: { readonly host: string; readonly port: number }): Promise<BoundAddress> {
    const bound = await bind(this.#server, address);
    // No more file descriptors, for one: who is connected goes on.
    this.#server.on('error', (error) => this.#log.warn({ error: error.message }, 'a connection could not be accepted'));
    return bound;
  }

  /** Stops accepting. Resolves when those who came here are gone, which is up to the connections. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    if (this.#connections.hasRoom()) this.#connections.accept((events) => new TcpTransport(socket, events));
    else socket.destroy();
  }
}
