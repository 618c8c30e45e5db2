/** What a check has found out. Each is 0 where it did not come that far. */
export interface BandwidthFigures {
  /** Kilobits of 1000 bits that the client receives in a second. */
  readonly kbitDown: number;
  /** The kilobits that were measured. */
  readonly deltaDown: number;
  /** The seconds that they took, without the latency. */
  readonly deltaTime: number;
  /** Milliseconds there and back for a call that carries nothing. */
  readonly latency: number;
}

/**
 * What the calls of one check carry, bytes: 100 KiB in all. Nothing at first, for the latency. Flash Media Server's script
 * sent 16 KB up to three times; today's lines have that through before it can be timed. Each is short enough for AMF0's
 * ordinary strings.
 */
const payloadSizes: readonly number[] = [0, 8_192, 32_768, 61_440];
/** A payload that takes less, beyond the latency, is followed by more; a slow line is measured well enough by then. */
const fastMs = 1_000;
/** A client that does not know the calls never answers. */
const timeLimitMs = 10_000;
/** Clocks do not tell shorter times apart well. */
const minTransferMs = 1;

/**
 * One measurement of what the way to a client carries: calls that grow, one after another, and how long each answer takes.
 * Knows no clock and no messages: the times are handed in, and somebody else sends.
 */
export class BandwidthCheck {
  readonly deadlineMs: number;
  #step = 0;
  #sentMs: number;
  #latencyMs = 0;
  #measuredBytes = 0;
  #transferMs = 0;

  /** The first call, with `payloadBytes`, is sent now. */
  constructor(nowMs: number) {
    this.#sentMs = nowMs;
    this.deadlineMs = nowMs + timeLimitMs;
  }

  /** What the call that is sent now is to carry. */
  get payloadBytes(): number {
    return payloadSizes[this.#step] ?? 0;
  }

  get figures(): BandwidthFigures {
    const kilobits = (this.#measuredBytes * 8) / 1000;
    const seconds = this.#transferMs / 1000;
    return {
      kbitDown: seconds === 0 ? 0 : Math.round(kilobits / seconds),
      deltaDown: kilobits,
      deltaTime: seconds,
      latency: Math.round(this.#latencyMs),
    };
  }

  /** The client has answered. `true`: the next call, with `payloadBytes`, is sent now; `false`: the check is over. */
  answered(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#sentMs;
    if (this.#step === 0) this.#latencyMs = elapsedMs;
    else {
      // The last is the largest, on a connection that has got up to speed: it alone counts.
      this.#measuredBytes = this.payloadBytes;
      this.#transferMs = Math.max(elapsedMs - this.#latencyMs, minTransferMs);
    }
    const isLast = this.#step === payloadSizes.length - 1;
    if (isLast || this.#transferMs >= fastMs || nowMs >= this.deadlineMs) return false;
    this.#step += 1;
    this.#sentMs = nowMs;
    return true;
  }
}
