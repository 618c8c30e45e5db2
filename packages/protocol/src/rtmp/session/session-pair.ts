import type { HandshakeCrypto } from '../handshake/index.js';
import { ClientSession } from './client-session.js';
import type { ClientEvent } from './client-session-event.js';
import type { ClientSessionOptions } from './client-session-options.js';
import type { ServerEvent } from './server-event.js';
import { ServerSession } from './server-session.js';
import type { ServerSessionOptions } from './server-session-options.js';

export interface SessionPairOptions {
  readonly client?: Partial<ClientSessionOptions>;
  readonly server?: Partial<ServerSessionOptions>;
  /** Bytes handed over at a time; default: all there are. */
  readonly pieceBytes?: number;
  /** `true` (default): the server accepts `connect`, `publish` and `play` at once. */
  readonly autoAccept?: boolean;
}

/**
 * For tests: a client and a server session joined in memory, with a clock that stands until it is moved. Not part of the
 * package.
 */
export class SessionPair {
  readonly client: ClientSession;
  readonly server: ServerSession;
  /** Everything either side has seen so far, in order. */
  readonly clientEvents: ClientEvent[] = [];
  readonly serverEvents: ServerEvent[] = [];
  /** Bytes that went each way. */
  toServerBytes = 0;
  toClientBytes = 0;
  nowMs = 1_000;
  readonly #pieceBytes: number;
  readonly #autoAccept: boolean;

  constructor(options: SessionPairOptions = {}) {
    const { nowMs } = this;
    this.#pieceBytes = options.pieceBytes ?? Number.POSITIVE_INFINITY;
    this.#autoAccept = options.autoAccept ?? true;
    this.client = new ClientSession({ crypto: testCrypto(1), nowMs, ...options.client });
    this.server = new ServerSession({ crypto: testCrypto(2), nowMs, ...options.server });
  }

  /** Carries bytes and pulls events until neither side has anything left to say. */
  run(): void {
    let moved = true;
    while (moved) {
      this.#pull();
      const toServer = this.client.takeOutput();
      if (toServer) {
        this.toServerBytes += toServer.length;
        this.#deliver(toServer, (piece) => this.server.receive(piece, this.nowMs));
      }
      const toClient = this.server.takeOutput();
      if (toClient) {
        this.toClientBytes += toClient.length;
        this.#deliver(toClient, (piece) => this.client.receive(piece, this.nowMs));
      }
      moved = toServer !== undefined || toClient !== undefined;
    }
  }

  /** Moves the clock and lets both sides look at their deadlines. */
  advance(ms: number): void {
    this.nowMs += ms;
    this.client.checkDeadline(this.nowMs);
    this.server.checkDeadline(this.nowMs);
    this.run();
  }

  /** Takes what either side has seen since the last call of this method. */
  takeEvents(): { client: ClientEvent[]; server: ServerEvent[] } {
    return { client: this.clientEvents.splice(0), server: this.serverEvents.splice(0) };
  }

  /** Connects and creates a message stream: its id. */
  connectAndCreateStream(app = 'live'): number {
    this.client.connect({ app, tcUrl: `rtmp://127.0.0.1/${app}` });
    return this.createStream();
  }

  createStream(): number {
    const transactionId = this.client.createStream();
    this.run();
    for (const event of this.clientEvents) {
      if (event.type === 'streamCreated' && event.transactionId === transactionId) return event.messageStreamId;
    }
    throw new Error('the server created no stream');
  }

  #deliver(bytes: Uint8Array, receive: (piece: Uint8Array) => void): void {
    for (let start = 0; start < bytes.length; start += this.#pieceBytes) {
      receive(bytes.subarray(start, start + this.#pieceBytes));
      this.#pull();
    }
  }

  #pull(): void {
    for (let event = this.client.nextEvent(); event; event = this.client.nextEvent()) this.clientEvents.push(event);
    for (let event = this.server.nextEvent(); event; event = this.server.nextEvent()) {
      this.serverEvents.push(event);
      if (this.#autoAccept) this.#accept(event);
    }
  }

  #accept(event: ServerEvent): void {
    if (event.type === 'connect') this.server.accept(event.request);
    else if (event.type === 'publish' || event.type === 'play') this.server.accept(event.request);
  }
}

/** Neither random nor a hash, but both sides agree on it, and every run is the same. */
function testCrypto(seed: number): HandshakeCrypto {
  let state = seed;
  return {
    randomBytes: (count) =>
      Uint8Array.from({ length: count }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 24;
      }),
    hmacSha256: (key, data) => {
      const digest = new Uint8Array(32);
      for (const bytes of [key, data]) {
        bytes.forEach((byte, index) => {
          const at = index % 32;
          digest[at] = ((digest[at] ?? 0) * 31 + byte + at) & 0xff;
        });
      }
      return digest;
    },
  };
}
