import type { ObjectChange, StoredChange } from './object-change.js';
import type { Slot, StoredState } from './shared-object-state.js';
import { readValue, slotData, slotValueBytes } from './slot-data.js';

// Keys and values of the store; \0 is in no name of an application or object
//
//   f                             the format of all this: "1"
//   o \0 app \0 object            version (4) | horizon (4)
//   s \0 app \0 object \0 slot    version (4) | 1 | the value in AMF0, 0x11 switching to AMF3
//                                 version (4) | 0    deleted

/** What a persistent object is known by. */
export interface ObjectKey {
  readonly app: string;
  readonly name: string;
}

export type StoreOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

export const formatKey = 'f';

export function objectKey({ app, name }: ObjectKey): string {
  return `o\0${app}\0${name}`;
}

/** The range of an object's slots. */
export function slotKeys(key: ObjectKey): { readonly gte: string; readonly lt: string } {
  const prefix = slotPrefix(key);
  return { gte: prefix, lt: `${prefix.slice(0, -1)}\x01` };
}

/** One object in the store: what was stored of it, and how changes are. */
export class StoredObject {
  readonly #prefix: string;
  readonly #key: ObjectKey;
  readonly #append: (operations: readonly StoreOperation[], done: () => void) => void;
  readonly #slots = new Map<string, Pick<Slot, 'data' | 'version'>>();
  /** Every slot that has a key, and the version of its deletion; 0: it is not deleted. */
  readonly #records = new Map<string, number>();
  readonly #version: number;
  #horizon: number;

  /** `append`: writes all or nothing, in the order of the calls, and calls `done` once it is on the disk. */
  constructor(
    key: ObjectKey,
    head: Uint8Array | undefined,
    append: (operations: readonly StoreOperation[], done: () => void) => void,
  ) {
    this.#prefix = slotPrefix(key);
    this.#key = key;
    this.#append = append;
    this.#version = head === undefined ? 0 : uint32(head, 0);
    this.#horizon = head === undefined ? 0 : uint32(head, 4);
  }

  /** One of its keys. @throws RtmpRemoteError for a value that is none. */
  read(key: string, record: Uint8Array): void {
    const name = key.slice(this.#prefix.length);
    const version = uint32(record, 0);
    const isDeleted = record[4] === deleted;
    this.#records.set(name, isDeleted ? version : 0);
    if (!isDeleted) this.#slots.set(name, { data: slotData(name, readValue(record.subarray(5))), version });
  }

  /** Once: what was read is not kept. */
  takeState(): StoredState {
    const version = this.#version;
    const horizon = this.#horizon;
    const slots = [...this.#slots];
    this.#slots.clear();
    const gone = [...this.#records].filter(([, deletedAt]) => deletedAt > horizon);
    return { version, horizon, slots, deleted: gone };
  }

  /** Calls `done` when the change is on the disk, after those of all earlier calls. */
  save({ version, horizon, changes }: StoredChange, done: () => void): void {
    const operations = changes.flatMap((change) => this.#operations(change, version));
    if (horizon > this.#horizon) operations.push(...this.#forget(horizon));
    const head = Buffer.alloc(8);
    head.writeUInt32BE(version, 0);
    head.writeUInt32BE(horizon, 4);
    operations.push({ type: 'put', key: objectKey(this.#key), value: head });
    this.#append(operations, done);
  }

  /** Deletions that nobody is told of any more. */
  #forget(horizon: number): StoreOperation[] {
    this.#horizon = horizon;
    const names = [...this.#records].filter(([, at]) => at !== 0 && at <= horizon).map(([name]) => name);
    for (const name of names) this.#records.delete(name);
    return names.map((name) => ({ type: 'del', key: this.#prefix + name }));
  }

  #operations(change: ObjectChange, version: number): StoreOperation[] {
    switch (change.type) {
      case 'set':
        this.#records.set(change.name, 0);
        return [this.#put(change.name, version, live, slotValueBytes(change.data))];
      case 'delete':
        this.#records.set(change.name, version);
        return [this.#put(change.name, version, deleted, noBytes)];
      case 'clear': {
        const names = [...this.#records.keys()];
        this.#records.clear();
        return names.map((name) => ({ type: 'del', key: this.#prefix + name }));
      }
      default:
        return change satisfies never;
    }
  }

  #put(name: string, version: number, state: number, bytes: Uint8Array): StoreOperation {
    const value = Buffer.allocUnsafe(5 + bytes.length);
    value.writeUInt32BE(version, 0);
    value[4] = state;
    value.set(bytes, 5);
    return { type: 'put', key: this.#prefix + name, value };
  }
}

const live = 1;
const deleted = 0;
const noBytes = new Uint8Array();

function slotPrefix({ app, name }: ObjectKey): string {
  return `s\0${app}\0${name}\0`;
}

function uint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}
