/** What a server asks for, from busy to idle. [SPEC-RTMPT "Polling interval"] */
const steps = [0x01, 0x03, 0x05, 0x09, 0x11, 0x21] as const;
/** So many answers with nothing in them make the next step. */
const answersPerStep = 10;
/** 0x21 stands for about half a second. */
const unitMs = 1000 / 64;

/** The byte that every answer of an open tunnel begins with: how long the client may wait before it asks again. */
export class PollingInterval {
  #emptyAnswers = 0;

  /** For the next answer: 1 … 0x21. `hasTraffic`: there is something in it, or was in the request. */
  next(hasTraffic: boolean): number {
    if (hasTraffic) {
      this.#emptyAnswers = 0;
      return steps[0];
    }
    this.#emptyAnswers = Math.min(this.#emptyAnswers + 1, steps.length * answersPerStep);
    return steps[Math.floor(this.#emptyAnswers / answersPerStep)] ?? steps[steps.length - 1] ?? 0;
  }
}

/** How long the byte asks the client to wait before the next `idle`, ms: 0 … 4000. */
export function pollingDelayMs(interval: number): number {
  return (interval & 0xff) * unitMs;
}
