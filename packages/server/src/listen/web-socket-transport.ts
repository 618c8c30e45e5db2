import type { WebSocket } from 'ws';
import type { RtmpConnections } from './rtmp-connections.js';
import type { RtmpTransport, TransportEvents } from './rtmp-transport.js';

/** How long a peer may take to accept the last bytes after `end`, and to close then, ms. */
const lingerMs = 2000;
/**
 * Messages mean nothing in a byte stream. A player that joins late gets many megabytes in one write: cut, so that it can
 * read the first of them before the last has come, and limit what it holds.
 */
const maxMessageBytes = 1024 * 1024;
/** One that sends pings and reads no pongs would have them queue up. */
const maxPendingForPong = 64 * 1024;
const sendOptions = { binary: true, compress: false } as const;

export interface WebSocketPeer {
  /** `203.0.113.7` or `2001:db8::7`. */
  readonly address: string;
  readonly tls: boolean;
}

/** Serves RTMP on a WebSocket that has just been opened. */
export function acceptWebSocket(connections: RtmpConnections, socket: WebSocket, peer: WebSocketPeer): void {
  if (connections.hasRoom()) {
    connections.accept((events) => new WebSocketTransport(socket, peer, events));
    return;
  }
  socket.on('error', () => undefined);
  socket.close(1013); // Try again later. [RFC 6455 §11.7]
  const timer = setTimeout(() => socket.terminate(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

/** A WebSocket as the connection layer sees it: the byte stream in binary messages, cut anywhere. */
class WebSocketTransport implements RtmpTransport {
  readonly remoteAddress: string;
  readonly tls: boolean;
  closeReason: string | undefined;
  readonly #socket: WebSocket;
  readonly #events: TransportEvents;

  constructor(socket: WebSocket, { address, tls }: WebSocketPeer, events: TransportEvents) {
    this.#socket = socket;
    this.#events = events;
    this.remoteAddress = address;
    this.tls = tls;
    socket.on('message', (data, isBinary) => {
      if (this.closeReason !== undefined) return;
      if (!isBinary) this.#end('a text message', 1003);
      // Arrays of buffers and ArrayBuffers are what other settings of ws give. An empty message is no sign of life.
      else if (Buffer.isBuffer(data) && data.length > 0) events.received(data);
    });
    socket.on('ping', (data) => {
      if (socket.readyState === socket.OPEN && socket.bufferedAmount <= maxPendingForPong) socket.pong(data);
    });
    socket.on('error', (error) => {
      events.failed(error);
      // ws has sent the code that belongs to the error.
      this.#end(`not a valid WebSocket: ${error.message}`, 1002);
    });
    socket.on('close', () => events.closed());
  }

  get pendingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  setReading(reading: boolean): void {
    if (this.closeReason !== undefined) return;
    if (reading) this.#socket.resume();
    else this.#socket.pause();
  }

  write(bytes: Uint8Array): void {
    if (this.closeReason !== undefined) return;
    for (let at = 0; at < bytes.length; at += maxMessageBytes) {
      // A socket that is closing would count the bytes as pending for ever.
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      this.#socket.send(bytes.subarray(at, at + maxMessageBytes), sendOptions);
    }
  }

  end(reason: string): void {
    this.#end(reason, 1000);
  }

  close(reason: string): void {
    if (this.#begin(reason)) this.#socket.terminate();
  }

  destroy(): void {
    this.#socket.terminate();
  }

  #end(reason: string, code: number): void {
    if (!this.#begin(reason)) return;
    // Or the peer's answer would never be read.
    this.#socket.resume();
    this.#socket.close(code);
    const timer = setTimeout(() => this.#socket.terminate(), lingerMs).unref();
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #begin(reason: string): boolean {
    if (this.closeReason !== undefined) return false;
    this.closeReason = reason;
    this.#events.closing();
    return true;
  }
}
