import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** `true`: it has been answered. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

/** RTMPT on a free port of 127.0.0.1, by the rules and one tunnel at a time; what comes goes to a TCP server, and back. */
export class TunnelFront {
  /** The path of every request, in order. */
  readonly paths: string[] = [];
  /** Their bodies' lengths. */
  readonly bodyLengths: number[] = [];
  /** The byte that answers begin with. */
  interval = 1;
  intercept: Intercept = () => false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiters: (() => void)[] = [];
  /** Connections that were made for requests. */
  connections = 0;

  private constructor(onRequest: RequestListener) {
    this.#server = createServer(onRequest);
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {});
    });
  }

  static async before(port: number): Promise<TunnelFront> {
    let tcp: Socket | undefined;
    let waiting: Buffer[] = [];
    const front = new TunnelFront(async (request, response) => {
      front.paths.push(request.url ?? '');
      front.#wake();
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece);
      const body = Buffer.concat(pieces);
      front.bodyLengths.push(body.length);
      if (front.intercept(request, response)) return;
      const [, command] = (request.url ?? '').split('/');
      switch (command) {
        case 'open':
          tcp = connect({ host: '127.0.0.1', port });
          tcp.on('data', (bytes) => waiting.push(bytes)).on('error', () => {});
          front.#sockets.add(tcp);
          response.writeHead(200, { 'content-type': 'application/x-fcs' }).end('the-id\n');
          return;
        case 'send':
          tcp?.write(body);
          break;
        case 'close':
          tcp?.end();
          break;
        default:
      }
      response.writeHead(200, { 'content-type': 'application/x-fcs' });
      response.end(Buffer.concat([Buffer.of(front.interval), ...waiting]));
      waiting = [];
    });
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The commands so far, each once where several of the same follow one another. */
  get commands(): string[] {
    return this.paths.map((path) => path.split('/')[1] ?? '').filter((each, at, all) => each !== all[at - 1]);
  }

  /** Resolves once `condition` holds; looked at with every request. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Cuts all connections off that nothing is under way on. */
  closeIdleConnections(): void {
    this.#server.closeIdleConnections();
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
