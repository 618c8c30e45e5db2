/** Something to be sent about a client. */
interface Entry {
  readonly clientId: string;
  readonly send: () => Promise<void>;
}

export interface WebhookOutboxOptions {
  /** Of different clients, at a time. */
  readonly maxRunning: number;
  readonly maxWaiting: number;
  /** Called for each entry that is given up because more than `maxWaiting` wait. */
  readonly dropped: () => void;
}

/**
 * What is to be sent and waits for no answer. What is about one client is sent in the order in which it happened, each
 * when the one before it has come to an end; what is about different clients goes in any order.
 */
export class WebhookOutbox {
  readonly #options: WebhookOutboxOptions;
  /** The oldest first. */
  readonly #waiting = new Set<Entry>();
  readonly #busyClients = new Set<string>();
  #whenEmpty: (() => void)[] = [];

  constructor(options: WebhookOutboxOptions) {
    this.#options = options;
  }

  /** `send` never rejects. */
  add(clientId: string, send: () => Promise<void>): void {
    this.#waiting.add({ clientId, send });
    this.#start();
    if (this.#waiting.size <= this.#options.maxWaiting) return;
    const [oldest] = this.#waiting;
    if (oldest !== undefined) this.#waiting.delete(oldest);
    this.#options.dropped();
  }

  /** Resolves when nothing waits and nothing is being sent. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenEmpty.push(resolve);
      this.#tellEmpty();
    });
  }

  /** Gives up what waits, and returns how many that were. */
  clear(): number {
    const count = this.#waiting.size;
    this.#waiting.clear();
    return count;
  }

  #start(): void {
    for (const entry of this.#waiting) {
      if (this.#busyClients.size >= this.#options.maxRunning) return;
      if (this.#busyClients.has(entry.clientId)) continue;
      this.#waiting.delete(entry);
      this.#busyClients.add(entry.clientId);
      void entry.send().then(() => {
        this.#busyClients.delete(entry.clientId);
        this.#start();
        this.#tellEmpty();
      });
    }
  }

  #tellEmpty(): void {
    if (this.#waiting.size > 0 || this.#busyClients.size > 0) return;
    for (const resolve of this.#whenEmpty) resolve();
    this.#whenEmpty = [];
  }
}
