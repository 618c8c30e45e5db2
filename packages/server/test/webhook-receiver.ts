import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';

export interface ReceivedWebhook {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body. */
  readonly body: {
    readonly event: string;
    readonly id: string;
    readonly time: number;
    readonly server: Record<string, unknown>;
    readonly client: Record<string, unknown>;
    readonly stream: Record<string, unknown>;
    readonly durationMs?: number;
  };
}

type Answer = (response: ServerResponse, webhook: ReceivedWebhook, request: IncomingMessage) => void;

/** A program of an operator on a port of 127.0.0.1. */
export class WebhookReceiver {
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  readonly received: ReceivedWebhook[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  /** How each webhook is answered; at first: granted. */
  answer: Answer = (response) => response.writeHead(204).end();

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`;
  }

  get events(): readonly string[] {
    return this.received.map(({ body }) => body.event);
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Answers each webhook with the next of `answers`, and those after with the last. */
  answerInTurn(...answers: Answer[]): void {
    let turn = 0;
    this.answer = (...args) => {
      answers[Math.min(turn, answers.length - 1)]?.(...args);
      turn += 1;
    };
  }

  /** The webhooks, when there have been at least `count`. */
  async next(count: number): Promise<readonly ReceivedWebhook[]> {
    if (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting.push({ count, resolve });
      });
    }
    return this.received;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { method = '', url: target = '', headers } = request;
    const webhook = { method, target, headers, text, body: JSON.parse(text) };
    this.received.push(webhook);
    this.answer(response, webhook, request);
    for (const { count, resolve } of this.#waiting) if (this.received.length >= count) resolve();
  }
}
