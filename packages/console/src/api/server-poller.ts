import type { ServerInfo, StreamInfo } from 'millrace/api';
import { backoffMs } from './backoff.js';
import { readServer, readStreams } from './read-answer.js';

const pollIntervalMs = 1000;
// Version, port and start time change only when the server restarts: then a poll has failed in between.
const serverIntervalMs = 30_000;
const requestTimeoutMs = 5000;

export type PollReport =
  | { type: 'streams'; streams: readonly StreamInfo[] }
  | { type: 'server'; server: ServerInfo }
  | { type: 'failed'; reason: string }
  | { type: 'resting' };

/** Asks the server for its streams each second while the page is visible, more rarely while it does not answer. */
export class ServerPoller {
  readonly #baseUrl: URL;
  readonly #report: (report: PollReport) => void;
  #timer: number | undefined;
  #running = false;
  #failures = 0;
  #serverAskedAt = Number.NEGATIVE_INFINITY;

  /** `baseUrl`: the address of the page; the API is found relative to it. */
  constructor(baseUrl: URL, report: (report: PollReport) => void) {
    this.#baseUrl = baseUrl;
    this.#report = report;
  }

  /** Starts polling. It lasts as long as the page. */
  start(): void {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#rest();
      else this.#pollNow();
    });
    window.addEventListener('online', () => this.#pollNow());
    if (document.hidden) this.#rest();
    else this.#pollNow();
  }

  #rest(): void {
    window.clearTimeout(this.#timer);
    this.#report({ type: 'resting' });
  }

  #pollNow(): void {
    window.clearTimeout(this.#timer);
    if (!this.#running) void this.#poll();
  }

  async #poll(): Promise<void> {
    this.#running = true;
    const startedAt = performance.now();
    try {
      if (startedAt - this.#serverAskedAt > serverIntervalMs) {
        const server = readServer(await this.#ask('api/v1/server'));
        if (server === undefined) throw new Error('The answer is not one of a millrace server.');
        this.#serverAskedAt = startedAt;
        this.#report({ type: 'server', server });
      }
      const streams = readStreams(await this.#ask('api/v1/streams'));
      if (streams === undefined) throw new Error('The answer is not one of a millrace server.');
      this.#failures = 0;
      this.#report({ type: 'streams', streams });
    } catch (error) {
      this.#failures += 1;
      this.#serverAskedAt = Number.NEGATIVE_INFINITY;
      this.#report({ type: 'failed', reason: failureReason(error) });
    } finally {
      this.#running = false;
    }
    if (document.hidden) return;
    // From start to start, so that a slow answer does not slow the rhythm.
    const restMs = Math.max(100, pollIntervalMs - (performance.now() - startedAt));
    const waitMs = this.#failures > 0 ? backoffMs(this.#failures) : restMs;
    this.#timer = window.setTimeout(() => void this.#poll(), waitMs);
  }

  async #ask(path: string): Promise<unknown> {
    const response = await fetch(new URL(path, this.#baseUrl), {
      cache: 'no-store',
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    return response.json();
  }
}

function failureReason(error: unknown): string {
  // What browsers say themselves ("Failed to fetch", "NetworkError when…") helps nobody.
  if (error instanceof TypeError) return 'The server cannot be reached.';
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'The server takes too long to answer.';
  if (error instanceof SyntaxError) return 'The answer is not one of a millrace server.';
  return error instanceof Error ? error.message : String(error);
}
