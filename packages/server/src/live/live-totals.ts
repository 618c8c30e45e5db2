import type { Broadcast } from './broadcast.js';

/** What all publications together came to since the server started. None of it ever gets less. */
export interface LiveSums {
  readonly publications: number;
  /** Payload bytes from publishers; bytes given to players. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Times a player that lagged was moved to a key frame, and the messages they missed. */
  readonly jumps: number;
  readonly skippedMessages: number;
}

const nothing: LiveSums = { publications: 0, bytesIn: 0, bytesOut: 0, jumps: 0, skippedMessages: 0 };

/** Adds up publications, so that nothing has to be counted twice where media passes. */
export class LiveTotals {
  readonly #current = new Set<Broadcast>();
  /** Over, but for what players are still to be sent. */
  readonly #draining = new Set<Broadcast>();
  #past = nothing;

  began(broadcast: Broadcast): void {
    this.#current.add(broadcast);
  }

  ended(broadcast: Broadcast): void {
    if (!this.#current.delete(broadcast)) return;
    this.#draining.add(broadcast);
    for (const each of this.#draining) {
      if (each.hasPlayers) continue;
      this.#draining.delete(each);
      this.#past = plus(this.#past, each);
    }
  }

  sums(): LiveSums {
    return [...this.#draining, ...this.#current].reduce(plus, this.#past);
  }
}

function plus(sums: LiveSums, { facts }: Broadcast): LiveSums {
  return {
    publications: sums.publications + 1,
    bytesIn: sums.bytesIn + facts.bytesIn,
    bytesOut: sums.bytesOut + facts.bytesOut,
    jumps: sums.jumps + facts.jumps,
    skippedMessages: sums.skippedMessages + facts.skippedMessages,
  };
}
