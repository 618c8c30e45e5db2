import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type ServerEvent, ServerSession, serviceMessageName } from '@millrace/protocol';
import { nodeCrypto } from '../src/node-crypto.js';

type Script = (event: ServerEvent, session: ServerSession) => void;

/** One connection of the scripted server. */
export interface Peer {
  readonly socket: Socket;
  readonly session: ServerSession;
  readonly events: ServerEvent[];
  /** Sends what the session has to say. */
  flush(): void;
}

/** Accepts whatever is asked. */
export const acceptAll: Script = (event, session) => {
  switch (event.type) {
    case 'connect':
      session.accept(event.request);
      break;
    case 'publish':
      session.accept(event.request);
      break;
    case 'play':
      session.accept(event.request);
      break;
    default:
  }
};

/** A server on a free port of 127.0.0.1 that does what the test's script says. */
export class ScriptedServer {
  readonly peers: Peer[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiters: (() => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#wake();
      });
    });
  }

  /** A server that speaks RTMP: `script` hears of everything. */
  static async start(script: Script = acceptAll): Promise<ScriptedServer> {
    const scripted = await ScriptedServer.startRaw(() => {});
    scripted.#server.on('connection', (socket) => scripted.#serve(socket, script));
    return scripted;
  }

  /** A server that does with its sockets what it wants. */
  static async startRaw(onSocket: (socket: Socket) => void): Promise<ScriptedServer> {
    const server = createServer();
    const scripted = new ScriptedServer(server);
    server.on('connection', onSocket);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return scripted;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `rtmp://127.0.0.1:${this.port}/live`;
  }

  /** Open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The connection that came last. */
  get peer(): Peer {
    const peer = this.peers.at(-1);
    if (!peer) throw new Error('no client has connected');
    return peer;
  }

  /** Resolves once `condition` holds; looked at whenever something happens here. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket, script: Script): void {
    const session = new ServerSession({ crypto: nodeCrypto, nowMs: 0, serviceMessageName });
    const flush = (): void => {
      for (let bytes = session.takeOutput(); bytes; bytes = session.takeOutput()) socket.write(bytes);
    };
    const peer: Peer = { socket, session, events: [], flush };
    this.peers.push(peer);
    socket.on('data', (bytes) => {
      session.receive(bytes, 0);
      for (let event = session.nextEvent(); event; event = session.nextEvent()) {
        peer.events.push(event);
        script(event, session);
      }
      flush();
      this.#wake();
    });
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
