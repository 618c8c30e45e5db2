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
import type { SwfRules } from '../access/index.js';
import type { Admissions } from '../admission/index.js';
import type { Config } from '../config/index.js';
import type { DvrWindows } from '../dvr/index.js';
import type { LiveStreams, MediaSelection } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { Recordings } from '../recording/index.js';
import type { ServiceRooms } from '../service/index.js';
import type { SharedObjectClient, SharedObjects } from '../shared-object/index.js';
import type { VodPlayback } from '../vod/index.js';
import { AdmissionGate } from './admission-gate.js';
import { BufferLengths } from './buffer-lengths.js';
import type { ByteTransport } from './byte-transport.js';
import { PlayingStreams } from './playing-streams.js';
import { PublishingStreams } from './publishing-streams.js';
import { reportedLatency } from './reported-latency.js';
import { ServiceStreams } from './service-streams.js';
import { sharedObjectLink } from './shared-object-link.js';
import { StreamLengths } from './stream-lengths.js';
import { VodStreams } from './vod-streams.js';

export interface ConnectionContext {
  readonly config: Config;
  readonly streams: LiveStreams;
  readonly recordings: Pick<Recordings, 'record' | 'recordFor'>;
  readonly services: ServiceRooms;
  readonly sharedObjects: SharedObjects;
  readonly vod: VodPlayback;
  readonly windows: Pick<DvrWindows, 'find'>;
  readonly crypto: HandshakeCrypto;
  readonly swf: Pick<SwfRules, 'players' | 'isAsked'>;
  readonly admissions: Admissions;
  /** What this server can be reached by, as clients negotiate it: `rtmp`, `ws`. */
  readonly transports: readonly string[];
  /** Monotonic clock, ms. */
  readonly now: () => number;
}

/** One RTMP peer: its session's events become publications and subscriptions in the domain. Knows no sockets. */
export class RtmpConnection {
  readonly #transport: ByteTransport;
  readonly #context: ConnectionContext;
  readonly #log: Logger;
  readonly #session: ServerSession;
  readonly #gate: AdmissionGate;
  readonly #publishing: PublishingStreams;
  readonly #playing: PlayingStreams;
  readonly #services: ServiceStreams;
  readonly #sharedObjects: SharedObjectClient;
  readonly #vod: VodStreams;
  readonly #lengths: StreamLengths;
  readonly #bufferLengths = new BufferLengths();
  /** Bytes that have come while nothing was read because somebody decides. */
  #heldBytes = 0;
  #lastActiveMs: number;
  #closed = false;

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
      dataStart: context.config.rtmp.dataStart,
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
      ...(context.swf.isAsked(transport.remoteAddress) && {
        swf: {
          players: context.swf.players,
          timeoutMs: limits.handshakeTimeoutMs,
          challenge: () => transport.swfChallenge,
        },
      }),
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
      streamLength: (request) => this.#lengths.answer(request, this.#session.peer?.app ?? ''),
    });
    this.#publishing = new PublishingStreams({
      streams: context.streams,
      recordings: context.recordings,
      session: this.#session,
      transport,
      gate: this.#gate,
      log,
      flush: this.#flush,
      lastActiveMs: () => this.#lastActiveMs,
    });
    this.#playing = new PlayingStreams({
      streams: context.streams,
      bufferLengths: this.#bufferLengths,
      windows: context.windows,
      vod: context.vod,
      stallTimeoutMs: limits.stallTimeoutMs,
      now: context.now,
      session: this.#session,
      transport,
      gate: this.#gate,
      log,
      flush: this.#flush,
      finished: (live) => this.#vod.liveFinished(live),
    });
    this.#vod = new VodStreams({
      vod: context.vod,
      streams: context.streams,
      bufferLengths: this.#bufferLengths,
      session: this.#session,
      transport,
      log,
      stallTimeoutMs: limits.stallTimeoutMs,
      accurateSeek: context.config.vod.accurateSeek,
      now: context.now,
      mediaDir: context.config.media.dir,
      app: () => this.#session.peer?.app ?? '',
      membershipOf: (path) => this.#services.membershipOf(path),
      flush: this.#flush,
      resume: (answer) => this.#resume(answer),
      live: this.#playing,
      ended: (request) => this.#gate.ended(request),
    });
    this.#lengths = new StreamLengths({
      vod: context.vod,
      session: this.#session,
      resume: (answer) => this.#resume(answer),
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
    if (!this.#closed) this.#playing.checkSilence();
    const deadline = this.#session.nextDeadlineMs();
    if (this.#closed || deadline === undefined || deadline > nowMs) return;
    this.#session.checkDeadline(nowMs);
    this.#handleEvents();
  }

  /** The transport is gone: frees the names this peer published and the places it had. */
  transportClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#publishing.closed();
    this.#playing.closed();
    this.#services.closed();
    this.#sharedObjects.closed();
    this.#vod.closed();
    this.#lengths.closed();
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
        this.#decide(event.request, (name) => this.#publishing.start(event.request, name));
        return;
      case 'play':
        this.#decide(event.request, (name) => this.#play(event.request, name));
        return;
      case 'stopped':
        this.#gate.stopped(event.messageStreamId);
        this.#publishing.stopped(event.messageStreamId);
        this.#playing.stopped(event.messageStreamId);
        this.#services.stopped(event.messageStreamId);
        this.#vod.stopped(event.messageStreamId);
        return;
      case 'media':
        this.#publishing.write(event.messageStreamId, event.message);
        return;
      case 'pause':
        // What the client was told by the session stands before the media that this brings.
        this.#flush();
        if (this.#vod.pause(event.messageStreamId, event.pause, event.timeMs)) return;
        this.#playing.pause(event.messageStreamId, event.pause, event.timeMs);
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
        if (this.#vod.seek(event.request) || this.#playing.seek(event.request)) return;
        this.#session.reject(event.request, {
          code: 'NetStream.Seek.Failed',
          description: 'A live stream has one place only.',
        });
        return;
      case 'bufferLength':
        if (!this.#bufferLengths.note(event.messageStreamId, event.bufferMs)) return;
        this.#vod.bufferLength(event.messageStreamId, event.bufferMs);
        this.#playing.bufferLength(event.messageStreamId, event.bufferMs);
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
    else this.#playing.reportLatency(request.messageStreamId, latencyMs);
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

  #play(request: PlayRequest, name: string): void {
    const app = this.#session.peer?.app ?? '';
    this.#vod.play(request, { app, name });
  }

  #select(messageStreamId: number, change: Partial<MediaSelection>): void {
    if (!this.#vod.select(messageStreamId, change)) this.#playing.select(messageStreamId, change);
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
