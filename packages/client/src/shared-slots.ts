import { RtmpRemoteError, RtmpUsageError, type SharedObjectEvent } from '@millrace/protocol';
import { type SharedValue, sharedValue, sharedValueBytes } from './shared-value.js';

/** One entry of a `sync` event. `oldValue` is what was shown before; `undefined`: nothing was. */
export type SharedObjectChange =
  /** Somebody else, or the server, has changed the slot. */
  | { readonly type: 'change'; readonly name: string; readonly oldValue: SharedValue }
  /** What we have set counts. */
  | { readonly type: 'success'; readonly name: string; readonly oldValue: SharedValue }
  /** What we have set does not count: somebody was faster, or we may not. The slot has the value that counts. */
  | { readonly type: 'reject'; readonly name: string; readonly oldValue: SharedValue }
  /** There is no such slot any more, whoever has deleted it. */
  | { readonly type: 'delete'; readonly name: string; readonly oldValue: SharedValue }
  /** All slots were deleted, or the whole state comes anew, in the entries after this one. */
  | { readonly type: 'clear' };

export interface SharedObjectLimits {
  /** Slots of the object; default 65,536. */
  readonly maxSlots: number;
  /** Bytes of memory that all names and values take, about; default 64 MiB. */
  readonly maxBytes: number;
}

const defaultLimits: SharedObjectLimits = { maxSlots: 65_536, maxBytes: 64 * 1024 * 1024 };

/** So many slots that we have written last are known to be ours. More than can wait for an answer at a time. */
const maxWishes = 4096;
const slotBytes = 64;

/** The last that we have asked for, of one slot. */
interface Wish {
  type: 'set' | 'delete';
  value: SharedValue;
  /** Without an answer so far, about: see below. They only tell what answers are called. */
  waitingSets: number;
  waitingDeletes: number;
}

/**
 * The slots as they are shown: what we change is shown at once, and until the server says otherwise.
 *
 * Success names a slot without its value. Every wish is answered, in order, by Success or by what is there instead; so
 * whatever came in between, the last Success confirms our last wish, and that value is shown from then on. Answers
 * need not be counted for this, which they could not be: a server may give one for several wishes.
 */
export class SharedSlots {
  /** Without a prototype, so that slots may have any name. */
  readonly values: Record<string, SharedValue> = Object.create(null);
  readonly #limits: SharedObjectLimits;
  readonly #bytesOf = new Map<string, number>();
  readonly #wishes = new Map<string, Wish>();
  #bytes = 0;

  constructor(limits: Partial<SharedObjectLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  get count(): number {
    return this.#bytesOf.size;
  }

  /** Throws `RtmpUsageError` `ERR_SHARED_OBJECT_FULL` where there is none. */
  checkRoom(values: ReadonlyMap<string, SharedValue>): void {
    let { count } = this;
    let bytes = this.#bytes;
    for (const [name, value] of values) {
      const oldBytes = this.#bytesOf.get(name);
      if (oldBytes === undefined) count += 1;
      bytes += bytesOf(name, value) - (oldBytes ?? 0);
    }
    const full = this.#fullness(count, bytes);
    if (full !== undefined) throw new RtmpUsageError('ERR_SHARED_OBJECT_FULL', full);
  }

  /** We have asked for this. */
  set(values: ReadonlyMap<string, SharedValue>): void {
    for (const [name, value] of values) {
      this.#put(name, value);
      this.#wish(name, 'set', value).waitingSets += 1;
    }
  }

  delete(name: string): void {
    this.#remove(name);
    this.#wish(name, 'delete', undefined).waitingDeletes += 1;
  }

  clear(): void {
    this.#removeAll();
    for (const name of [...this.#wishes.keys()]) this.#wish(name, 'delete', undefined);
  }

  /** What the server says. Throws `RtmpRemoteError` `ERR_SHARED_OBJECT_FULL` where it is too much. */
  apply(events: readonly SharedObjectEvent[]): SharedObjectChange[] {
    return events.flatMap((event) => this.#applyEvent(event) ?? []);
  }

  #applyEvent(event: SharedObjectEvent): SharedObjectChange | undefined {
    switch (event.type) {
      case 'change': {
        const { name } = event;
        const oldValue = this.values[name];
        const type = this.#takeRejection(name) ? 'reject' : 'change';
        this.#put(name, sharedValue(event.value));
        const full = this.#fullness(this.count, this.#bytes);
        if (full !== undefined) throw new RtmpRemoteError('ERR_SHARED_OBJECT_FULL', full);
        return { type, name, oldValue };
      }
      case 'success': {
        const { name } = event;
        const oldValue = this.values[name];
        const wish = this.#wishes.get(name);
        if (wish !== undefined) wish.waitingSets = Math.max(0, wish.waitingSets - 1);
        if (wish?.type === 'set') this.#put(name, wish.value);
        return { type: 'success', name, oldValue };
      }
      case 'remove': {
        const { name } = event;
        const oldValue = this.values[name];
        this.#remove(name);
        return { type: this.#takeDeletion(name) || !this.#takeRejection(name) ? 'delete' : 'reject', name, oldValue };
      }
      case 'clear':
        this.#removeAll();
        return { type: 'clear' };
      case 'use':
      case 'release':
      case 'requestChange':
      case 'requestRemove':
      case 'requestClear':
      case 'useSuccess':
      case 'sendMessage':
      case 'status':
      case 'unknown':
        return undefined;
      default:
        return event satisfies never;
    }
  }

  #takeDeletion(name: string): boolean {
    const wish = this.#wishes.get(name);
    if (wish === undefined || wish.waitingDeletes === 0) return false;
    wish.waitingDeletes -= 1;
    return true;
  }

  /** Once for all that we have asked for since the last time. */
  #takeRejection(name: string): boolean {
    const wish = this.#wishes.get(name);
    if (wish === undefined || wish.waitingSets + wish.waitingDeletes === 0) return false;
    wish.waitingSets = 0;
    wish.waitingDeletes = 0;
    return true;
  }

  #wish(name: string, type: Wish['type'], value: SharedValue): Wish {
    const wish = this.#wishes.get(name) ?? { type, value, waitingSets: 0, waitingDeletes: 0 };
    wish.type = type;
    wish.value = value;
    this.#wishes.delete(name);
    this.#wishes.set(name, wish);
    const [oldest] = this.#wishes.keys();
    if (this.#wishes.size > maxWishes && oldest !== undefined) this.#wishes.delete(oldest);
    return wish;
  }

  #put(name: string, value: SharedValue): void {
    const bytes = bytesOf(name, value);
    this.#bytes += bytes - (this.#bytesOf.get(name) ?? 0);
    this.#bytesOf.set(name, bytes);
    this.values[name] = value;
  }

  #remove(name: string): void {
    this.#bytes -= this.#bytesOf.get(name) ?? 0;
    this.#bytesOf.delete(name);
    delete this.values[name];
  }

  #removeAll(): void {
    for (const name of this.#bytesOf.keys()) delete this.values[name];
    this.#bytesOf.clear();
    this.#bytes = 0;
  }

  #fullness(count: number, bytes: number): string | undefined {
    const { maxSlots, maxBytes } = this.#limits;
    if (count > maxSlots) return `a shared object with more than ${maxSlots} slots`;
    return bytes > maxBytes ? `a shared object with more than ${maxBytes} bytes` : undefined;
  }
}

function bytesOf(name: string, value: SharedValue): number {
  return slotBytes + 2 * name.length + sharedValueBytes(value);
}
