import { type ConnectionContext, RtmpConnection } from '../connection/index.js';
import { type Logger, RefusalReport } from '../log/index.js';
import type { RtmpTransport, TransportEvents } from './rtmp-transport.js';

/** How often deadlines are looked at, ms: one timer for all connections instead of one each. Short limits need it oftener. */
const maxDeadlineCheckMs = 500;

interface Open {
  readonly connection: RtmpConnection;
  readonly transport: RtmpTransport;
  readonly log: Logger;
}

/** A peer that has connected and not said yet what it speaks. */
interface Arrival {
  readonly deadlineMs: number;
  cutOff(): void;
}

/** Every RTMP connection, whatever carries it. */
export class RtmpConnections {
  readonly #context: ConnectionContext;
  readonly #log: Logger;
  readonly #open = new Set<Open>();
  readonly #arrivals = new Set<Arrival>();
  readonly #refusals: RefusalReport;
  #timer: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;
  #closing = false;
  #nextId = 1;

  constructor(context: ConnectionContext, log: Logger) {
    this.#context = context;
    this.#log = log;
    this.#refusals = new RefusalReport(log, 'RTMP connections are refused: limits.connections is reached', context.now);
  }

  get count(): number {
    return this.#open.size;
  }

  /** Refused because there were too many. */
  get refusedCount(): number {
    return this.#refusals.total;
  }

  /** Whether one more may come. `false` is logged as a refusal. */
  hasRoom(): boolean {
    if (this.#closing) return false;
    if (this.#open.size + this.#arrivals.size < this.#context.config.limits.connections) return true;
    this.#refusals.count();
    return false;
  }

  /**
   * A place for a peer that has not said yet what it speaks, for `limits.handshakeTimeoutMs`: then, or when the server
   * stops, it is cut off. To be given back by calling the result. To be asked before: `hasRoom`.
   */
  reserve(cutOff: () => void): () => void {
    const arrival = { deadlineMs: this.#context.now() + this.#context.config.limits.handshakeTimeoutMs, cutOff };
    this.#arrivals.add(arrival);
    this.#startTimer();
    return () => void this.#arrivals.delete(arrival);
  }

  /** Serves a peer on the transport that `open` makes. To be asked before: `hasRoom`. */
  accept(open: (events: TransportEvents) => RtmpTransport): void {
    const id = this.#nextId;
    this.#nextId += 1;
    const transport = open({
      received: (bytes) => {
        try {
          connection.receive(bytes);
        } catch (error) {
          endFaulty(opened, error);
        }
      },
      closing: () => connection.transportClosed(),
      failed: (error) => log.debug({ error: error.message }, 'socket error'),
      closed: () => {
        this.#open.delete(opened);
        connection.transportClosed();
        log.debug({ reason: transport.closeReason ?? 'the peer closed' }, 'disconnected');
        if (this.#open.size === 0) this.#onEmpty?.();
      },
    });
    const log = this.#log.child({ connection: id, address: transport.remoteAddress });
    const connection = new RtmpConnection(transport, this.#context, log);
    const opened = { connection, transport, log };
    this.#open.add(opened);
    this.#startTimer();
    log.debug({}, 'connected');
  }

  /** Takes nobody any more, says goodbye to everybody, and waits at most `graceMs` for them to take it. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    for (const arrival of [...this.#arrivals]) arrival.cutOff();
    if (this.#open.size === 0) return;
    const closed = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const { transport } of [...this.#open]) transport.end('the server is stopping');
    const timer = setTimeout(() => {
      for (const { transport } of [...this.#open]) transport.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }

  #startTimer(): void {
    if (this.#timer !== undefined) return;
    const { handshakeTimeoutMs, connectTimeoutMs, idleTimeoutMs } = this.#context.config.limits;
    const shortestMs = Math.min(handshakeTimeoutMs, connectTimeoutMs, idleTimeoutMs);
    this.#timer = setInterval(() => this.#checkDeadlines(), Math.min(maxDeadlineCheckMs, shortestMs / 4));
  }

  #checkDeadlines(): void {
    const nowMs = this.#context.now();
    for (const arrival of this.#arrivals) if (arrival.deadlineMs <= nowMs) arrival.cutOff();
    for (const open of this.#open) {
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
