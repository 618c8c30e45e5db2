import { randomUUID } from 'node:crypto';
import type { Config } from '../config/index.js';
import { type Logger, RefusalReport } from '../log/index.js';
import type { ClientInfo } from './client-info.js';
import { type AccessAction, denial } from './denial.js';
import type { Guard, RequestedPublication, RequestedStream, Verdict } from './guard.js';
import { TaskLimit } from './task-limit.js';
import {
  recordWebhookBody,
  type WebhookEvent,
  type WebhookRecording,
  type WebhookStream,
  webhookBody,
} from './webhook-body.js';
import { WebhookOutbox } from './webhook-outbox.js';
import { loggedWebhook, type Webhook, WebhookSender } from './webhook-sender.js';
import { webhookVerdict } from './webhook-verdict.js';

/** Requests of clients that are asked about at a time. */
const maxDecisions = 64;
/** Events that are sent at a time, beside those: no number of them delays a client that waits for an answer. */
const maxNotices = 16;
/** A client can make its address and names as long as a message; nobody's receiver is to read megabytes of that. */
const maxBodyBytes = 64 * 1024;

export interface WebhookGuardOptions {
  readonly config: Config['webhooks'];
  readonly log: Logger;
  /** A monotonic clock, ms. */
  readonly now: () => number;
  /** Default 250. */
  readonly retryDelayMs?: number;
}

interface GrantedStream {
  readonly id: string;
  readonly sinceMs: number;
}

type EndAction = 'publish' | 'play';

const askEvents = { connect: 'on_connect', publish: 'on_publish', play: 'on_play' } as const;
const endEvents = { publish: 'on_unpublish', play: 'on_stop' } as const;

/** Asks the operator's program over HTTP who may connect, publish and play, and tells it when that ends. */
export class WebhookGuard implements Guard {
  readonly #urls: Readonly<Record<WebhookEvent | 'on_record_done', URL | undefined>>;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #sender: WebhookSender;
  readonly #decisions: TaskLimit;
  readonly #outbox: WebhookOutbox;
  readonly #granted = new WeakMap<RequestedStream, GrantedStream>();
  readonly #refusals: RefusalReport;
  readonly #drops: RefusalReport;
  #isClosed = false;

  constructor({ config, log, now, retryDelayMs = 250 }: WebhookGuardOptions) {
    const { secret, timeoutMs, retries, maxPending } = config;
    this.#urls = webhookUrls(config);
    this.#log = log;
    this.#now = now;
    this.#sender = new WebhookSender({ secret, timeoutMs, retries, retryDelayMs }, log);
    this.#decisions = new TaskLimit(maxDecisions, maxPending);
    this.#refusals = new RefusalReport(log, 'clients are refused: webhooks.maxPending is reached', now);
    this.#drops = new RefusalReport(log, 'webhooks are dropped: webhooks.maxPending is reached', now);
    this.#outbox = new WebhookOutbox({
      maxRunning: maxNotices,
      maxWaiting: maxPending,
      dropped: () => this.#drops.count(),
    });
  }

  connect(client: ClientInfo): Verdict | Promise<Verdict> {
    return this.#ask('connect', client);
  }

  publish(client: ClientInfo, stream: RequestedPublication): Verdict | Promise<Verdict> {
    return this.#askStream('publish', client, stream);
  }

  play(client: ClientInfo, stream: RequestedStream): Verdict | Promise<Verdict> {
    return this.#askStream('play', client, stream);
  }

  ended(client: ClientInfo, action: EndAction, stream: RequestedStream): void {
    const granted = this.#granted.get(stream);
    if (granted === undefined) return;
    this.#granted.delete(stream);
    const durationMs = Math.round(this.#now() - granted.sinceMs);
    this.#tell(endEvents[action], client, { id: granted.id, requested: stream, durationMs });
  }

  /** Tells that a recording is complete. */
  recorded(recording: WebhookRecording): void {
    const event = 'on_record_done' as const;
    const url = this.#urls[event];
    if (url === undefined) return;
    const webhook: Webhook = { event, url, body: recordWebhookBody(Date.now(), recording) };
    this.#outbox.add(`${recording.app}/${recording.name}`, () => this.#notify(webhook));
  }

  /**
   * From here on clients are refused. Resolves when all events are sent, or, after `graceMs`, given up. To be called when
   * every client has gone, so that the ends of their streams are among the events.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    const late = setTimeout(() => {
      const unsent = this.#outbox.clear();
      if (unsent > 0) this.#log.warn({ unsent }, 'webhooks are not sent: the server stops');
      this.#sender.close();
    }, graceMs);
    await this.#outbox.empty();
    clearTimeout(late);
    this.#sender.close();
  }

  #askStream(action: EndAction, client: ClientInfo, requested: RequestedStream): Verdict | Promise<Verdict> {
    const id = randomUUID();
    const take = (verdict: Verdict): Verdict => {
      if (verdict === undefined) this.#granted.set(requested, { id, sinceMs: this.#now() });
      return verdict;
    };
    const verdict = this.#ask(action, client, { id, requested });
    return verdict instanceof Promise ? verdict.then(take) : take(verdict);
  }

  #ask(action: AccessAction, client: ClientInfo, stream?: WebhookStream): Verdict | Promise<Verdict> {
    const event = askEvents[action];
    const url = this.#urls[event];
    if (url === undefined) return undefined;
    const body = webhookBody(event, Date.now(), client, stream);
    if (isTooLong(body)) return denial(action, 'forbidden', 'The request is too long.');
    const verdict = this.#decisions.run(() => this.#decide(action, client, { event, url, body }));
    if (verdict !== undefined) return verdict;
    this.#refusals.count();
    return denial(action, 'forbidden', 'The server is busy.');
  }

  async #decide(action: AccessAction, client: ClientInfo, webhook: Webhook): Promise<Verdict> {
    if (this.#isClosed) return denial(action, 'forbidden', 'The server is stopping.');
    const answer = await this.#sender.send(webhook);
    // Nobody knows that it is allowed, so it is not.
    if (answer === undefined) return denial(action, 'forbidden', 'This cannot be decided at the moment.');
    const verdict = webhookVerdict(action, client, answer);
    if (verdict !== undefined) {
      this.#log.debug({ ...loggedWebhook(webhook), status: answer.status, client: client.id }, 'refused by a webhook');
    }
    return verdict;
  }

  #tell(event: WebhookEvent, client: ClientInfo, stream: WebhookStream): void {
    const url = this.#urls[event];
    if (url === undefined) return;
    const webhook = { event, url, body: webhookBody(event, Date.now(), client, stream) };
    if (isTooLong(webhook.body)) {
      this.#log.warn({ ...loggedWebhook(webhook), client: client.id }, 'a webhook is too long, and not sent');
      return;
    }
    this.#outbox.add(client.id, () => this.#notify(webhook));
  }

  async #notify(webhook: Webhook): Promise<void> {
    const answer = await this.#sender.send(webhook);
    if (answer === undefined || (answer.status >= 200 && answer.status < 300)) return;
    this.#log.warn({ ...loggedWebhook(webhook), status: answer.status }, 'a webhook was not accepted');
  }
}

/** Whether any webhook is sent at all. */
export function hasWebhooks(config: Config['webhooks']): boolean {
  return Object.values(webhookUrls(config)).some((url) => url !== undefined);
}

function webhookUrls(config: Config['webhooks']): Record<WebhookEvent | 'on_record_done', URL | undefined> {
  const urlOf = (own: URL | 'off' | undefined): URL | undefined => (own === 'off' ? undefined : (own ?? config.url));
  return {
    on_connect: urlOf(config.onConnect),
    on_publish: urlOf(config.onPublish),
    on_unpublish: urlOf(config.onUnpublish),
    on_play: urlOf(config.onPlay),
    on_stop: urlOf(config.onStop),
    on_record_done: urlOf(config.onRecordDone),
  };
}

function isTooLong(body: string): boolean {
  return Buffer.byteLength(body) > maxBodyBytes;
}
