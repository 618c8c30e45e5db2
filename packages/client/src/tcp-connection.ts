import type { Socket } from 'node:net';
import type { ByteConnection, ByteConnectionHandlers } from './byte-connection.js';

/** A socket of Node that is connected. */
export class TcpConnection implements ByteConnection {
  readonly #socket: Socket;
  #cause: Error | undefined;

  /** The socket belongs to this object from here on. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#cause = error;
    });
  }

  get closed(): boolean {
    return this.#socket.closed;
  }

  get behind(): boolean {
    return this.#socket.writableNeedDrain;
  }

  start(handlers: ByteConnectionHandlers): void {
    this.#socket.on('drain', () => handlers.onDrain());
    this.#socket.on('close', () => handlers.onClose(this.#cause));
    this.#socket.on('data', (bytes) => handlers.onBytes(bytes));
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  setReading(reading: boolean): void {
    if (reading) this.#socket.resume();
    else this.#socket.pause();
  }

  end(): void {
    // What the server still sends must be read away, or its end of the connection is never seen.
    this.#socket.resume();
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
