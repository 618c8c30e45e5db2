import type { LiveMessage } from '../live/index.js';

/** More tracks and data handlers than any publisher has; past this the newest are not kept. */
const maxEntries = 256;
const maxBytes = 1024 * 1024;

/** What a player that begins at some place needs before the frames. Never changed, and shared by all places it counts for. */
export interface HeaderSet {
  /** Metadata and its like, oldest first. */
  readonly data: readonly LiveMessage[];
  /** Sequence headers, oldest first. */
  readonly media: readonly LiveMessage[];
}

/** The headers that count now. What is said again changes nothing, so that places share one set. */
export class DvrHeaders {
  readonly #data = new Map<string, LiveMessage>();
  readonly #media = new Map<string, LiveMessage>();
  #bytes = 0;
  #current: HeaderSet = { data: [], media: [] };

  get current(): HeaderSet {
    return this.#current;
  }

  setData(handler: string, message: LiveMessage): void {
    this.#set(this.#data, [handler], message);
  }

  setMedia(keys: readonly string[], message: LiveMessage): void {
    this.#set(this.#media, keys, message);
  }

  clearData(handler: string): void {
    this.#clear(this.#data, handler);
  }

  clearMedia(key: string): void {
    this.#clear(this.#media, key);
  }

  #set(entries: Map<string, LiveMessage>, keys: readonly string[], message: LiveMessage): void {
    if (keys.length === 0) return;
    if (keys.every((key) => isSame(entries.get(key), message))) return;
    const copy = { ...message, payload: new Uint8Array(message.payload) };
    if (this.#data.size + this.#media.size + keys.length > maxEntries) return;
    if (this.#bytes + copy.payload.length > maxBytes) return;
    for (const key of keys) {
      entries.delete(key);
      entries.set(key, copy);
    }
    this.#changed();
  }

  #clear(entries: Map<string, LiveMessage>, key: string): void {
    if (entries.delete(key)) this.#changed();
  }

  #changed(): void {
    this.#current = { data: [...new Set(this.#data.values())], media: [...new Set(this.#media.values())] };
    this.#bytes = bytesOf(this.#current);
  }
}

/** Memory that a set takes, about. */
export function bytesOf({ data, media }: HeaderSet): number {
  return [...data, ...media].reduce((sum, { payload }) => sum + payload.length + 200, 100);
}

function isSame(before: LiveMessage | undefined, { messageTypeId, payload }: LiveMessage): boolean {
  return before?.messageTypeId === messageTypeId && Buffer.compare(before.payload, payload) === 0;
}
