import {
  type CallRequest,
  type ConnectRequest,
  type HandshakeCrypto,
  type PlayRequest,
  type PublishRequest,
  type RtmpRemoteError,
  type ServerEvent,
  ServerSession,
} from '@millrace/protocol';
import type { Config } from '../config/index.js';
import type { LiveStreams, Publication, Subscription } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { ByteTransport } from './byte-transport.js';
import { RtmpPlayerSink } from './rtmp-player-sink.js';

export interface ConnectionContext {
  readonly config: Config;
  readonly streams: LiveStreams;
  readonly crypto: HandshakeCrypto;
  /** Monotonic clock, ms. */
  readonly now: () => number;
}

/** A player's place in a stream and the media it chose. */
interface Playing {
  readonly subscription: Subscription;
  audio: boolean;
  video: boolean;
}

/** One RTMP peer: its session's events become publications and subscriptions in the domain. Knows no sockets. */
export class RtmpConnection {
  readonly #transport: ByteTransport;
  readonly #context: ConnectionContext;
  readonly #log: Logger;
  readonly #session: ServerSession;
  readonly #publications = new Map<number, { readonly publication: Publication; readonly path: string }>();
  readonly #playing = new Map<number, Playing>();
  #lastActiveMs: number;
  #closed = false;
  /** A name is being asked for at this moment. */
  #isPublishing = false;

  constructor(transport: ByteTransport, context: ConnectionContext, log: Logger) {
    this.#transport = transport;
    this.#context = context;
    this.#log = log;
    const { limits } = context.config;
    this.#lastActiveMs = context.now();
    this.#session = new ServerSession({
      crypto: context.crypto,
      nowMs: this.#lastActiveMs,
      limits: {
        maxMessageBytes: limits.messageBytes,
        maxPartialBytes: limits.partialBytes,
        maxChunkStreams: limits.chunkStreams,
        maxMessageStreams: limits.messageStreams,
        maxAmfDepth: limits.amfDepth,
        maxAmfElements: limits.amfElements,
        maxQueuedBytes: limits.queuedBytes,
        handshakeTimeoutMs: limits.handshakeTimeoutMs,
        connectTimeoutMs: limits.connectTimeoutMs,
        idleTimeoutMs: limits.idleTimeoutMs,
      },
    });
  }

  /** Bytes from the peer. Does not keep them. */
  receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#lastActiveMs = this.#context.now();
    this.#session.receive(bytes, this.#lastActiveMs);
    this.#handleEvents();
  }

  /** To be called now and then (once a second is enough): ends what takes too long, pings what is silent. */
  checkDeadline(nowMs: number): void {
    const deadline = this.#session.nextDeadlineMs();
    if (this.#closed || deadline === undefined || deadline > nowMs) return;
    this.#session.checkDeadline(nowMs);
    this.#handleEvents();
  }

  /** The transport is gone: frees the names this peer published and the places it had. */
  transportClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const messageStreamId of [...this.#publications.keys(), ...this.#playing.keys()]) this.#leave(messageStreamId);
    this.#session.close();
  }

  #handleEvents(): void {
    for (let event = this.#session.nextEvent(); event !== undefined; event = this.#session.nextEvent()) {
      this.#handle(event);
      if (this.#closed) return;
    }
    this.#flush();
  }

  readonly #flush = (): void => {
    if (this.#closed) return;
    const output = this.#session.takeOutput();
    if (output === undefined) return;
    this.#transport.write(output);
    const { queuedBytes, messageBytes } = this.#context.config.limits;
    if (this.#transport.pendingBytes > queuedBytes + messageBytes + maxMediaPendingBytes) {
      this.#transport.close('more bytes wait for the peer than limits.queuedBytes allows');
    }
  };

  #handle(event: ServerEvent): void {
    switch (event.type) {
      case 'connect':
        this.#connect(event.request);
        return;
      case 'publish':
        this.#publish(event.request);
        return;
      case 'play':
        this.#play(event.request);
        return;
      case 'stopped':
        this.#leave(event.messageStreamId);
        return;
      case 'media':
        this.#publications.get(event.messageStreamId)?.publication.write(event.message);
        return;
      case 'pause':
        // What the client was told by the session stands before the media that this brings.
        this.#flush();
        this.#playing.get(event.messageStreamId)?.subscription.pause(event.pause);
        return;
      case 'receiveAudio':
        this.#select(event.messageStreamId, { audio: event.receive });
        return;
      case 'receiveVideo':
        this.#select(event.messageStreamId, { video: event.receive });
        return;
      case 'call':
        this.#call(event.request);
        return;
      case 'seek':
      case 'bufferLength':
      case 'subscribe':
        // Live streams have one place and one pace; the session has answered what is to be answered.
        return;
      case 'closed':
        this.#flush();
        this.#transport.end('the peer closed');
        return;
      case 'failed':
        this.#fail(event.error);
        return;
      default:
        event satisfies never;
    }
  }

  #connect(request: ConnectRequest): void {
    this.#log.debug({ app: request.app, tcUrl: request.tcUrl, flashVer: request.flashVer }, 'connect');
    this.#session.accept(request);
  }

  #publish(request: PublishRequest): void {
    const { messageStreamId, streamName: name } = request;
    const peer = this.#session.peer;
    const app = peer?.app ?? '';
    const software = (peer?.flashVer ?? '').slice(0, maxSoftwareLength);
    this.#isPublishing = true;
    const outcome = this.#context.streams.publish(
      { app, name },
      {
        address: this.#transport.remoteAddress,
        software,
        clientId: `${this.#transport.remoteAddress} ${software} ${peer?.tcUrl ?? ''}`,
        lastActiveMs: () => this.#lastActiveMs,
      },
      { onReplaced: () => this.#replaced(messageStreamId, `${app}/${name}`) },
    );
    this.#isPublishing = false;
    if (outcome.ok && this.#closed) {
      // A player of it was this same peer, and could not be told that it begins.
      outcome.publication.end();
      return;
    }
    if (outcome.ok) {
      const path = `${app}/${name}`;
      this.#publications.set(messageStreamId, { publication: outcome.publication, path });
      this.#session.accept(request);
      this.#log.info({ stream: path, software }, 'publish');
      if (request.publishType !== 'live') {
        this.#log.warn({ stream: path, type: request.publishType }, 'published live only: recording is not there yet');
      }
      return;
    }
    const description =
      outcome.reason === 'busy' ? `${name} is already being published.` : 'The stream name is not valid.';
    this.#session.reject(request, { code: 'NetStream.Publish.BadName', description });
    this.#log.warn({ stream: `${app}/${name}`.slice(0, maxLoggedPath), reason: outcome.reason }, 'publish refused');
  }

  /** An encoder that is only closed comes back at once and takes the name again; one that is refused stops. */
  #replaced(messageStreamId: number, path: string): void {
    this.#session.sendStatus(messageStreamId, 'NetStream.Publish.BadName', `Another publisher took over ${path}.`);
    if (this.#isPublishing) {
      // It is this connection's own other stream.
      this.#publications.delete(messageStreamId);
      return;
    }
    this.#flush();
    this.#transport.end(`another publisher took over ${path}`);
  }

  #play(request: PlayRequest): void {
    const { messageStreamId, streamName: name } = request;
    const app = this.#session.peer?.app ?? '';
    // Answered before the stream is joined: the statuses stand before the first media on the wire.
    if (this.#context.streams.isValidName({ app, name })) {
      this.#session.accept(request);
      this.#flush();
      if (this.#closed) return;
    }
    const sink = new RtmpPlayerSink(this.#transport, this.#session, messageStreamId, this.#flush);
    const format = { kind: 'rtmp', messageStreamId, chunkSize: this.#session.chunkSize } as const;
    const { receiveAudio: audio, receiveVideo: video } = request;
    const subscription = this.#context.streams.play({ app, name }, format, sink, { audio, video });
    if (subscription === undefined) {
      this.#session.reject(request, {
        code: 'NetStream.Play.StreamNotFound',
        description: 'The stream name is not valid.',
      });
      return;
    }
    this.#playing.set(messageStreamId, { subscription, audio, video });
    this.#log.debug({ stream: `${app}/${name}` }, 'play');
  }

  #select(messageStreamId: number, change: { readonly audio?: boolean; readonly video?: boolean }): void {
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    this.#flush();
    playing.audio = change.audio ?? playing.audio;
    playing.video = change.video ?? playing.video;
    playing.subscription.select({ audio: playing.audio, video: playing.video });
  }

  #call(request: CallRequest): void {
    this.#log.debug({ name: request.name }, 'unknown call');
    this.#session.rejectCall(request);
  }

  #leave(messageStreamId: number): void {
    const published = this.#publications.get(messageStreamId);
    if (published !== undefined) {
      this.#publications.delete(messageStreamId);
      published.publication.end();
      this.#log.info({ stream: published.path }, 'unpublish');
    }
    this.#playing.get(messageStreamId)?.subscription.close();
    this.#playing.delete(messageStreamId);
  }

  #fail(error: RtmpRemoteError): void {
    this.#log.warn({ code: error.code, offset: error.offset, error: error.message }, 'closing the connection');
    this.#flush();
    this.#transport.end(error.code);
  }
}

/**
 * What the live path may have pending on a connection besides one message, however long: headers and the rest of a
 * write. It is not the peer's doing and not counted against it.
 */
const maxMediaPendingBytes = 1024 * 1024;

/** Clients may call themselves anything; a log line and a list of streams have room for this. */
const maxSoftwareLength = 200;
/** Names that are refused can be of any length. */
const maxLoggedPath = 300;
