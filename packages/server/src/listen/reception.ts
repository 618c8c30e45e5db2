import type { BlockList, Socket } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { type EncryptedCrypto, handshakeVersions } from '@millrace/protocol';
import { addressList, isListed } from '../access/index.js';
import type { Config } from '../config/index.js';
import type { Logger } from '../log/index.js';
import type { Certificates } from '../tls/index.js';
import { httpHint } from './http-hint.js';
import { parseProxyHeader } from './proxy-header.js';
import type { RtmpConnections } from './rtmp-connections.js';
import type { RtmpTransport, TransportEvents } from './rtmp-transport.js';
import { RtmpeTransport } from './rtmpe-transport.js';
import { type TcpPeer, TcpTransport } from './tcp-transport.js';

export interface ReceptionOptions {
  readonly connections: RtmpConnections;
  readonly config: Pick<Config, 'rtmp' | 'limits'>;
  readonly crypto: EncryptedCrypto;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  readonly log: Logger;
  /** `undefined`: there is no TLS. */
  readonly certificates: Certificates | undefined;
  /** Takes those who speak HTTP. Absent: they are told that this is no place for it. */
  readonly takeHttp?: ((socket: Socket, peer: TcpPeer) => void) | undefined;
}

/** What a listener takes: whatever begins as something that is known, or TLS alone. */
export type Accepted = 'any' | 'tls';

/** Somebody of whom it is to be found out what it speaks. */
interface Arrival {
  readonly socket: Socket;
  /** The client's, once a proxy has said so. */
  readonly address: string;
  readonly accepted: Accepted | 'inTls';
  /** A proxy has to speak first. */
  readonly byProxy: boolean;
  /** Gives the place back. */
  readonly release: () => void;
}

type Protocol = 'rtmp' | 'rtmpe' | 'tls' | 'http';

const { encrypted, encryptedXtea, encryptedBlowfish } = handshakeVersions;
/** How a TLS connection begins: a handshake record, and the major version. [RFC 8446 §5.1] */
const tlsStart = [0x16, 0x03] as const;

/** Finds out by their first bytes what those speak who connect over TCP, and hands them on. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #tls: TlsServer | undefined;
  readonly #proxies: BlockList | undefined;
  /** Those who shake hands with TLS, by the two ends of their connection: node:tls gives back another socket. */
  readonly #inHandshake = new Map<string, Arrival>();

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#tls = this.#createTls();
    this.#proxies = addressList(options.config.rtmp.proxyFrom);
  }

  /** Takes a connection as it comes from the listener. */
  take(socket: Socket, accepted: Accepted): void {
    const { connections } = this.#options;
    if (!connections.hasRoom()) {
      socket.destroy();
      return;
    }
    const address = shown(socket.remoteAddress);
    const release = connections.reserve(() => {
      this.#options.log.debug({ address }, 'a connection ends that has not said what it speaks');
      socket.destroy();
    });
    socket.once('close', release);
    // Whoever the socket is handed to has listeners of its own.
    socket.on('error', () => undefined);
    const byProxy = this.#proxies !== undefined && isListed(this.#proxies, address);
    this.#read({ socket, address, accepted, byProxy, release });
  }

  #read(arrival: Arrival): void {
    const { socket } = arrival;
    let head: Buffer = Buffer.alloc(0);
    const take = (bytes: Buffer): void => {
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
      const known = arrival.byProxy ? this.#throughProxy(arrival, head) : { arrival, headerLength: 0 };
      if (known === undefined) return;
      const rest = head.subarray(known.headerLength);
      const protocol = protocolOf(rest);
      if (protocol === undefined) return;
      socket.off('data', take);
      // Whoever comes next reads them again.
      socket.pause();
      socket.unshift(rest);
      this.#handOn(known.arrival, protocol);
    };
    socket.on('data', take);
  }

  /** `undefined`: the header is not complete, or none. */
  #throughProxy(
    arrival: Arrival,
    head: Buffer,
  ): { readonly arrival: Arrival; readonly headerLength: number } | undefined {
    const header = parseProxyHeader(head);
    if (header === 'incomplete') return undefined;
    if (header === 'invalid') {
      this.#refuse(arrival, 'rtmp.proxyFrom names it, but it does not begin with a PROXY header');
      return undefined;
    }
    const address = header.address ?? arrival.address;
    return { arrival: { ...arrival, address, byProxy: false }, headerLength: header.length };
  }

  #handOn(arrival: Arrival, protocol: Protocol): void {
    if (arrival.accepted === 'tls' && protocol !== 'tls') {
      this.#refuse(arrival, 'it speaks no TLS, and this port is for RTMPS');
      return;
    }
    switch (protocol) {
      case 'tls':
        this.#startTls(arrival);
        return;
      case 'http':
        this.#answerHttp(arrival);
        return;
      case 'rtmp':
      case 'rtmpe':
        this.#serve(arrival, protocol);
        return;
      default:
        protocol satisfies never;
    }
  }

  /** What is not RTMP at all, the handshake finds out. */
  #serve(arrival: Arrival, protocol: 'rtmp' | 'rtmpe'): void {
    const { socket, address, accepted } = arrival;
    this.#giveBackPlace(arrival);
    const { connections, config, crypto, now } = this.#options;
    const peer = { address, tls: accepted === 'inTls' };
    connections.accept((events) => {
      const open = (inner: TransportEvents): RtmpTransport => new TcpTransport(socket, peer, inner);
      if (protocol === 'rtmp' || !config.rtmp.encrypted) return open(events);
      return new RtmpeTransport(open, events, { crypto, now, onFault: ({ message }) => this.#log(arrival, message) });
    });
  }

  #startTls(arrival: Arrival): void {
    const { socket, accepted } = arrival;
    if (accepted === 'inTls') {
      this.#refuse(arrival, 'it speaks TLS inside of TLS');
      return;
    }
    if (this.#tls === undefined) {
      this.#refuse(arrival, 'it speaks TLS, and there is none: see tls.cert');
      return;
    }
    const ends = endsOf(socket);
    this.#inHandshake.set(ends, arrival);
    socket.once('close', () => this.#inHandshake.delete(ends));
    this.#tls.emit('connection', socket);
  }

  #createTls(): TlsServer | undefined {
    const { certificates, config, log } = this.#options;
    if (certificates === undefined) return undefined;
    const server = createServer({ ...certificates.options, handshakeTimeout: config.limits.handshakeTimeoutMs });
    certificates.join(server);
    server.on('secureConnection', (socket: TLSSocket) => {
      const arrival = this.#inHandshake.get(endsOf(socket));
      // node:tls reports who shakes hands again and again, and lets it go on.
      socket.on('error', () => socket.destroy());
      // It went in this very moment.
      if (arrival === undefined) socket.destroy();
      else this.#read({ ...arrival, socket, accepted: 'inTls' });
    });
    server.on('tlsClientError', (error, socket) => {
      log.debug({ address: this.#inHandshake.get(endsOf(socket))?.address, error: error.message }, 'no TLS came about');
      socket.destroy();
    });
    return server;
  }

  #answerHttp(arrival: Arrival): void {
    const { socket, address, accepted } = arrival;
    const { takeHttp } = this.#options;
    if (takeHttp !== undefined) {
      this.#giveBackPlace(arrival);
      takeHttp(socket, { address, tls: accepted === 'inTls' });
      return;
    }
    this.#log(arrival, httpHint.reason);
    socket.end(httpHint.answer);
    // What is not read would turn the close into a reset. It keeps its place until it is gone.
    socket.resume();
  }

  /** Whoever it is handed to finds another. */
  #giveBackPlace({ socket, release }: Arrival): void {
    socket.off('close', release);
    release();
  }

  #refuse(arrival: Arrival, reason: string): void {
    this.#log(arrival, reason);
    arrival.socket.destroy();
  }

  #log({ address }: Arrival, error: string): void {
    this.#options.log.warn({ address, error }, 'closing the connection');
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function shown(address: string | undefined): string {
  return (address ?? 'unknown').replace(/^::ffff:/, '');
}

/** `undefined`: too few bytes to tell. */
function protocolOf([first, second]: Uint8Array): Protocol | undefined {
  if (first === undefined) return undefined;
  // 22 could be a version of RTMP as well, whose C1 begins with the high byte of a time.
  if (first === tlsStart[0]) return second === undefined ? undefined : second === tlsStart[1] ? 'tls' : 'rtmp';
  if (first === encrypted || first === encryptedXtea || first === encryptedBlowfish) return 'rtmpe';
  const isCapital = first >= 0x41 && first <= 0x5a;
  return isCapital ? 'http' : 'rtmp';
}
