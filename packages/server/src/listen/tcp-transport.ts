import type { Socket } from 'node:net';
import type { RtmpTransport, TransportEvents } from './rtmp-transport.js';

/** How long a peer may take to accept the last bytes after `end`, ms. */
const lingerMs = 2000;

export interface TcpPeer {
  /** `203.0.113.7` or `2001:db8::7`: the client's own, also behind a proxy. */
  readonly address: string;
  readonly tls: boolean;
}

/** A TCP socket, with TLS or without, as the connection layer sees it. */
export class TcpTransport implements RtmpTransport {
  readonly remoteAddress: string;
  readonly localAddress: string | undefined;
  readonly tls: boolean;
  closeReason: string | undefined;
  readonly #socket: Socket;
  readonly #events: TransportEvents;

  constructor(socket: Socket, peer: TcpPeer, events: TransportEvents) {
    this.#socket = socket;
    this.#events = events;
    this.remoteAddress = peer.address;
    this.tls = peer.tls;
    this.localAddress = socket.localAddress?.replace(/^::ffff:/, '');
    socket.on('data', (bytes) => events.received(bytes));
    // It was paused when it was found out what it speaks.
    socket.resume();
    socket.on('error', (error) => events.failed(error));
    socket.on('close', () => events.closed());
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

  destroy(): void {
    this.#socket.destroy();
  }

  #begin(reason: string): boolean {
    if (this.closeReason !== undefined) return false;
    this.closeReason = reason;
    this.#events.closing();
    return true;
  }
}
