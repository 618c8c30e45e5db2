import type { ClientEvent, ClientSession } from '@millrace/protocol';
import type { ByteConnection } from './byte-connection.js';
import { RtmpConnectionError } from './errors.js';

export interface SessionSocketHandlers {
  onEvent(event: ClientEvent): void;
  /** Once, when nothing more will come. */
  onEnd(error: RtmpConnectionError): void;
}

/** How long a server may take to close its side after we closed ours. */
const closeTimeoutMs = 2_000;

/** The session's clock. */
export function sessionNowMs(): number {
  return performance.now();
}

/** Joins a session to what carries its bytes: both ways, deadlines, the end. */
export class SessionSocket {
  readonly #connection: ByteConnection;
  readonly #session: ClientSession;
  readonly #handlers: SessionSocketHandlers;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #end: RtmpConnectionError | undefined;
  #ending = false;
  #onGone: () => void = () => {};
  /** Resolves when the connection is closed. */
  readonly #gone: Promise<void> = new Promise((resolve) => {
    this.#onGone = resolve;
  });
  #drainWaiters: { resolve: () => void; reject: (error: Error) => void }[] = [];

  /** The connection belongs to this object from here on. */
  constructor(connection: ByteConnection, session: ClientSession, handlers: SessionSocketHandlers) {
    this.#connection = connection;
    this.#session = session;
    this.#handlers = handlers;
    connection.start({
      onBytes: (bytes) => this.#receive(bytes),
      onDrain: () => this.#releaseDrainWaiters(),
      onClose: (cause) => {
        this.#onGone();
        this.#finish(lost(cause ? 'the connection broke' : 'the server closed the connection', cause));
      },
    });
  }

  /** Why the connection is over; `undefined` while it is not. */
  get end(): RtmpConnectionError | undefined {
    return this.#end;
  }

  /** Sends what the session has to say. `false`: more waits to be sent than should, see `drained`. */
  flush(): boolean {
    for (let bytes = this.#session.takeOutput(); bytes; bytes = this.#session.takeOutput()) {
      this.#connection.write(bytes);
    }
    this.#armTimer();
    return !this.#connection.behind;
  }

  /** Resolves when everything sent so far is with the system. Rejects when the connection is over. */
  drained(): Promise<void> {
    if (this.#end) return Promise.reject(this.#end);
    if (!this.#connection.behind) return Promise.resolve();
    return new Promise((resolve, reject) => this.#drainWaiters.push({ resolve, reject }));
  }

  /** Stops and starts reading: the server feels it once the system's buffers are full. */
  setReading(reading: boolean): void {
    this.#connection.setReading(reading);
  }

  /** Sends what is left, closes, and resolves when the connection is closed; after two seconds it is cut off. */
  close(): Promise<void> {
    this.#session.close();
    this.flush();
    this.#finish(new RtmpConnectionError('ERR_RTMP_CONNECTION_CLOSED', 'the connection was closed'));
    return this.#endConnection();
  }

  /** Cuts the connection off. */
  destroy(): void {
    this.#finish(new RtmpConnectionError('ERR_RTMP_CONNECTION_CLOSED', 'the connection was closed'));
    this.#connection.destroy();
  }

  #endConnection(): Promise<void> {
    if (this.#connection.closed || this.#ending) return this.#gone;
    this.#ending = true;
    const timer = setTimeout(() => this.#connection.destroy(), closeTimeoutMs);
    this.#connection.end();
    return this.#gone.finally(() => clearTimeout(timer));
  }

  #receive(bytes: Uint8Array): void {
    if (this.#end) return;
    this.#session.receive(bytes, sessionNowMs());
    this.#dispatch();
  }

  #dispatch(): void {
    for (let event = this.#session.nextEvent(); event; event = this.#session.nextEvent()) {
      if (event.type === 'failed') {
        this.flush();
        this.#finish(lost(event.error.message, event.error));
      } else if (event.type === 'closed') {
        this.flush();
        this.#finish(new RtmpConnectionError('ERR_RTMP_CONNECTION_CLOSED', 'the server closed the connection'));
      } else {
        this.#handlers.onEvent(event);
      }
      if (this.#end) {
        void this.#endConnection();
        return;
      }
    }
    this.flush();
  }

  #armTimer(): void {
    const deadlineMs = this.#end ? undefined : this.#session.nextDeadlineMs();
    // A deadline that moved further away is found when the timer fires: no timer is touched for each message.
    if (deadlineMs === undefined || deadlineMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = deadlineMs;
    this.#timer = setTimeout(() => this.#checkDeadline(), Math.max(0, Math.ceil(deadlineMs - sessionNowMs())));
  }

  #checkDeadline(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    this.#session.checkDeadline(sessionNowMs());
    this.#dispatch();
  }

  #releaseDrainWaiters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const { resolve, reject } of waiters) {
      if (this.#end) reject(this.#end);
      else resolve();
    }
  }

  #finish(error: RtmpConnectionError): void {
    if (this.#end) return;
    this.#end = error;
    this.#session.close();
    clearTimeout(this.#timer);
    this.#releaseDrainWaiters();
    this.#handlers.onEnd(error);
  }
}

function lost(message: string, cause?: unknown): RtmpConnectionError {
  return new RtmpConnectionError('ERR_RTMP_CONNECTION_LOST', message, { cause });
}
