import { createServer, type Server, type Socket } from 'node:net';
import { type ConnectionContext, RtmpConnection } from '../connection/index.js';
import { type Logger, RefusalReport } from '../log/index.js';
import { type BoundAddress, bind } from './bind.js';
import { TcpTransport } from './tcp-transport.js';

/** How often deadlines are looked at, ms: one timer for all connections instead of one each. Short limits need it oftener. */
const maxDeadlineCheckMs = 500;
const keepAliveDelayMs = 30_000;
/**
 * Node's own back-pressure events are not used on sockets (the live path asks for the pending bytes instead), and below
 * this mark it would raise one for every write.
 */
const highWaterMark = 64 * 1024 * 1024;

interface Open {
  readonly connection: RtmpConnection;
  readonly transport: TcpTransport;
  readonly log: Logger;
}

/** Plain RTMP over TCP. */
export class RtmpListener {
  readonly #context: ConnectionContext;
  readonly #log: Logger;
  readonly #server: Server;
  readonly #open = new Map<Socket, Open>();
  readonly #refusals: RefusalReport;
  #timer: NodeJS.Timeout | undefined;
  #nextId = 1;

  constructor(context: ConnectionContext, log: Logger) {
    this.#context = context;
    this.#log = log;
    this.#refusals = new RefusalReport(log, 'RTMP connections are refused: limits.connections is reached', context.now);
    this.#server = createServer({
      highWaterMark,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
    });
    this.#server.on('connection', (socket) => this.#accept(socket));
  }

  get connectionCount(): number {
    return this.#open.size;
  }

  /** Binds; rejects with the system's error when the address cannot be had. */
  async listen(): Promise<BoundAddress> {
    const bound = await bind(this.#server, this.#context.config.rtmp.listen);
    // No more file descriptors, for one: who is connected goes on.
    this.#server.on('error', (error) => this.#log.warn({ error: error.message }, 'a connection could not be accepted'));
    const { handshakeTimeoutMs, connectTimeoutMs, idleTimeoutMs } = this.#context.config.limits;
    const shortestMs = Math.min(handshakeTimeoutMs, connectTimeoutMs, idleTimeoutMs);
    this.#timer = setInterval(() => this.#checkDeadlines(), Math.min(maxDeadlineCheckMs, shortestMs / 4));
    return bound;
  }

  /** Stops accepting, says goodbye to everybody, and waits at most `graceMs` for them to take it. */
  async close(graceMs: number): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { transport } of [...this.#open.values()]) transport.end('the server is stopping');
    const timer = setTimeout(() => {
      for (const socket of this.#open.keys()) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }

  #accept(socket: Socket): void {
    if (this.#open.size >= this.#context.config.limits.connections) {
      this.#refusals.count();
      socket.destroy();
      return;
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const transport = new TcpTransport(socket, () => connection.transportClosed());
    const log = this.#log.child({ connection: id, address: transport.remoteAddress });
    const connection = new RtmpConnection(transport, this.#context, log);
    const open = { connection, transport, log };
    this.#open.set(socket, open);
    socket.on('data', (bytes) => {
      try {
        connection.receive(bytes);
      } catch (error) {
        endFaulty(open, error);
      }
    });
    socket.on('error', (error) => log.debug({ error: error.message }, 'socket error'));
    socket.on('close', () => {
      this.#open.delete(socket);
      connection.transportClosed();
      log.debug({ reason: transport.closeReason ?? 'the peer closed' }, 'disconnected');
    });
    log.debug({}, 'connected');
  }

  #checkDeadlines(): void {
    const nowMs = this.#context.now();
    for (const open of this.#open.values()) {
      try {
        open.connection.checkDeadline(nowMs);
      } catch (error) {
        endFaulty(open, error);
      }
    }
  }
}

/** A fault of our own, which one connection has met: the others go on. */
function endFaulty({ transport, log }: Open, error: unknown): void {
  log.error({ err: error }, 'a fault in the server ends the connection; please report it');
  transport.close('a fault in the server');
}
