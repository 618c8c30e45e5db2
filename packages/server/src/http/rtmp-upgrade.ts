import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../config/index.js';
import type { WebSocketPeer } from '../listen/index.js';
import { answerUpgrade } from './plain-answer.js';

/** Serves RTMP on a WebSocket, or closes it. */
export type AcceptRtmp = (socket: WebSocket, peer: WebSocketPeer) => void;

const pathPattern = /^(?:https?:\/\/[^/?]*)?\/rtmp\/?(?:\?|$)/;

/** RTMP over WebSocket, at `/rtmp`. */
export class RtmpUpgrade {
  readonly #webSockets: WebSocketServer;
  readonly #origins: Config['http']['rtmpOrigins'];
  readonly #accept: AcceptRtmp;

  constructor({ http, limits }: Pick<Config, 'http' | 'limits'>, accept: AcceptRtmp) {
    this.#origins = http.rtmpOrigins;
    this.#accept = accept;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      // As much as may wait unfinished in the chunk stream.
      maxPayload: limits.partialBytes,
      handleProtocols: (offered) => (offered.has('rtmp') ? 'rtmp' : false),
    });
  }

  /** Whether a request's target is the place for RTMP. The app and the stream are named by RTMP's own commands. */
  static isTarget(target: string): boolean {
    return pathPattern.test(target);
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (!this.#allows(request.headers.origin)) {
      answerUpgrade(socket, { status: 403, error: 'forbidden', message: 'Pages of this origin may not connect.' });
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const address = (socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '');
      this.#accept(webSocket, { address, tls: 'encrypted' in socket });
    });
  }

  /** Only browsers send an origin, and only they cannot lie about it. */
  #allows(origin: string | undefined): boolean {
    return origin === undefined || this.#origins.includes('*') || this.#origins.includes(origin.toLowerCase());
  }
}
