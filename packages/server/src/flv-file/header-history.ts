import type { LiveMessage } from '../live/index.js';

/** Files have two or three; what claims more is kept so far. */
const maxEntries = 512;
/** As of live streams. */
const maxBytes = 1024 * 1024;

interface Entry {
  readonly position: number;
  readonly keys: readonly string[];
  readonly message: LiveMessage;
}

/** The sequence headers of a file, as far as they are known: which of them count depends on the place. */
export class HeaderHistory {
  /** By position. */
  readonly #entries: Entry[] = [];
  #bytes = 0;

  /** `keys`: what the message is a header for. The payload is copied. Those that say nothing new are not kept. */
  add(position: number, keys: readonly string[], message: LiveMessage): void {
    if (keys.length === 0 || this.#entries.length >= maxEntries) return;
    if (this.#bytes + message.payload.length > maxBytes) return;
    const at = this.#indexOf(position);
    if (this.#entries[at]?.position === position) return;
    if (keys.every((key) => isSame(this.#newestBefore(at, key)?.message.payload, message.payload))) return;
    this.#bytes += message.payload.length;
    const payload = new Uint8Array(message.payload);
    this.#entries.splice(at, 0, { position, keys, message: { ...message, payload } });
  }

  /** Those that count at a place, in the order of the file. */
  before(position: number): LiveMessage[] {
    const newest = new Map<string, Entry>();
    for (const entry of this.#entries.slice(0, this.#indexOf(position))) {
      for (const key of entry.keys) newest.set(key, entry);
    }
    const entries = [...new Set(newest.values())].sort((a, b) => a.position - b.position);
    return entries.map(({ message }) => message);
  }

  /** Of the first entry that is there or later. */
  #indexOf(position: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.position ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #newestBefore(index: number, key: string): Entry | undefined {
    for (let i = index - 1; i >= 0; i -= 1) {
      const entry = this.#entries[i];
      if (entry?.keys.includes(key)) return entry;
    }
    return undefined;
  }
}

function isSame(before: Uint8Array | undefined, now: Uint8Array): boolean {
  return before?.length === now.length && before.every((byte, i) => byte === now[i]);
}
