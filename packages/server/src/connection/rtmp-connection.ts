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
import type { Admissions } from '../admission/index.js';
import type { Config } from '../config/index.js';
import type { LiveStreams, Publication, Subscription } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { Recordings } from '../recording/index.js';
import type { ServiceRooms } from '../service/index.js';
import type { SharedObjectClient, SharedObjects } from '../shared-object/index.js';
import type { VodPlayback } from '../vod/index.js';
import { AdmissionGate } from './admission-gate.js';
import type { ByteTransport } from './byte-transport.js';
import { recordPublication } from './record-publication.js';
import { reportedLatency } from './reported-latency.js';
import { RtmpPlayerSink } from './rtmp-player-sink.js';
import { ServiceStreams } from './service-streams.js';
import { sharedObjectLink } from './shared-object-link.js';
import { VodStreams } from './vod-streams.js';

export interface ConnectionContext {
  readonly config: Config;
  readonly streams: LiveStreams;
  readonly recordings: Pick<Recordings, 'record'>;
  readonly services: ServiceRooms;
  readonly sharedObjects: SharedObjects;
  readonly vod: VodPlayback;
  readonly crypto: HandshakeCrypto;
  readonly admissions: Admissions;
  /** What this server can be reached by, as clients negotiate it: `rtmp`, `ws`. */
  readonly transports: readonly string[];
  /** Monotonic clock, ms. */
  readonly now: () => number;
}

interface Publishing {
  readonly request: PublishRequest;
  readonly publication: Publication;
  readonly path: string;
}

/** A player's place in a stream and the media it chose. */
interface Playing {
  readonly request: PlayRequest;
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
  readonly #publications = new Map<number, Publishing>();
  readonly #playing = new Map<number, Playing>();
  readonly #gate: AdmissionGate;
  readonly #services: ServiceStreams;
  readonly #sharedObjects: SharedObjectClient;
  readonly #vod: VodStreams;
  /** Bytes that have come while nothing was read because somebody decides. */
  #heldBytes = 0;
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
      serviceMessageName: context.services.messageName,
      limits: {
        maxMessageBytes: limits.messageBytes,
        maxPartialBytes: limits.partialBytes,
        maxChunkStreams: limits.chunkStreams,
        maxMessageStreams: limits.messageStreams,
        maxAmfDepth: limits.amfDepth,
        maxAmfElements: limits.amfElements,
        maxQueuedBytes: limits.queuedBytes,
        // The gate keeps them, and their bytes are bounded.
        maxPendingRequests: maxHeldBytes,
        handshakeTimeoutMs: limits.handshakeTimeoutMs,
        connectTimeoutMs: limits.connectTimeoutMs,
        idleTimeoutMs: limits.idleTimeoutMs,
      },
    });
    this.#gate = new AdmissionGate({
      admissions: context.admissions,
      session: this.#session,
      transport,
      log,
      transports: context.transports,
      flush: this.#flush,
      resume: (answer) => this.#resume(answer),
      close: () => {
        this.#flush();
        transport.end('the application closed the connection');
      },
      streamLength: (request) => this.#vod.answerLength(request, this.#session.peer?.app ?? ''),
    });
    this.#vod = new VodStreams({
      vod: context.vod,
      streams: context.streams,
      session: this.#session,
      transport,
      log,
      stallTimeoutMs: limits.stallTimeoutMs,
      now: context.now,
      flush: this.#flush,
      resume: (answer) => this.#resume(answer),
      playLive: (request, name) => this.#playLive(request, name),
      joinLive: (request, name) => this.#join(request, name),
      ended: (request) => this.#gate.ended(request),
    });
    this.#sharedObjects = sharedObjectLink({
      objects: context.sharedObjects,
      config: context.config,
      session: this.#session,
      transport,
      gate: this.#gate,
      log,
      flush: this.#flush,
      resume: () => this.#resume(() => undefined),
      now: context.now,
    });
    this.#services = new ServiceStreams({
      rooms: context.services,
      session: this.#session,
      transport,
      gate: this.#gate,
      log,
      flush: this.#flush,
    });
  }

  /** Bytes from the peer. Does not keep them. */
  receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#lastActiveMs = this.#context.now();
    this.#session.receive(bytes, this.#lastActiveMs);
    this.#handleEvents();
    if (this.#isHolding) this.#hold(bytes.length);
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
    this.#services.closed();
    this.#sharedObjects.closed();
    this.#vod.closed();
    this.#session.close();
    this.#gate.disconnected();
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
        this.#decide(event.request, (name) => this.#startPublishing(event.request, name));
        return;
      case 'play':
        this.#decide(event.request, (name) => this.#startPlaying(event.request, name));
        return;
      case 'stopped':
        this.#gate.stopped(event.messageStreamId);
        this.#leave(event.messageStreamId);
        this.#services.stopped(event.messageStreamId);
        this.#vod.stopped(event.messageStreamId);
        return;
      case 'media':
        this.#publications.get(event.messageStreamId)?.publication.write(event.message);
        return;
      case 'pause':
        // What the client was told by the session stands before the media that this brings.
        this.#flush();
        if (this.#vod.pause(event.messageStreamId, event.pause, event.timeMs)) return;
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
      case 'answer':
        this.#gate.answered(event.answer);
        return;
      case 'serve':
        this.#services.serve(event.request);
        return;
      case 'service':
        this.#services.take(event.call);
        return;
      case 'seek':
        if (this.#vod.seek(event.request)) return;
        this.#session.reject(event.request, {
          code: 'NetStream.Seek.Failed',
          description: 'A live stream has one place only.',
        });
        return;
      case 'bufferLength':
        this.#vod.bufferLength(event.messageStreamId, event.bufferMs);
        return;
      case 'sharedObject':
        this.#sharedObjects.take(event.content);
        return;
      case 'subscribe':
        // The session has answered what is to be answered.
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
    this.#log.debug({ app: request.app, tcUrl: withoutSecrets(request.tcUrl), flashVer: request.flashVer }, 'connect');
    this.#gate.connect(request);
  }

  #call(request: CallRequest): void {
    const latencyMs = reportedLatency(request);
    if (latencyMs === undefined) this.#gate.call(request);
    else this.#playing.get(request.messageStreamId)?.subscription.reportLatency(latencyMs);
  }

  /** It has been decided: answers, then goes on with what has come in the meantime. */
  #resume(answer: () => void): void {
    if (this.#closed) return;
    try {
      answer();
      this.#handleEvents();
    } catch (err) {
      // Nobody awaits it: thrown on, it would end the process.
      this.#log.error({ err }, 'a fault in the server ends the connection; please report it');
      this.#transport.close('a fault in the server');
      return;
    }
    if (this.#closed || this.#isHolding || this.#heldBytes === 0) return;
    this.#heldBytes = 0;
    this.#transport.setReading(true);
  }

  /** Somebody decides, and what comes meanwhile is kept. */
  get #isHolding(): boolean {
    return this.#session.paused || this.#gate.isWaiting || this.#sharedObjects.isWaiting;
  }

  /** A publisher that does not wait for its answer sends megabytes before somebody slow has given it. */
  #hold(byteCount: number): void {
    if (this.#closed) return;
    this.#heldBytes += byteCount;
    if (this.#heldBytes > maxHeldBytes) this.#transport.setReading(false);
  }

  #decide(request: PublishRequest | PlayRequest, start: (streamName: string) => void): void {
    const key = { app: this.#session.peer?.app ?? '', name: request.streamName };
    // What cannot exist is nobody's business.
    if (this.#context.streams.isValidName(key)) this.#gate.decide(request, start);
    else start(request.streamName);
  }

  #startPublishing(request: PublishRequest, name: string): void {
    const { messageStreamId } = request;
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
        localAddress: this.#transport.localAddress,
      },
      {
        onReplaced: () => this.#replaced(messageStreamId, `${app}/${name}`),
        onIncompleteMetadata: (missing) =>
          this.#log.warn({ stream: `${app}/${name}`, missing }, 'the metadata is incomplete'),
      },
    );
    this.#isPublishing = false;
    if (outcome.ok && this.#closed) {
      // A player of it was this same peer, and could not be told that it begins.
      outcome.publication.end();
      this.#gate.ended(request);
      return;
    }
    if (outcome.ok) {
      const path = `${app}/${name}`;
      const recorded = recordPublication(
        request,
        { app, name },
        outcome.publication,
        this.#context.recordings,
        (...status) => this.#tell(messageStreamId, ...status),
      );
      const publication = this.#gate.watch(request, recorded);
      this.#publications.set(messageStreamId, { request, publication, path });
      this.#session.accept(request);
      this.#log.info({ stream: path, software }, 'publish');
      return;
    }
    const description =
      outcome.reason === 'busy' ? `${name} is already being published.` : 'The stream name is not valid.';
    this.#session.reject(request, { code: 'NetStream.Publish.BadName', description });
    this.#gate.ended(request);
    this.#log.warn({ stream: `${app}/${name}`.slice(0, maxLoggedPath), reason: outcome.reason }, 'publish refused');
  }

  #tell(messageStreamId: number, code: string, description: string): void {
    if (this.#closed) return;
    this.#session.sendStatus(messageStreamId, code, description);
    this.#flush();
  }

  /** An encoder that is only closed comes back at once and takes the name again; one that is refused stops. */
  #replaced(messageStreamId: number, path: string): void {
    this.#session.sendStatus(messageStreamId, 'NetStream.Publish.BadName', `Another publisher took over ${path}.`);
    const published = this.#publications.get(messageStreamId);
    // Its recorder must not go on: the newcomer's may want the same file.
    published?.publication.end();
    if (this.#isPublishing) {
      // It is this connection's own other stream.
      this.#publications.delete(messageStreamId);
      if (published !== undefined) this.#gate.ended(published.request);
      return;
    }
    this.#flush();
    this.#transport.end(`another publisher took over ${path}`);
  }

  #startPlaying(request: PlayRequest, name: string): void {
    const app = this.#session.peer?.app ?? '';
    if (!this.#vod.play(request, { app, name })) this.#playLive(request, name);
  }

  #playLive(request: PlayRequest, name: string): void {
    const app = this.#session.peer?.app ?? '';
    // Answered before the stream is joined: the statuses stand before the first media on the wire.
    if (this.#context.streams.isValidName({ app, name })) {
      this.#session.accept(request);
      this.#flush();
      if (this.#closed) return;
    }
    this.#join(request, name);
  }

  #join(request: PlayRequest, name: string): void {
    const { messageStreamId } = request;
    const app = this.#session.peer?.app ?? '';
    const sink = new RtmpPlayerSink(this.#transport, this.#session, messageStreamId, this.#flush);
    const { chunkSize, objectEncoding } = this.#session;
    const format = { kind: 'rtmp', messageStreamId, chunkSize, objectEncoding } as const;
    const { receiveAudio: audio, receiveVideo: video } = request;
    const subscription = this.#context.streams.play({ app, name }, format, sink, { audio, video });
    if (subscription === undefined) {
      this.#session.reject(request, {
        code: 'NetStream.Play.StreamNotFound',
        description: 'The stream name is not valid.',
      });
      return;
    }
    this.#playing.set(messageStreamId, { request, subscription, audio, video });
    this.#log.debug({ stream: `${app}/${name}` }, 'play');
  }

  #select(messageStreamId: number, change: { readonly audio?: boolean; readonly video?: boolean }): void {
    if (this.#vod.select(messageStreamId, change)) return;
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    this.#flush();
    playing.audio = change.audio ?? playing.audio;
    playing.video = change.video ?? playing.video;
    playing.subscription.select({ audio: playing.audio, video: playing.video });
  }

  #leave(messageStreamId: number): void {
    const published = this.#publications.get(messageStreamId);
    if (published !== undefined) {
      this.#publications.delete(messageStreamId);
      published.publication.end();
      this.#gate.ended(published.request);
      this.#log.info({ stream: published.path }, 'unpublish');
    }
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    this.#playing.delete(messageStreamId);
    playing.subscription.close();
    this.#gate.ended(playing.request);
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

/** What is taken from the kernel while the application decides; a TCP connection that stands still costs nothing. */
const maxHeldBytes = 256 * 1024;

/** An address as logs show it: a query has keys and tokens in it, and some clients leave user and password in. */
function withoutSecrets(url: string): string {
  return url.replace(/\?.*/s, '?…').replace(/^(\w+:\/\/)[^/]*@/, '$1…@');
}

/** Clients may call themselves anything; a log line and a list of streams have room for this. */
const maxSoftwareLength = 200;
/** Names that are refused can be of any length. */
const maxLoggedPath = 300;
