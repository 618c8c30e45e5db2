import type { Socket } from 'node:net';
import type { ByteTransport } from '../connection/index.js';

/** How long a peer may take to accept the last bytes after `end`, ms. */
const lingerMs = 2000;

/** A TCP socket as the connection layer sees it. */
export class TcpTransport implements ByteTransport {
  readonly remoteAddress: string;
  /** Why the connection was ended from this side; `undefined`: it was not. */
  closeReason: string | undefined;
  readonly #socket: Socket;
  readonly #onClosing: () => void;

  /** `onClosing` is called once, when this side begins to close: nothing more is read from the peer after it. */
  constructor(socket: Socket, onClosing: () => void) {
    this.#socket = socket;
    this.#onClosing = onClosing;
    this.remoteAddress = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  setReading(reading: boolean): void {
    if (this.closeReason !== undefined) return;
    if (reading) this.#socket.resume();
    else this.#socket.pause();
  }

  write(bytes: Uint8Array): void {
    if (this.closeReason === undefined) this.#socket.write(bytes);
  }

  end(reason: string): void {
    if (!this.#begin(reason)) return;
    this.#socket.end();
    // Unread bytes would turn the close into a reset, and the peer would lose what was just sent: read and forget them.
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), lingerMs).unref();
    // Or it would hold the connection's memory for that long: thousands a second may come and go.
    this.#socket.once('close', () => clearTimeout(timer));
  }

  close(reason: string): void {
    if (this.#begin(reason)) this.#socket.destroy();
  }

  #begin(reason: string): boolean {
    if (this.closeReason !== undefined) return false;
    this.closeReason = reason;
    this.#onClosing();
    return true;
  }
}
