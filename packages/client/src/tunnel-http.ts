import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { tunnelContentType } from '@millrace/protocol';
import type { TlsOptions } from './byte-connection.js';
import { tlsOptions } from './open-tcp.js';
import type { RtmpUrl } from './rtmp-url.js';

/** Servers cut what they have to say at 1 MiB or less; one that never ends its answer would stop what we send for ever. */
const maxAnswerBytes = 64 * 1024 * 1024;

export interface TunnelAnswer {
  /** Pieces of the body as they come. */
  onBytes(bytes: Uint8Array): void;
  /** Once. `undefined`: the answer was 200, and complete. */
  onEnd(error: Error | undefined): void;
}

export interface TunnelHttpOptions {
  readonly tls?: TlsOptions | undefined;
  /** Milliseconds without a byte of an answer. */
  readonly silenceTimeoutMs?: number;
}

/** The requests of one tunnel: one at a time, on one connection that is kept. */
export class TunnelHttp {
  readonly #url: RtmpUrl;
  readonly #isTls: boolean;
  readonly #agent: Agent;
  readonly #silenceTimeoutMs: number;
  #request: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #reading = true;
  #closed = false;

  constructor(url: RtmpUrl, { tls, silenceTimeoutMs = 30_000 }: TunnelHttpOptions = {}) {
    this.#url = url;
    this.#isTls = url.scheme === 'rtmpts';
    const keep = { keepAlive: true, maxSockets: 1, noDelay: true };
    this.#agent = this.#isTls ? new HttpsAgent({ ...keep, ...tlsOptions(tls) }) : new Agent(keep);
    this.#silenceTimeoutMs = silenceTimeoutMs;
  }

  /** To be called when nothing else is under way. Keeps the body until it is sent. */
  post(path: string, body: Uint8Array, answer: TunnelAnswer): void {
    this.#send(path, body, answer, true);
  }

  /** `false`: the rest of an answer that has begun stays with the system. */
  setReading(reading: boolean): void {
    this.#reading = reading;
    if (!reading) this.#response?.pause();
    else {
      this.#request?.setTimeout(this.#silenceTimeoutMs);
      this.#response?.resume();
    }
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#closed = true;
    this.#request?.destroy();
    this.#agent.destroy();
  }

  #send(path: string, body: Uint8Array, answer: TunnelAnswer, mayRepeat: boolean): void {
    const { host, port } = this.#url;
    const headers = {
      'Content-Type': tunnelContentType,
      'Content-Length': body.length,
      'Cache-Control': 'no-cache',
      'User-Agent': 'Shockwave Flash',
    };
    const options = { agent: this.#agent, host, port, path, method: 'POST', headers };
    const request = this.#isTls ? httpsRequest(options) : httpRequest(options);
    this.#request = request;
    this.#response = undefined;
    let isOver = false;
    const end = (error: Error | undefined): void => {
      if (isOver) return;
      isOver = true;
      if (error !== undefined) request.destroy();
      answer.onEnd(error);
    };
    request.on('response', (response) => this.#receive(response, answer, end));
    request.on('error', (error) => {
      // The server had closed a connection that was not in use. Requests have numbers: it takes none of them twice.
      if (mayRepeat && !isOver && !this.#closed && request.reusedSocket && this.#response === undefined) {
        isOver = true;
        this.#send(path, body, answer, false);
      } else {
        end(error);
      }
    });
    request.on('close', () => end(new Error('the connection was closed in the middle of an answer')));
    request.setTimeout(this.#silenceTimeoutMs, () => {
      if (this.#reading) end(new Error(`no answer in ${this.#silenceTimeoutMs} ms`));
    });
    request.end(body);
  }

  #receive(response: IncomingMessage, answer: TunnelAnswer, end: (error: Error | undefined) => void): void {
    this.#response = response;
    // Its errors are the request's, whose `close` follows.
    response.on('error', () => undefined);
    const { statusCode, headers } = response;
    if (statusCode !== 200) {
      end(new Error(`the server answered with status ${statusCode}`));
      return;
    }
    if (/^text\//i.test(headers['content-type'] ?? '')) {
      end(new Error(`the server answered with ${headers['content-type']}: it speaks no RTMPT`));
      return;
    }
    let length = 0;
    response.on('data', (bytes: Uint8Array) => {
      length += bytes.length;
      if (length > maxAnswerBytes) end(new Error(`an answer is longer than ${maxAnswerBytes} bytes`));
      else answer.onBytes(bytes);
    });
    response.on('end', () => end(undefined));
    if (!this.#reading) response.pause();
  }
}
