/** A connection that requests come over. */
export interface TunnelCarrier {
  readonly destroyed: boolean;
}

/** How long a tunnel outlives the last connection that it was used over, ms: polls are half a second apart at most. */
const carrierlessMs = 5000;
/** So many connections are kept in mind before it is looked which are gone. */
const maxCarriers = 8;

/** Whether a tunnel is used: when a request last came, and whether those it came over are still there. */
export class TunnelUse {
  readonly #carriers = new Set<TunnelCarrier>();
  #requestedMs: number;
  /** When there was a connection last. */
  #carriedMs: number;

  constructor(nowMs: number) {
    this.#requestedMs = nowMs;
    this.#carriedMs = nowMs;
  }

  /** A request begins, or goes on, over `carrier`. */
  touch(carrier: TunnelCarrier, nowMs: number): void {
    this.#requestedMs = nowMs;
    // Those who connect for each request are never met when it is looked who is there.
    this.#carriedMs = nowMs;
    this.#carriers.add(carrier);
    if (this.#carriers.size > maxCarriers) this.#forgetGone();
  }

  /** Why it is to end; `undefined`: it is used. */
  check(nowMs: number, idleTimeoutMs: number): string | undefined {
    this.#forgetGone();
    if (this.#carriers.size > 0) this.#carriedMs = nowMs;
    if (nowMs - this.#requestedMs > idleTimeoutMs) return 'no request came for longer than limits.idleTimeoutMs';
    if (nowMs - this.#carriedMs > Math.min(carrierlessMs, idleTimeoutMs)) return 'its connections are gone';
    return undefined;
  }

  clear(): void {
    this.#carriers.clear();
  }

  #forgetGone(): void {
    for (const carrier of this.#carriers) if (carrier.destroyed) this.#carriers.delete(carrier);
  }
}
