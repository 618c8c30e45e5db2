import type { AmfInput, AmfValue } from '@millrace/protocol';
import type { Logger } from '../log/index.js';
import type { ObjectChange } from './object-change.js';
import type { Action } from './shared-object.js';
import type { OpenFailure, OpenObject } from './shared-objects.js';
import { messageData, slotData, slotValue } from './slot-data.js';

/** What has changed in a shared object. */
export type SharedObjectChange =
  | { readonly type: 'set'; readonly name: string; readonly value: AmfValue }
  | { readonly type: 'delete'; readonly name: string }
  | { readonly type: 'clear' };

/** A shared object in the hands of the server's own code. What it does wins against all clients. */
export interface AppSharedObject {
  readonly name: string;
  readonly persistent: boolean;
  /** Grows with every change. */
  readonly version: number;
  /** Clients that use it. */
  readonly members: number;
  /** The names of its slots. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** A slot's value, made anew each time: changing it changes nothing. `undefined`: there is no such slot, or it has that value. */
  get(name: string): AmfValue;
  /**
   * @throws RtmpUsageError for a value that AMF cannot carry.
   * @throws SharedObjectError `SharedObject.NoWriteAccess` where it would break a limit of `sharedObjects` in the configuration.
   */
  set(name: string, value: AmfInput): void;
  /** Does nothing where there is no such slot. */
  delete(name: string): void;
  clear(): void;
  /** Calls a method of every client that uses it. @throws RtmpUsageError for a value that AMF cannot carry. */
  send(name: string, args?: readonly AmfInput[]): void;
  /** From here on clients change nothing, and hear of nothing until `unlock` was called as often as this; then of all at once. */
  lock(): void;
  unlock(): void;
  /** Told of what clients and the server change, together what belongs together. Returns what ends it. */
  onChange(listener: (changes: readonly SharedObjectChange[]) => void): () => void;
  /** Lets go of it. A temporary object is gone when nobody holds or uses it. */
  close(): void;
}

/** `code`: `SharedObject.BadPersistence`, `…ObjectCreationFailed`, `…UriMismatch`, `…NoWriteAccess`. */
export class SharedObjectError extends Error {
  override readonly name = 'SharedObjectError';
  readonly code: string;

  constructor(code: OpenFailure | 'SharedObject.NoWriteAccess', message: string) {
    super(message);
    this.code = code;
  }
}

export class ServerObject implements AppSharedObject {
  readonly #open: OpenObject;
  readonly #log: Logger;
  readonly #ends = new Set<() => void>();
  #locks = 0;
  #isClosed = false;

  constructor(open: OpenObject, log: Logger) {
    this.#open = open;
    this.#log = log;
  }

  get name(): string {
    return this.#open.object.name;
  }

  get persistent(): boolean {
    return this.#open.object.persistent;
  }

  get version(): number {
    return this.#open.object.state.version;
  }

  get members(): number {
    return this.#open.object.memberCount;
  }

  get names(): readonly string[] {
    return [...this.#open.object.state.slots.keys()];
  }

  has(name: string): boolean {
    return this.#open.object.state.slots.has(name);
  }

  get(name: string): AmfValue {
    const slot = this.#open.object.state.slots.get(name);
    return slot && slotValue(slot.data);
  }

  set(name: string, value: AmfInput): void {
    if (this.#do({ type: 'set', name, data: slotData(name, value) })) return;
    throw new SharedObjectError('SharedObject.NoWriteAccess', `${this.name}.${name}: there is no room for this value`);
  }

  delete(name: string): void {
    this.#do({ type: 'delete', name });
  }

  clear(): void {
    this.#do({ type: 'clear' });
  }

  send(name: string, args: readonly AmfInput[] = []): void {
    this.#do({ type: 'send', data: messageData(name, args) });
  }

  lock(): void {
    if (this.#isClosed) return;
    this.#locks += 1;
    this.#open.object.lock();
  }

  unlock(): void {
    if (this.#locks === 0) return;
    this.#locks -= 1;
    this.#open.object.unlock();
  }

  onChange(listener: (changes: readonly SharedObjectChange[]) => void): () => void {
    if (this.#isClosed) return () => undefined;
    const end = this.#open.object.onChange((changes) => {
      try {
        listener(changes.map(withValue));
      } catch (err) {
        // It is not the client's doing, who has changed something.
        this.#log.error({ err, object: this.name }, 'a listener of a shared object failed');
      }
    });
    const stop = (): void => {
      end();
      this.#ends.delete(stop);
    };
    this.#ends.add(stop);
    return stop;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    while (this.#locks > 0) this.unlock();
    for (const stop of [...this.#ends]) stop();
    this.#open.close();
  }

  #do(action: Action): boolean {
    return this.#isClosed || this.#open.object.do(action);
  }
}

function withValue(change: ObjectChange): SharedObjectChange {
  return change.type === 'set' ? { type: 'set', name: change.name, value: slotValue(change.data) } : change;
}
