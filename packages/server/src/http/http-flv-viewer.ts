import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FlvSink } from './stream-source.js';
import { lingerMs, type Viewer } from './viewer.js';

/** Any page may play streams. `no-transform` and `X-Accel-Buffering` keep proxies from collecting what is live. */
export const mediaHeaders = {
  'content-type': 'video/x-flv',
  'cache-control': 'no-store, no-transform',
  'access-control-allow-origin': '*',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * The FLV of a stream as the endless body of one response.
 *
 * The body goes past the response straight to the socket: so all viewers are given the very same buffers, one write each.
 * For HTTP/1.1 the chunk framing is in these buffers already (`FlvViewerInfo.chunked`); through the response it would cost
 * every viewer three writes and a string of its own. It also shows in `pendingBytes` at once, while ServerResponse corks
 * the socket until the next tick and would make every viewer look behind. HTTP/1.0 has no chunks: there the body ends
 * with the connection.
 */
export class HttpFlvViewer implements FlvSink, Viewer {
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  #headSent = false;
  #over = false;

  /** `socket` must be the response's: it is not this viewer's turn before the response has got it. */
  constructor(response: ServerResponse, socket: Socket) {
    this.#response = response;
    this.#socket = socket;
    response.once('close', () => {
      this.#over = true;
    });
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  /** Whether the bytes are to be framed as chunks. */
  get chunked(): boolean {
    return this.#response.useChunkedEncodingByDefault;
  }

  /** Tells the viewer that it is let in; bytes may be long in coming. */
  start(): void {
    if (this.#headSent || this.#over) return;
    this.#headSent = true;
    this.#response.shouldKeepAlive = false;
    this.#response.writeHead(200, mediaHeaders);
    this.#response.flushHeaders();
  }

  write(bytes: Uint8Array): void {
    this.start();
    if (!this.#over) this.#socket.write(bytes);
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#response.end();
    const timer = setTimeout(() => this.#socket.destroy(), lingerMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  destroy(): void {
    this.#over = true;
    this.#socket.destroy();
  }
}
