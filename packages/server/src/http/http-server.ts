import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import type { Config } from '../config/index.js';
import type { Logger } from '../log/index.js';
import type { Certificates } from '../tls/index.js';
import type { ServerInfo } from './api-types.js';
import { readConsoleFiles } from './console-files.js';
import { Door } from './door.js';
import { headWithoutUpgrade } from './head-without-upgrade.js';
import { HttpFlvViewer, mediaHeaders } from './http-flv-viewer.js';
import { type BoundHttp, HttpListeners } from './http-listeners.js';
import { answerOtherMethod, inTurn } from './media-methods.js';
import type { MetricsSource } from './metrics-source.js';
import { createPageRoutes } from './page-routes.js';
import { answer, answerUpgrade, apiNotAllowed, malformed, notPublished, type PlainAnswer } from './plain-answer.js';
import { type RecordingFigures, RecordingSender } from './recording-sender.js';
import type { RecordingSource } from './recording-source.js';
import type { AnswerRemoting } from './remoting-post.js';
import { parseRequestTarget, type RequestTarget } from './request-target.js';
import { type AcceptRtmp, RtmpUpgrade } from './rtmp-upgrade.js';
import type { ServiceSource } from './service-source.js';
import type { SharedObjectSource } from './shared-object-source.js';
import type { FlvSink, FlvSubscription, StreamSource } from './stream-source.js';
import type { Viewer } from './viewer.js';
import type { Admit, Visit } from './visit.js';
import { addressOf } from './visitor-of.js';
import { WsFlvViewer } from './ws-flv-viewer.js';

export interface HttpServerOptions {
  readonly config: Pick<Config, 'http' | 'https' | 'limits'>;
  readonly logger: Logger;
  /** `undefined`: there is no TLS, whatever `https.listen` says. */
  readonly certificates?: Certificates | undefined;
  readonly streams: StreamSource;
  readonly services: ServiceSource;
  readonly sharedObjects: SharedObjectSource;
  readonly recordings: RecordingSource;
  readonly metrics: MetricsSource;
  /** Asked before anybody watches. */
  readonly admit: Admit;
  /** Whether somebody at this address may use the page and the API. */
  readonly isApiAllowed: (address: string) => boolean;
  /** Whether somebody at this address may delete recordings. */
  readonly mayDelete: (address: string) => boolean;
  /** Asked with every packet of Flash Remoting. */
  readonly answerRemoting: AnswerRemoting;
  readonly serverInfo: () => ServerInfo;
  readonly acceptRtmp: AcceptRtmp;
  /** Answers requests of tunnels; `false`: it is none. Absent: there are no tunnels. */
  readonly answerTunnel?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Folder of the built console; by default the one that the build puts beside the compiled server. */
  readonly consoleFolder?: string;
}

export interface HttpServer {
  /** Connections refused because there were too many. */
  readonly refusedCount: number;
  /** What is sent of recordings. */
  readonly recordings: RecordingFigures;
  /** Rejects with the system's error when an address cannot be had. */
  listen(): Promise<BoundHttp>;
  /** Stops accepting, lets go of viewers, and resolves when all connections are closed, after a second at the latest. */
  close(): Promise<void>;
}

type MediaTarget = Extract<RequestTarget, { kind: 'media' }>;

const consoleFolder = fileURLToPath(new URL('../console/', import.meta.url));
/** Viewers do not send anything; control frames have at most 125 bytes. */
const maxWebSocketPayloadBytes = 1024;
const closeGraceMs = 1000;

export function createHttpServer(options: HttpServerOptions): HttpServer {
  return new FlvHttpServer(options);
}

class FlvHttpServer implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #listeners: HttpListeners;
  readonly #webSockets: WebSocketServer;
  readonly #rtmpUpgrade: RtmpUpgrade;
  readonly #door: Door;
  readonly #sender: RecordingSender;
  readonly #answerPage: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  readonly #viewers = new Set<Viewer>();
  readonly #webSocketViewers = new Set<WsFlvViewer>();
  /** Connections whose last response has no end: what else comes on them can never be answered. */
  readonly #taken = new WeakSet<Socket>();
  /** The request of a connection that came last and is not answered yet. */
  readonly #unanswered = new WeakMap<Socket, ServerResponse>();
  /** Connections that requests of tunnels came over. */
  readonly #inTunnel = new WeakSet<Socket>();
  #pingTimer: NodeJS.Timeout | undefined;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { limits, http } = options.config;
    const files = readConsoleFiles(options.consoleFolder ?? consoleFolder);
    const gateway = {
      answerRemoting: options.answerRemoting,
      maxBodyBytes: limits.messageBytes,
      origins: http.rtmpOrigins,
    };
    const routes = createPageRoutes({ ...options, files, gateway, isAllowed: options.isApiAllowed });
    this.#answerPage = getRequestListener(routes.fetch, {
      overrideGlobalObjects: false,
      // HTTP/1.0 does without the header Host.
      hostname: 'localhost',
    });
    this.#listeners = new HttpListeners({
      ...options,
      onRequest: (request, response) => this.#request(request, response),
      onUpgrade: (request, socket, head) => this.#upgrade(request, socket, head),
      waitsForAnswer: (socket) => this.#inTunnel.has(socket) && this.#unanswered.has(socket),
    });
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: maxWebSocketPayloadBytes,
    });
    this.#rtmpUpgrade = new RtmpUpgrade(options.config, options.acceptRtmp);
    this.#door = new Door(options);
    this.#sender = new RecordingSender({ ...options, door: this.#door, stallTimeoutMs: limits.stallTimeoutMs });
  }

  get refusedCount(): number {
    return this.#listeners.refusedCount;
  }

  get recordings(): RecordingFigures {
    return this.#sender.figures;
  }

  async listen(): Promise<BoundHttp> {
    const { limits } = this.#options.config;
    const bound = await this.#listeners.listen();
    // Twice in the idle time: asked once and silent until it is asked again makes the whole of it.
    this.#pingTimer = setInterval(() => {
      for (const viewer of this.#webSocketViewers) viewer.checkAlive();
    }, limits.idleTimeoutMs / 2);
    return bound;
  }

  async close(): Promise<void> {
    clearInterval(this.#pingTimer);
    if (!this.#listeners.listening) return;
    const closed = this.#listeners.close();
    this.#sender.close();
    for (const viewer of [...this.#viewers]) {
      if (viewer instanceof WsFlvViewer) viewer.goAway();
      else viewer.end();
    }
    const timer = setTimeout(() => {
      for (const viewer of [...this.#viewers]) viewer.destroy();
      this.#listeners.closeAllConnections();
    }, closeGraceMs);
    await closed;
    clearTimeout(timer);
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (this.#taken.has(socket)) {
      socket.destroy();
      return;
    }
    this.#unanswered.set(socket, response);
    response.once('close', () => {
      if (this.#unanswered.get(socket) === response) this.#unanswered.delete(socket);
    });
    if (request.method === 'POST' && this.#options.answerTunnel?.(request, response)) {
      this.#inTunnel.add(socket);
      return;
    }
    this.#inTunnel.delete(socket);
    const target = parseRequestTarget(request.url ?? '/');
    switch (target.kind) {
      case 'page':
        void this.#answerPage(request, response);
        return;
      case 'malformed':
        answer(response, malformed(target.reason));
        return;
      case 'media':
        this.#requestMedia(request, response, target);
        return;
      case 'recording':
        this.#sender.answer(request, response, target);
        return;
      case 'danmu':
        if (this.#options.isApiAllowed(addressOf(socket))) this.#sender.answerDanmu(request, response, target);
        else answer(response, apiNotAllowed);
        return;
      default:
        target satisfies never;
    }
  }

  #requestMedia(request: IncomingMessage, response: ServerResponse, target: MediaTarget): void {
    switch (request.method) {
      case 'GET': {
        const { socket } = request;
        this.#taken.add(socket);
        const open = (): void => this.#openHttpFlv(request, response, target);
        inTurn(response, open);
        return;
      }
      case 'HEAD':
        this.#answerHead(request, response, target);
        return;
      default:
        answerOtherMethod(request.method, response);
    }
  }

  #answerHead(request: IncomingMessage, response: ServerResponse, target: MediaTarget): void {
    const refuse = (refusal: PlainAnswer): void => answer(response, refusal);
    this.#door.knock({
      request,
      transport: 'http-flv',
      target,
      close: () => response.destroy(),
      refuse,
      enter: (visit) => {
        const { streams, recordings } = this.#options;
        const isPublished = streams.isPublished(target.app, target.name);
        if (!isPublished && recordings.mayHave(target)) {
          void this.#sender.sendFlv(response, target, target, visit);
          return;
        }
        visit.end();
        if (!isPublished) {
          refuse(notPublished(target));
          return;
        }
        response.writeHead(200, { ...mediaHeaders, connection: 'close' });
        response.end();
      },
    });
  }

  #openHttpFlv(request: IncomingMessage, response: ServerResponse, target: MediaTarget): void {
    const { socket } = request;
    const viewer = new HttpFlvViewer(response, socket);
    const refuse = (refusal: PlainAnswer): void => answer(response, refusal);
    this.#door.knock({
      request,
      transport: 'http-flv',
      target,
      close: () => viewer.destroy(),
      refuse,
      enter: (visit) => {
        const { streams, recordings } = this.#options;
        if (!streams.isPublished(target.app, target.name) && recordings.mayHave(target)) {
          void this.#sender.sendFlv(response, target, target, visit);
          return;
        }
        const onGone = (gone: () => void): void => void response.once('close', gone);
        if (this.#open(viewer, 'httpFlv', socket, target, visit, onGone)) viewer.start();
        else refuse(notPublished(target));
      },
    });
  }

  #upgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    // node:http always hands over the net.Socket that the request came on.
    const socket = duplex as Socket;
    // The upgrade took the server's own listener away; until ws adds one a reset would be an uncaught error.
    socket.on('error', () => socket.destroy());
    if (this.#taken.has(socket) || socket.destroyed) {
      socket.destroy();
      return;
    }
    // Sent along without waiting: what was asked before is answered before.
    const before = this.#unanswered.get(socket);
    if (before === undefined) this.#upgradeNow(request, socket, head);
    else before.once('close', () => this.#upgrade(request, socket, head));
  }

  #upgradeNow(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      this.#ignoreUpgrade(request, socket, head);
      return;
    }
    if (RtmpUpgrade.isTarget(request.url ?? '/')) {
      this.#rtmpUpgrade.upgrade(request, socket, head);
      return;
    }
    const target = parseRequestTarget(request.url ?? '/');
    switch (target.kind) {
      case 'malformed':
        answerUpgrade(socket, malformed(target.reason));
        return;
      case 'page':
      case 'recording':
      case 'danmu':
        answerUpgrade(socket, {
          status: 404,
          error: 'not-found',
          message: 'There is no WebSocket here; try /APP/NAME.flv or /rtmp.',
        });
        return;
      case 'media':
        this.#openWsFlv(request, socket, head, target);
        return;
      default:
        target satisfies never;
    }
  }

  #openWsFlv(request: IncomingMessage, socket: Socket, head: Buffer, target: MediaTarget): void {
    const refuse = (refusal: PlainAnswer): void => answerUpgrade(socket, refusal);
    this.#door.knock({
      request,
      transport: 'ws-flv',
      target,
      close: () => socket.destroy(),
      refuse,
      enter: (visit) => {
        if (!this.#options.streams.isPublished(target.app, target.name)) {
          visit.end();
          refuse(notPublished(target));
          return;
        }
        // ws closes the socket of a request that is none of a WebSocket, without calling back.
        socket.once('close', () => visit.end());
        this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
          const viewer = new WsFlvViewer(ws);
          this.#webSocketViewers.add(viewer);
          ws.once('close', () => this.#webSocketViewers.delete(viewer));
          if (!this.#open(viewer, 'wsFlv', socket, target, visit, (onGone) => ws.once('close', onGone))) viewer.end();
        });
      },
    });
  }

  /**
   * Java's client and curl may ask for h2c: who does not speak it answers as if that were not said. [RFC 9110 §7.8]
   * node:http has let go of the connection, and of a body that it has not read: it gets it again, without the wish.
   */
  #ignoreUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const again = headWithoutUpgrade(request);
    if (again === undefined) {
      socket.destroy();
      return;
    }
    socket.unshift(Buffer.concat([again, head]));
    this.#listeners.take(socket);
  }

  /** Starts sending. Returns false when nothing is published by that name. */
  #open(
    viewer: FlvSink & Viewer,
    kind: 'httpFlv' | 'wsFlv',
    socket: Socket,
    { app, name, audio, video, startSeconds }: MediaTarget,
    visit: Visit,
    whenGone: (onGone: () => void) => void,
  ): boolean {
    const { streams, logger } = this.#options;
    const address = addressOf(socket);
    let subscription: FlvSubscription | undefined;
    const leave = (): void => {
      if (!this.#viewers.delete(viewer)) return;
      subscription?.close();
      visit.end();
      logger.debug({ kind, stream: `${app}/${name}`, address }, 'viewer left');
    };
    const sink: FlvSink = {
      get pendingBytes() {
        return viewer.pendingBytes;
      },
      write: (bytes) => viewer.write(bytes),
      end: () => {
        viewer.end();
        // It may linger until it has taken what is pending; it is no viewer of the stream any more.
        leave();
      },
    };
    this.#viewers.add(viewer);
    const { chunked } = viewer;
    subscription = streams.openFlv(app, name, sink, { kind, chunked, address, audio, video, startSeconds });
    if (subscription === undefined) {
      this.#viewers.delete(viewer);
      visit.end();
      return false;
    }
    logger.debug({ kind, stream: `${app}/${name}`, address }, 'viewer joined');
    whenGone(leave);
    return true;
  }
}
