import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';

/** WebSockets at `/rtmp` of a free port of 127.0.0.1. */
export class WebSocketFront {
  readonly sockets: WebSocket[] = [];
  /** The target of every request, in order. */
  readonly targets: string[] = [];
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  static async start(onSocket: (socket: WebSocket) => void): Promise<WebSocketFront> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/rtmp' });
    const front = new WebSocketFront(server);
    server.on('connection', (socket, request) => {
      front.sockets.push(socket);
      front.targets.push(request.url ?? '');
      socket.on('error', () => {});
      onSocket(socket);
    });
    await once(server, 'listening');
    return front;
  }

  /** What comes goes to a TCP server, and back. */
  static before(port: number): Promise<WebSocketFront> {
    return WebSocketFront.start((socket) => {
      const bytes = createWebSocketStream(socket);
      const tcp = connect({ host: '127.0.0.1', port });
      bytes.on('error', () => tcp.destroy());
      tcp.on('error', () => socket.terminate());
      bytes.pipe(tcp).pipe(bytes);
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rtmp/live`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
