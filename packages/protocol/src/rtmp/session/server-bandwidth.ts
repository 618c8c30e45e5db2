import { BandwidthCheck } from './bandwidth-check.js';
import type { ServerCalls } from './server-calls.js';
import type { SessionOutput } from './session-output.js';

/**
 * What a client asks by, and what it is then called: the documented API of Flash Media Server's main.asc, and what that
 * server does by itself. librtmp 2.4 sends _checkbw after onBWDone, answers _onbwcheck and is done by _onbwdone; ffmpeg
 * sends it and ignores both.
 */
const dialects = {
  checkBandwidth: { check: 'onBWCheck', done: 'onBWDone' },
  _checkbw: { check: '_onbwcheck', done: '_onbwdone' },
} as const;

export type BandwidthDialect = keyof typeof dialects;

export interface ServerBandwidthOptions {
  readonly output: SessionOutput;
  readonly calls: ServerCalls;
  readonly maxQueuedBytes: number;
  /** When the bytes came that are looked at, ms. */
  readonly now: () => number;
}

/** Measures the way to a client that asks for it, one check at a time. Costs nothing where none runs. */
export class ServerBandwidth {
  readonly #options: ServerBandwidthOptions;
  /** Who is told the end of the check that runs. */
  readonly #asked = new Set<BandwidthDialect>();
  #check: BandwidthCheck | undefined;
  #callName = '';
  #transactionId = 0;

  constructor(options: ServerBandwidthOptions) {
    this.#options = options;
  }

  /** When the check that runs is over, whatever has been answered. */
  get deadlineMs(): number | undefined {
    return this.#check?.deadlineMs;
  }

  /** The client asks. Where a check runs already, it is told what comes of that. */
  ask(dialect: BandwidthDialect): void {
    this.#asked.add(dialect);
    if (this.#check !== undefined) return;
    this.#check = new BandwidthCheck(this.#options.now());
    this.#callName = dialects[dialect].check;
    this.#send(this.#check);
  }

  /** The client has answered a call of the server. `false`: it is none of a check. */
  takeAnswer(transactionId: number, ok: boolean): boolean {
    const check = this.#check;
    if (check === undefined || transactionId !== this.#transactionId) return false;
    // Who refuses has no such method, and is sent nothing more; how long that took is known all the same.
    if (check.answered(this.#options.now()) && ok) this.#send(check);
    else this.#finish(check);
    return true;
  }

  /** Ends what takes too long. */
  checkDeadline(nowMs: number): void {
    const check = this.#check;
    if (check === undefined || nowMs < check.deadlineMs) return;
    this.#options.calls.take(this.#transactionId);
    this.#finish(check);
  }

  #send(check: BandwidthCheck): void {
    const { output, calls, maxQueuedBytes } = this.#options;
    // A client that takes nothing must not be ended by what it did not ask for in this size.
    if (calls.full || output.length + check.payloadBytes > maxQueuedBytes / 2) this.#finish(check);
    else this.#transactionId = calls.call(this.#callName, [payload(check.payloadBytes)]);
  }

  #finish(check: BandwidthCheck): void {
    const { kbitDown, deltaDown, deltaTime, latency } = check.figures;
    this.#check = undefined;
    this.#transactionId = 0;
    for (const dialect of this.#asked) {
      this.#options.output.command(0, dialects[dialect].done, 0, [kbitDown, deltaDown, deltaTime, latency]);
    }
    this.#asked.clear();
  }
}

let letters = '';

/** Text of so many bytes, of which a line that compresses makes little. Made once for all connections. */
function payload(byteCount: number): string {
  let seed = 1;
  while (letters.length < byteCount) {
    let more = '';
    for (let i = 0; i < 1024; i += 1) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223 + letters.length) >>> 0;
      more += String.fromCharCode(0x40 + (seed >>> 26));
    }
    letters += more;
  }
  return letters.slice(0, byteCount);
}
