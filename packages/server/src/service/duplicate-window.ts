import type { ServiceHeader } from '@millrace/protocol';

export interface DuplicateWindowLimits {
  /** Ids remembered; 0: none, and nothing is a duplicate. */
  readonly maxMessages: number;
  readonly maxAgeMs: number;
}

/** The ids of the newest messages of a room: a message that comes by two ways is sent once. */
export class DuplicateWindow {
  readonly #limits: DuplicateWindowLimits;
  /** When each id was seen, oldest first. */
  readonly #seen = new Map<string, number>();

  constructor(limits: DuplicateWindowLimits) {
    this.#limits = limits;
  }

  /** Whether the message came before; if not, it is remembered. */
  isDuplicate(header: ServiceHeader, nowMs: number): boolean {
    const { maxMessages, maxAgeMs } = this.#limits;
    for (const [id, seenMs] of this.#seen) {
      if (nowMs - seenMs < maxAgeMs) break;
      this.#seen.delete(id);
    }
    const id = idOf(header);
    if (this.#seen.has(id)) return true;
    this.#seen.set(id, nowMs);
    if (this.#seen.size > maxMessages) {
      const [oldest] = this.#seen.keys();
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    return false;
  }

  /** The message was refused: its sender may try it again. */
  forget(header: ServiceHeader): void {
    this.#seen.delete(idOf(header));
  }
}

/** Ids are unique in their network. Neither id holds control characters. */
function idOf({ networkId, messageId }: ServiceHeader): string {
  return `${networkId}\n${messageId}`;
}
