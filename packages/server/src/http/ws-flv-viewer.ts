import type { WebSocket } from 'ws';
import type { FlvSink } from './stream-source.js';
import { lingerMs, type Viewer } from './viewer.js';

/** Viewers have nothing to say: what they send between two pings of ours, pings included, is limited to this. */
const maxMessagesPerPing = 100;
const sendOptions = { binary: true, compress: false } as const;

/** The FLV of a stream as binary messages, one for each write. */
export class WsFlvViewer implements FlvSink, Viewer {
  readonly chunked = false;
  readonly #socket: WebSocket;
  #heardFrom = true;
  #messages = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('pong', () => {
      this.#heardFrom = true;
    });
    socket.on('ping', (data) => {
      this.#countMessage();
      // One that sends pings and reads no pongs would have them queue up.
      if (socket.bufferedAmount === 0 && socket.readyState === socket.OPEN) socket.pong(data);
    });
    socket.on('message', () => this.#countMessage());
    // The 'close' that follows is what counts.
    socket.on('error', () => undefined);
  }

  get pendingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(bytes, sendOptions);
  }

  end(): void {
    this.#close(1000, 'the stream has ended');
  }

  /** The server stops. */
  goAway(): void {
    this.#close(1001, 'the server is stopping');
  }

  destroy(): void {
    this.#socket.terminate();
  }

  /** To be called at a steady interval: a viewer that answered nothing since the last time is gone. */
  checkAlive(): void {
    if (!this.#heardFrom) {
      this.destroy();
      return;
    }
    this.#heardFrom = false;
    this.#messages = 0;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  #close(code: number, reason: string): void {
    this.#socket.close(code, reason);
    const timer = setTimeout(() => this.#socket.terminate(), lingerMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #countMessage(): void {
    this.#messages += 1;
    if (this.#messages > maxMessagesPerPing) this.destroy();
  }
}
