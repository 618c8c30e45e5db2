import type { ByteConnection, ByteConnectionHandlers, OpenOptions } from './byte-connection.js';
import { RtmpConnectionError } from './errors.js';
import type { RtmpUrl } from './rtmp-url.js';

/** A WebSocket as browsers have it, and what the package `ws` can do besides. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  /** Browsers never call `onSent`. */
  send(bytes: Uint8Array, onSent?: () => void): void;
  close(code?: number): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly error?: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string; readonly wasClean: boolean }) => void,
  ): void;
  pause?(): void;
  resume?(): void;
  terminate?(): void;
}

/** [WHATWG WebSockets] the value of `readyState` of an open one. */
const open = 1;
/** Messages have no meaning in a byte stream, so servers may well limit them to less than a large frame of video. */
const maxSentMessageBytes = 256 * 1024;
const behindBytes = 256 * 1024;
/** Browsers do not say when bytes are sent: it is looked at this often while somebody may wait for it. */
const drainCheckMs = 10;
/** A browser cannot stop a server from sending. Who reads none of this much is not going to. */
const maxUnreadBytes = 64 * 1024 * 1024;

/** A WebSocket that is open; its binary messages are pieces of the byte stream. */
export class WebSocketConnection implements ByteConnection {
  readonly #socket: WebSocketLike;
  #handlers: ByteConnectionHandlers | undefined;
  #reading = false;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #draining = false;
  #drainTimer: ReturnType<typeof setInterval> | undefined;
  #ending = false;
  /** The socket is closed, or as good as closed; the last bytes may not have been read yet. */
  #over = false;
  #cause: Error | undefined;
  #closed = false;

  /** The socket is open and belongs to this object from here on. */
  constructor(socket: WebSocketLike) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('error', ({ error }) => {
      if (error instanceof Error) this.#cause ??= error;
    });
    socket.addEventListener('close', ({ code, reason, wasClean }) => {
      if (!wasClean || !orderlyCodes.has(code)) this.#cause ??= closeError(code, reason);
      this.#finish();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  get behind(): boolean {
    return this.#draining && !this.#over;
  }

  start(handlers: ByteConnectionHandlers): void {
    this.#handlers = handlers;
    this.setReading(true);
    // The end may have come already.
    if (this.#ending) queueMicrotask(() => this.#deliver());
  }

  write(bytes: Uint8Array): void {
    if (this.#over || this.#ending || this.#socket.readyState !== open) return;
    for (let offset = 0; offset < bytes.length; offset += maxSentMessageBytes) {
      this.#socket.send(bytes.subarray(offset, offset + maxSentMessageBytes), this.#checkDrained);
    }
    if (this.#draining || this.#socket.bufferedAmount <= behindBytes) return;
    this.#draining = true;
    // `ws` calls back instead, and is the one that has `terminate`.
    if (!this.#socket.terminate) this.#drainTimer = setInterval(this.#checkDrained, drainCheckMs);
  }

  setReading(reading: boolean): void {
    if (this.#ending) return;
    this.#reading = reading;
    if (!reading) {
      this.#socket.pause?.();
      return;
    }
    this.#socket.resume?.();
    // Not from within the call: it comes from those who take what was read.
    queueMicrotask(() => this.#deliver());
  }

  end(): void {
    this.#forgetUnread();
    this.#socket.resume?.();
    this.#socket.close(1000);
  }

  destroy(): void {
    this.#forgetUnread();
    if (this.#socket.terminate) this.#socket.terminate();
    else this.#socket.close();
    // A browser may take its time, and has no other way.
    this.#finish();
  }

  readonly #checkDrained = (): void => {
    if (!this.#draining || this.#socket.bufferedAmount > 0) return;
    this.#stopDraining();
    if (!this.#over) this.#handlers?.onDrain();
  };

  #receive(data: unknown): void {
    if (this.#ending || this.#over) return;
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data instanceof Uint8Array ? data : undefined;
    if (bytes === undefined) {
      this.#fail(new Error('the server sent text'));
      return;
    }
    this.#unread.push(bytes);
    this.#unreadBytes += bytes.length;
    this.#deliver();
    if (this.#unreadBytes > maxUnreadBytes) this.#fail(new Error(`${maxUnreadBytes} bytes were not read`));
  }

  #deliver(): void {
    const waiting = this.#unread;
    let taken = 0;
    this.#unread = [];
    // Whoever takes the bytes may stop reading, or end the connection, in the middle.
    for (const bytes of waiting) {
      if (!this.#reading || this.#ending) break;
      taken += 1;
      this.#unreadBytes -= bytes.length;
      this.#handlers?.onBytes(bytes);
    }
    if (!this.#ending && taken < waiting.length) this.#unread = [...waiting.slice(taken), ...this.#unread];
    if (this.#over && this.#unread.length === 0) this.#close();
  }

  #fail(cause: Error): void {
    this.#cause ??= cause;
    this.destroy();
  }

  #forgetUnread(): void {
    this.#ending = true;
    this.#unread = [];
    this.#unreadBytes = 0;
  }

  #stopDraining(): void {
    this.#draining = false;
    clearInterval(this.#drainTimer);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopDraining();
    if (this.#unread.length === 0) this.#close();
  }

  #close(): void {
    // What happened before anybody listened is told by `start`.
    if (this.#closed || !this.#handlers) return;
    this.#closed = true;
    this.#handlers.onClose(this.#cause);
  }
}

/** Normal, going away, and none given. [RFC 6455 §7.4.1] */
const orderlyCodes: ReadonlySet<number> = new Set([1000, 1001, 1005]);

function closeError(code: number, reason: string): Error {
  return new Error(`the WebSocket was closed with code ${code}${reason === '' ? '' : `: ${reason}`}`);
}

/**
 * Waits for the WebSocket that `create` begins to open. Throws `RtmpConnectionError` `ERR_RTMP_CONNECT_FAILED`, and the
 * signal's reason when it is aborted.
 */
export function openWebSocket(
  create: () => WebSocketLike,
  url: RtmpUrl,
  { timeoutMs, signal }: OpenOptions,
): Promise<WebSocketConnection> {
  signal?.throwIfAborted();
  const unreachable = (reason: string, cause?: unknown): RtmpConnectionError =>
    new RtmpConnectionError('ERR_RTMP_CONNECT_FAILED', `${url.host} port ${url.port}: ${reason}`, { cause });
  return new Promise((resolve, reject) => {
    let socket: WebSocketLike;
    try {
      socket = create();
    } catch (error) {
      // A page of https: may not open ws:, for one.
      reject(unreachable(error instanceof Error ? error.message : String(error), error));
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let settled = false;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const fail = (error: unknown): void => {
      if (!settle()) return;
      if (socket.terminate) socket.terminate();
      else socket.close();
      reject(error);
    };
    const onAbort = (): void => fail(signal?.reason);
    socket.addEventListener('open', () => {
      if (settle()) resolve(new WebSocketConnection(socket));
    });
    // Browsers say no more than that it failed.
    socket.addEventListener('error', ({ error }) =>
      fail(unreachable(error instanceof Error ? error.message : 'the WebSocket could not be opened', error)),
    );
    socket.addEventListener('close', () => fail(unreachable('the WebSocket could not be opened')));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (timeoutMs > 0) timer = setTimeout(() => fail(unreachable(`not reached in ${timeoutMs} ms`)), timeoutMs);
  });
}
