import { createServer, type Server } from 'node:net';
import type { Logger } from '../log/index.js';
import { type BoundAddress, bind } from './bind.js';
import type { Accepted, Reception } from './reception.js';

const keepAliveDelayMs = 30_000;
/**
 * Node's own back-pressure events are not used on sockets (the live path asks for the pending bytes instead), and below
 * this mark it would raise one for every write.
 */
const highWaterMark = 64 * 1024 * 1024;

/** RTMP over TCP: plain, or over TLS, as `accepted` says and the reception finds out. */
export class RtmpListener {
  readonly #log: Logger;
  readonly #server: Server;

  constructor(reception: Reception, accepted: Accepted, log: Logger) {
    this.#log = log;
    this.#server = createServer({
      highWaterMark,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
    });
    this.#server.on('connection', (socket) => reception.take(socket, accepted));
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
}
