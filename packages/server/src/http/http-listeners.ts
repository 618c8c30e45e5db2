import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Config } from '../config/index.js';
import { type BoundAddress, bind } from '../listen/index.js';
import { type Logger, RefusalReport } from '../log/index.js';
import type { Certificates } from '../tls/index.js';

export interface HttpListenersOptions {
  readonly config: Pick<Config, 'http' | 'https' | 'limits'>;
  readonly logger: Logger;
  /** `undefined`: there is no TLS, whatever `https.listen` says. */
  readonly certificates?: Certificates | undefined;
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Whether somebody who will ask nothing more waits for an answer, and has not gone. */
  readonly waitsForAnswer: (socket: Socket) => boolean;
}

/** Where HTTP is bound. */
export interface BoundHttp extends BoundAddress {
  /** The same with TLS, if it is served so. */
  readonly https?: BoundAddress;
}

/** Browsers with large cookies of other programs on the same host stay well below. */
const maxHeaderBytes = 16 * 1024;
/** Of a whole request; the only ones with a body worth waiting for are packets of Flash Remoting. */
const requestTimeoutMs = 30_000;
const keepAliveTimeoutMs = 5000;

/** What accepts HTTP connections, plain and with TLS. */
export class HttpListeners {
  readonly #options: HttpListenersOptions;
  readonly #plain: Server;
  readonly #tls: Server | undefined;
  readonly #refusals: RefusalReport;

  constructor(options: HttpListenersOptions) {
    this.#options = options;
    const { config, certificates, logger } = options;
    const { connections, handshakeTimeoutMs } = config.limits;
    const serverOptions = {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: Math.min(handshakeTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(handshakeTimeoutMs, 1000),
      keepAlive: true,
      noDelay: true,
    };
    this.#plain = createServer(serverOptions);
    if (certificates !== undefined && config.https.listen !== undefined) {
      const tlsOptions = { ...certificates.options, handshakeTimeout: handshakeTimeoutMs };
      const server = createTlsServer({ ...serverOptions, ...tlsOptions });
      certificates.join(server);
      server.on('tlsClientError', (error, { remoteAddress }) => {
        logger.debug({ address: remoteAddress?.replace(/^::ffff:/, ''), error: error.message }, 'no TLS came about');
      });
      this.#tls = server;
    }
    const complaint = 'HTTP connections are refused: limits.connections is reached';
    this.#refusals = new RefusalReport(logger, complaint, () => performance.now());
    for (const server of this.#servers) {
      server.maxConnections = connections;
      server.on('drop', () => this.#refusals.count());
      server.on('request', options.onRequest);
      // Not among its options, and not documented. To most requests the end of what is asked is the end of all.
      Object.assign(server, { httpAllowHalfOpen: true });
      server.on(server === this.#plain ? 'connection' : 'secureConnection', (socket: Socket) => {
        socket.on('end', () => {
          if (!options.waitsForAnswer(socket)) socket.end();
        });
      });
      server.on('upgrade', options.onUpgrade);
    }
  }

  /** Rejects with the system's error when an address cannot be had. */
  async listen(): Promise<BoundHttp> {
    const { config, logger } = this.#options;
    const bound = await bind(this.#plain, config.http.listen);
    const https = this.#tls && config.https.listen && (await bind(this.#tls, config.https.listen));
    // Out of file descriptors, for one: connections that are open go on, and so does accepting when some have closed.
    for (const server of this.#servers) {
      server.on('error', (error) => logger.error({ err: error }, 'HTTP connections cannot be accepted'));
    }
    return { ...bound, ...(https && { https }) };
  }

  /** Refused because there were too many. */
  get refusedCount(): number {
    return this.#refusals.total;
  }

  get listening(): boolean {
    return this.#servers.some((server) => server.listening);
  }

  /** Serves a connection that is there already, from what comes next. With TLS: from what has been decrypted. */
  take(socket: Socket): void {
    // The one that ran between two requests.
    socket.setTimeout(0);
    this.#plain.emit('connection', socket);
    socket.resume();
  }

  /** Stops accepting, and resolves when all connections are closed. */
  async close(): Promise<void> {
    const open = this.#servers.filter((server) => server.listening);
    await Promise.all(open.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }

  closeAllConnections(): void {
    for (const server of this.#servers) server.closeAllConnections();
  }

  get #servers(): readonly Server[] {
    return this.#tls === undefined ? [this.#plain] : [this.#plain, this.#tls];
  }
}
