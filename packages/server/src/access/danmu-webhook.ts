import { randomUUID } from 'node:crypto';
import type { Danmu } from '@millrace/protocol';
import type { Config } from '../config/index.js';
import { type Logger, RefusalReport } from '../log/index.js';
import type { ClientInfo } from './client-info.js';
import type { DanmuVerdict, Guard, RequestedStream } from './guard.js';
import { TaskLimit } from './task-limit.js';
import { webhookBody } from './webhook-body.js';
import { WebhookSender } from './webhook-sender.js';
import { reasonOf } from './webhook-verdict.js';

/** Danmu that are asked about at a time. */
const maxDecisions = 64;

export interface DanmuWebhookOptions {
  readonly config: Config['webhooks'] & { readonly onDanmu: URL };
  readonly log: Logger;
  /** A monotonic clock, ms. */
  readonly now: () => number;
}

/** Asks the operator's program over HTTP what becomes of each danmu. */
export class DanmuWebhook implements Guard {
  readonly #url: URL;
  readonly #sender: WebhookSender;
  readonly #decisions: TaskLimit;
  readonly #refusals: RefusalReport;

  constructor({ config, log, now }: DanmuWebhookOptions) {
    const { onDanmu, secret, timeoutMs, maxPending } = config;
    this.#url = onDanmu;
    // Who waits for an answer is a whole room: a second attempt would be too late.
    this.#sender = new WebhookSender({ secret, timeoutMs, retries: 0, retryDelayMs: 0 }, log);
    this.#decisions = new TaskLimit(maxDecisions, maxPending);
    this.#refusals = new RefusalReport(log, 'danmu are refused: webhooks.maxPending is reached', now);
  }

  moderator(client: ClientInfo, stream: RequestedStream): (danmu: Danmu) => DanmuVerdict | Promise<DanmuVerdict> {
    const id = randomUUID();
    return (danmu) => {
      const body = webhookBody('on_danmu', Date.now(), client, { id, requested: stream, danmu });
      const verdict = this.#decisions.run(() => this.#decide(body));
      if (verdict !== undefined) return verdict;
      this.#refusals.count();
      return { refused: 'The server is busy.' };
    };
  }

  /** What is not decided yet is refused. */
  close(): void {
    this.#sender.close();
  }

  async #decide(body: string): Promise<DanmuVerdict> {
    const answer = await this.#sender.send({ event: 'on_danmu', url: this.#url, body });
    if (answer === undefined) return { refused: 'This cannot be decided at the moment.' };
    if (answer.status < 200 || answer.status >= 300) return { refused: reasonOf(answer.body) ?? 'Not allowed.' };
    const content = contentOf(answer.body);
    return content === undefined ? undefined : { content };
  }
}

/** The text of `{"content": "…"}`; `undefined` where there is none. */
function contentOf(body: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer !== 'object' || answer === null || !('content' in answer)) return undefined;
    return typeof answer.content === 'string' ? answer.content : undefined;
  } catch {
    return undefined;
  }
}
