import { type ClientInfo, type RequestedPublication, WebhookGuard } from '../src/access/index.js';
import { loadConfig } from '../src/config/index.js';
import type { Logger } from '../src/log/index.js';
import { WebhookReceiver } from './webhook-receiver.js';

/** Guards that ask one receiver, what they log, and their clock. */
export class WebhookScene {
  readonly receiver = new WebhookReceiver();
  readonly lines: { level: string; message: string; [field: string]: unknown }[] = [];
  clockMs = 1000;
  readonly #guards: WebhookGuard[] = [];
  readonly #log: Logger = {
    debug: this.#recorder('debug'),
    info: this.#recorder('info'),
    warn: this.#recorder('warn'),
    error: this.#recorder('error'),
    child: () => this.#log,
  };

  /** A guard with these keys of `webhooks`, such as `retries=0`; `url` is the receiver's where they do not say otherwise. */
  guard(...set: readonly string[]): WebhookGuard {
    return this.patientGuard(1, ...set);
  }

  /** Waits for `retryDelayMs` before it tries again. */
  patientGuard(retryDelayMs: number, ...set: readonly string[]): WebhookGuard {
    const keys = [`url=${this.receiver.url}`, ...set];
    const { webhooks } = loadConfig({ set: keys.map((key) => `webhooks.${key}`) });
    const guard = new WebhookGuard({ config: webhooks, log: this.#log, now: () => this.clockMs, retryDelayMs });
    this.#guards.push(guard);
    return guard;
  }

  async close(): Promise<void> {
    await Promise.all(this.#guards.map((guard) => guard.close(0)));
    await this.receiver.close();
  }

  #recorder(level: string) {
    return (fields: object, message: string): void => void this.lines.push({ level, message, ...fields });
  }
}

export function clientWith(members: Partial<ClientInfo> = {}): ClientInfo {
  return {
    id: '7',
    transport: 'rtmp',
    address: '203.0.113.7',
    tls: false,
    app: 'live/room',
    tcUrl: 'rtmp://host/live/room?token=t1',
    query: new URLSearchParams('token=t1'),
    pageUrl: 'http://page/',
    swfUrl: 'http://page/a.swf',
    flashVer: 'FMLE/3.0',
    bearerToken: undefined,
    ...members,
  };
}

export function stream(name = 'studio', query = ''): RequestedPublication {
  return { name, query: new URLSearchParams(query), type: 'live' };
}

export const forbidden = { kind: 'forbidden', code: 'NetStream.Publish.BadName', description: 'Not allowed.' };
export const undecided = { ...forbidden, description: 'This cannot be decided at the moment.' };
