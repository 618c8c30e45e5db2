import { decodeSharedObject, type MessageEncoding, type SharedObjectEvent } from '@millrace/protocol';
import { ChunkReader } from './wire/chunk-reader.js';

/** What a client makes of what it is told of one object, as Flash Player does: the slots, and what happened in order. */
export class ObjectModel {
  readonly slots = new Map<string, unknown>();
  /** What it has asked for and not heard of yet: shown at once, as in Flash Player. */
  readonly pending = new Map<string, unknown[]>();
  /** `version: events`, without what is for this client alone. */
  readonly heard: string[] = [];
  readonly statuses: string[] = [];
  readonly messages: unknown[] = [];
  version = 0;
  uses = 0;
  clears = 0;
  readonly #reader = new ChunkReader();

  /** Bytes of the connection. */
  receive(bytes: Uint8Array): void {
    for (const { type, payload } of this.#reader.push(Buffer.from(bytes))) {
      if (type === 19) this.take(payload, 'amf0');
      else if (type === 16) this.take(payload, 'amf3');
    }
  }

  take(payload: Uint8Array, encoding: MessageEncoding): void {
    const { version, events } = decodeSharedObject({ payload, encoding });
    this.version = version;
    for (const event of events) this.#apply(event);
    this.heard.push(`${version}: ${JSON.stringify([...this.slots].sort())}`);
  }

  /** It changes a slot: the value is its own at once. */
  wish(name: string, value: unknown): void {
    const wishes = this.pending.get(name) ?? [];
    this.pending.set(name, wishes);
    wishes.push(value);
  }

  #apply(event: SharedObjectEvent): void {
    switch (event.type) {
      case 'useSuccess':
        this.uses += 1;
        return;
      case 'clear':
        this.clears += 1;
        this.slots.clear();
        return;
      case 'change':
        this.slots.set(event.name, event.value);
        return;
      case 'remove':
        this.slots.delete(event.name);
        return;
      case 'success':
        // The newest of its wishes stands.
        this.slots.set(event.name, this.pending.get(event.name)?.at(-1));
        return;
      case 'status':
        this.statuses.push(event.code);
        return;
      case 'sendMessage':
        this.messages.push([event.name, ...event.args]);
        return;
      default:
        throw new Error(`a server does not send ${event.type}`);
    }
  }
}
