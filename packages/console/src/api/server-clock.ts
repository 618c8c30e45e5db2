const requestTimeoutMs = 5000;
// Clocks of computers drift by milliseconds in this time.
const intervalMs = 60_000;

/** The server's clock, as good as half the time that a request takes. */
export class ServerClock {
  readonly #url: URL;
  #offsetMs: number | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  /** `baseUrl`: the address of the page. */
  constructor(baseUrl: URL) {
    this.#url = new URL('clock', baseUrl);
  }

  /** UTC ms; `undefined`: the server has not said yet. */
  get nowMs(): number | undefined {
    return this.#offsetMs === undefined ? undefined : Date.now() + this.#offsetMs;
  }

  /** To be called now and then while the clock is wanted: asks the server when the last answer is old. */
  async refresh(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#askedAtMs < intervalMs) return;
    this.#askedAtMs = nowMs;
    try {
      const { fetchClockOffset } = await import('@millrace/client');
      this.#offsetMs = await fetchClockOffset(this.#url, { signal: AbortSignal.timeout(requestTimeoutMs) });
    } catch {
      // The poller says that the server does not answer. An old answer is better than none.
    }
  }
}
