/** Whose requests hold bytes. */
export interface RoomHolder {
  /** It ends, and nothing of it holds any. */
  evict(reason: string): void;
}

export interface BodyRoomLimits {
  /** Of one holder. */
  readonly maxBytes: number;
  readonly maxBytesTogether: number;
}

/**
 * Bodies of requests that have come or are coming and cannot be used yet. Anybody may open tunnels and begin bodies, so
 * what all of them hold is limited too: whoever holds the most has to go then, and not whoever comes next.
 */
export class BodyRoom {
  readonly #limits: BodyRoomLimits;
  readonly #held = new Map<RoomHolder, number>();
  #heldTogether = 0;

  constructor(limits: BodyRoomLimits) {
    this.#limits = limits;
  }

  /** May evict any holder, this one too. */
  take(holder: RoomHolder, byteCount: number): void {
    const held = (this.#held.get(holder) ?? 0) + byteCount;
    this.#held.set(holder, held);
    this.#heldTogether += byteCount;
    const { maxBytes, maxBytesTogether } = this.#limits;
    if (held > maxBytes) this.#evict(holder, 'its requests hold more bytes than limits.partialBytes allows');
    while (this.#heldTogether > maxBytesTogether) {
      this.#evict(this.#largest(holder), 'the requests of all tunnels hold too many bytes, and its own the most');
    }
  }

  give(holder: RoomHolder, byteCount: number): void {
    const held = this.#held.get(holder);
    if (held === undefined) return;
    this.#heldTogether -= byteCount;
    if (held > byteCount) this.#held.set(holder, held - byteCount);
    else this.#held.delete(holder);
  }

  /** It is gone, and what it may give back later counts no more. */
  giveAll(holder: RoomHolder): void {
    this.give(holder, this.#held.get(holder) ?? 0);
  }

  #evict(holder: RoomHolder, reason: string): void {
    this.giveAll(holder);
    holder.evict(reason);
  }

  #largest(first: RoomHolder): RoomHolder {
    let largest = first;
    let most = 0;
    for (const [holder, held] of this.#held) {
      if (held <= most) continue;
      largest = holder;
      most = held;
    }
    return largest;
  }
}
