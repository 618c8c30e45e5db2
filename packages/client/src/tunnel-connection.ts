import { formatTunnelTarget, pollingDelayMs, type TunnelCommand } from '@millrace/protocol';
import type { ByteConnection, ByteConnectionHandlers } from './byte-connection.js';
import type { TunnelHttp } from './tunnel-http.js';

/** As much goes into one request: each costs a round trip, and servers take no bodies of any size. */
const maxSendBytes = 256 * 1024;
/** What may wait to be sent before `behind` says so. */
const maxPendingBytes = 256 * 1024;
/** What came with the answers to what was sent, and nobody wants to read now, before an answer is left where it is. */
const maxUnreadBytes = 1024 * 1024;
/** An answer of so many bytes was not all that there is: the next one is asked for at once. */
const moreWaitsBytes = 16 * 1024;
/** Whatever a server says, it is not asked for more in less, ms. */
const minDelayMs = 10;
/** Proxies of the time did not like requests without a body. */
const emptyBody = new Uint8Array(1);

/** RTMPT: the bytes in the bodies of HTTP requests and their answers, one after the other. */
export class TunnelConnection implements ByteConnection {
  readonly #http: TunnelHttp;
  readonly #id: string;
  #handlers: ByteConnectionHandlers | undefined;
  #sequence = 0;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #inFlightBytes = 0;
  /** What is asked now; `undefined`: nothing. */
  #command: TunnelCommand | undefined;
  /** Bytes of the present answer so far. */
  #answerBytes = 0;
  #delayMs = minDelayMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = true;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #owesDrain = false;
  #ending = false;
  #closed = false;

  /** `id`: what the server has called the tunnel. The requests belong to this object from here on. */
  constructor(http: TunnelHttp, id: string) {
    this.#http = http;
    this.#id = id;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get behind(): boolean {
    return this.#queuedBytes + this.#inFlightBytes > maxPendingBytes;
  }

  start(handlers: ByteConnectionHandlers): void {
    this.#handlers = handlers;
    this.#advance();
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#ending || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#owesDrain ||= this.behind;
    // What is written in one go leaves in one request.
    queueMicrotask(() => this.#advance());
  }

  setReading(reading: boolean): void {
    if (reading === this.#reading || this.#closed || this.#ending) return;
    this.#reading = reading;
    // Later, as a socket does it: whoever says so may be in the middle of something.
    if (reading) queueMicrotask(() => this.#goOnReading());
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#reading = true;
    this.#unread = [];
    this.#http.setReading(true);
    this.#advance();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#over();
    queueMicrotask(() => this.#handlers?.onClose(undefined));
  }

  /** Asks for what is due, where nothing is asked yet. */
  #advance(): void {
    if (this.#handlers === undefined || this.#command !== undefined || this.#closed) return;
    clearTimeout(this.#timer);
    if (this.#queue.length > 0) this.#post('send', this.#takeQueued());
    else if (this.#ending) this.#post('close', emptyBody);
    else if (this.#reading) this.#timer = setTimeout(() => this.#post('idle', emptyBody), this.#delayMs);
  }

  #post(command: TunnelCommand, body: Uint8Array): void {
    this.#command = command;
    this.#answerBytes = 0;
    const path = formatTunnelTarget({ command, id: this.#id, sequence: this.#sequence });
    this.#sequence += 1;
    this.#http.post(path, body, {
      onBytes: (bytes) => this.#receive(bytes),
      onEnd: (error) => this.#answered(command, error),
    });
  }

  #takeQueued(): Uint8Array {
    const body = new Uint8Array(Math.min(this.#queuedBytes, maxSendBytes));
    let at = 0;
    for (let bytes = this.#queue.shift(); bytes !== undefined; bytes = this.#queue.shift()) {
      const taken = bytes.subarray(0, body.length - at);
      body.set(taken, at);
      at += taken.length;
      if (taken.length < bytes.length) this.#queue.unshift(bytes.subarray(taken.length));
      if (at === body.length) break;
    }
    this.#queuedBytes -= body.length;
    this.#inFlightBytes = body.length;
    return body;
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    const isFirst = this.#answerBytes === 0;
    this.#answerBytes += bytes.length;
    if (isFirst) this.#delayMs = Math.max(minDelayMs, pollingDelayMs(bytes[0] ?? 0));
    const media = isFirst ? bytes.subarray(1) : bytes;
    if (media.length === 0) return;
    if (this.#reading && this.#unread.length === 0) {
      this.#handlers?.onBytes(media);
      return;
    }
    if (this.#ending) return;
    this.#unread.push(media);
    this.#unreadBytes += media.length;
    if (this.#unreadBytes > maxUnreadBytes) this.#http.setReading(false);
  }

  #goOnReading(): void {
    this.#deliverUnread(() => this.#reading);
    if (!this.#reading || this.#closed) return;
    this.#http.setReading(true);
    this.#advance();
  }

  #deliverUnread(mayGoOn: () => boolean): void {
    while (mayGoOn() && !this.#closed) {
      const bytes = this.#unread.shift();
      if (bytes === undefined) return;
      this.#unreadBytes -= bytes.length;
      this.#handlers?.onBytes(bytes);
    }
  }

  #answered(command: TunnelCommand, error: Error | undefined): void {
    if (this.#closed) return;
    this.#command = undefined;
    this.#inFlightBytes = 0;
    if (command === 'close' || error !== undefined) {
      this.#deliverUnread(() => true);
      if (this.#closed) return;
      const wasOrderly = command === 'close' || this.#ending;
      this.#over();
      this.#handlers?.onClose(wasOrderly ? undefined : error);
      return;
    }
    if (this.#answerBytes > moreWaitsBytes) this.#delayMs = 0;
    if (this.#owesDrain && !this.behind) {
      this.#owesDrain = false;
      this.#handlers?.onDrain();
    }
    this.#advance();
  }

  #over(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#unread = [];
    this.#http.close();
  }
}
