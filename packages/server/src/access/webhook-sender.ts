import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Logger } from '../log/index.js';
import { version } from '../version.js';
import type { AnyWebhookEvent } from './webhook-body.js';
import { signWebhook, webhookSignatureHeader } from './webhook-signature.js';

export interface Webhook {
  readonly event: AnyWebhookEvent;
  readonly url: URL;
  /** The same in every attempt. */
  readonly body: string;
}

export interface WebhookAnswer {
  /** Never 429, never 500 or above: those are failures. */
  readonly status: number;
  /** The header; `''` where there is none. */
  readonly location: string;
  /** `''` where it breaks off, is late, or is longer than 64 KiB. */
  readonly body: string;
}

export interface WebhookSenderOptions {
  /** `''`: no signature. */
  readonly secret: string;
  /** For each attempt, ms. */
  readonly timeoutMs: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** Before the first retry, ms; twice as long before each further one, and 5 s at most. */
  readonly retryDelayMs: number;
}

const maxRetryDelayMs = 5000;
/** Room for a reason, and for the page that a web server makes of a refusal. */
const maxAnswerBytes = 64 * 1024;

/** An attempt came to nothing that counts; the message says what, without the URL. */
class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure';
}

/** Sends webhooks over connections of its own, which are kept for the next. */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #log: Logger;
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });
  /** Of everything that is being waited for. */
  readonly #aborts = new Set<AbortController>();
  #isClosed = false;

  constructor(options: WebhookSenderOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
  }

  /** Never rejects. `undefined`: all attempts have failed, and the log says so. */
  async send(webhook: Webhook): Promise<WebhookAnswer | undefined> {
    const { retries, retryDelayMs } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#attempt(webhook);
      } catch (error) {
        if (attempt === retries || this.#isClosed) {
          const problem = error instanceof Error ? error.message : String(error);
          this.#log.warn({ ...loggedWebhook(webhook), problem, attempts: attempt + 1 }, 'a webhook failed');
          return undefined;
        }
      }
      await this.#pause(Math.min(retryDelayMs * 2 ** attempt, maxRetryDelayMs));
    }
  }

  /** What is under way fails, and nothing is sent any more. */
  close(): void {
    this.#isClosed = true;
    for (const abort of this.#aborts) abort.abort();
    this.#http.destroy();
    this.#https.destroy();
  }

  async #attempt(webhook: Webhook): Promise<WebhookAnswer> {
    const { timeoutMs } = this.#options;
    if (this.#isClosed) throw new AttemptFailure('the server stops');
    return await this.#within(timeoutMs, async (signal) => {
      let response: IncomingMessage;
      try {
        response = await this.#post(webhook, signal);
      } catch (error) {
        if (this.#isClosed) throw new AttemptFailure('the server stops');
        if (signal.aborted) throw new AttemptFailure(`no answer within ${timeoutMs} ms`);
        throw error;
      }
      const body = await readBody(response);
      const status = response.statusCode ?? 0;
      if (status === 429 || status >= 500) throw new AttemptFailure(`status ${status}`);
      return { status, location: response.headers.location ?? '', body };
    });
  }

  async #post({ url, body }: Webhook, signal: AbortSignal): Promise<IncomingMessage> {
    const headers: Record<string, string | number> = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      accept: 'application/json',
      'user-agent': `millrace/${version}`,
    };
    const { secret } = this.#options;
    if (secret !== '') headers[webhookSignatureHeader] = signWebhook(secret, Math.floor(Date.now() / 1000), body);
    const options = { method: 'POST', headers, signal };
    const agent = url.protocol === 'https:' ? this.#https : this.#http;
    const outcome = await post(url, { ...options, agent }, body);
    // The receiver had just let go of the connection that was kept: no fault of anybody, and no attempt.
    return outcome === 'stale' ? await newConnection(url, options, body) : outcome;
  }

  async #pause(delayMs: number): Promise<void> {
    if (!this.#isClosed) await this.#within(delayMs, (signal) => once(signal, 'abort'));
  }

  /** `signal` is aborted after `timeoutMs`, or when the sender is closed. */
  async #within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    this.#aborts.add(abort);
    try {
      return await work(abort.signal);
    } finally {
      clearTimeout(timer);
      this.#aborts.delete(abort);
    }
  }
}

/** A webhook as logs show it: paths are known to the operator, queries and passwords are secrets. */
export function loggedWebhook({ event, url }: Webhook): { readonly event: AnyWebhookEvent; readonly url: string } {
  return { event, url: `${url.origin}${url.pathname}` };
}

async function newConnection(url: URL, options: RequestOptions, body: string): Promise<IncomingMessage> {
  const outcome = await post(url, { ...options, agent: false }, body);
  if (outcome === 'stale') throw new AttemptFailure('the connection was closed');
  return outcome;
}

/** `stale`: sent over a connection that had been used before, and was closed before an answer. Follows no redirects. */
function post(url: URL, options: RequestOptions, body: string): Promise<IncomingMessage | 'stale'> {
  return new Promise((resolve, reject) => {
    // User and password of the URL become `authorization`.
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
    request.on('response', resolve);
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) resolve('stale');
      else reject(error);
    });
    // An answer that switches to another protocol (101) is neither a response nor an error.
    request.on('close', () => reject(new AttemptFailure('closed without an answer')));
    request.end(body);
  });
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += chunk.length;
      // Leaving the loop ends the response.
      if (bytes > maxAnswerBytes) return '';
      chunks.push(chunk);
    }
  } catch {
    return '';
  }
  return Buffer.concat(chunks).toString('utf8');
}
