import type { Danmu, ServiceHeader } from '@millrace/protocol';
import type { EncodedMessage } from './service-encoding.js';

/** A danmu that was sent to a room. */
export interface KeptDanmu {
  /** Unix ms, by the server's clock. */
  readonly receivedAtMs: number;
  /** ms from the first picture or sound of the stream that the room is named after; `undefined`: none was published. */
  readonly mediaTimeMs: number | undefined;
  readonly header: ServiceHeader;
  readonly danmu: Danmu;
}

interface Entry {
  readonly kept: KeptDanmu;
  readonly message: EncodedMessage;
}

/** The last danmu of a room. */
export class DanmuHistory {
  readonly #maxMessages: number;
  readonly #entries: Entry[] = [];

  constructor(maxMessages: number) {
    this.#maxMessages = maxMessages;
  }

  add(kept: KeptDanmu, message: EncodedMessage): void {
    if (this.#maxMessages === 0) return;
    this.#entries.push({ kept, message });
    if (this.#entries.length > this.#maxMessages) this.#entries.shift();
  }

  /** Oldest first. */
  get messages(): readonly EncodedMessage[] {
    return this.#entries.map(({ message }) => message);
  }

  /** Oldest first. */
  get danmu(): readonly KeptDanmu[] {
    return this.#entries.map(({ kept }) => kept);
  }
}
