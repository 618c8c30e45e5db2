import type { ObjectChange } from './object-change.js';
import { dataLength, type EventData } from './slot-data.js';

/** Who writes: told apart by identity. */
export type Writer = object;

/** `lost`: somebody else was faster. `refused`: it would break a limit. `void`: there is nothing to delete. */
export type SlotVerdict = 'accepted' | 'lost' | 'refused' | 'void';

export interface StateLimits {
  readonly maxSlots: number;
  /** Of a slot's name and value. */
  readonly maxValueBytes: number;
  /** Of all slots. */
  readonly maxObjectBytes: number;
  /** Deleted slots that are remembered. */
  readonly maxDeleted: number;
}

export interface Slot {
  readonly data: EventData;
  /** Of the object, when it was written. */
  readonly version: number;
  /** `undefined`: not known any more. */
  readonly writer: Writer | undefined;
}

interface Deletion {
  readonly version: number;
  readonly writer: Writer | undefined;
}

/** What there is to tell somebody who knows an older version. */
export interface Difference {
  /** Forget everything first: what was deleted since is not remembered. */
  readonly clear: boolean;
  readonly slots: readonly (readonly [string, Slot])[];
  readonly deleted: readonly string[];
}

/** What a store keeps of an object. */
export interface StoredState {
  readonly version: number;
  /** Deletions up to this version are not remembered. */
  readonly horizon: number;
  readonly slots: Iterable<readonly [string, Pick<Slot, 'data' | 'version'>]>;
  readonly deleted: Iterable<readonly [string, number]>;
}

/** Versions are 32 bits on the wire. */
const maxVersion = 0xffff_ffff;

/**
 * The slots of a shared object and their versions, as Flash Media Server has them: every change carries the version that
 * its sender knows, and loses where the slot is newer. Nobody loses against themselves: who writes twice without waiting
 * for an answer has an old version the second time.
 */
export class SharedObjectState {
  readonly #limits: StateLimits;
  readonly #slots = new Map<string, Slot>();
  /** Oldest first. */
  readonly #deleted = new Map<string, Deletion>();
  #cleared: Deletion;
  #horizon: number;
  #version: number;
  #bytes = 0;

  constructor(limits: StateLimits, stored?: StoredState) {
    this.#limits = limits;
    this.#version = stored?.version ?? 0;
    this.#horizon = stored?.horizon ?? 0;
    this.#cleared = { version: 0, writer: undefined };
    for (const [name, { data, version }] of stored?.slots ?? []) {
      this.#slots.set(name, { data, version, writer: undefined });
      this.#bytes += dataLength(data);
    }
    const deleted = [...(stored?.deleted ?? [])].sort(([, a], [, b]) => a - b);
    for (const [name, version] of deleted) this.#deleted.set(name, { version, writer: undefined });
  }

  get version(): number {
    return this.#version;
  }

  get horizon(): number {
    return this.#horizon;
  }

  /** Of all names and values. */
  get bytes(): number {
    return this.#bytes;
  }

  get slots(): ReadonlyMap<string, Slot> {
    return this.#slots;
  }

  /** The version that the next changes get. They are made by `apply`, and count once `commit` is called. */
  get nextVersion(): number {
    return this.#version + 1;
  }

  /** `true`: versions have run out and begin anew: `restartVersions` is to be called before the next change. */
  get isWornOut(): boolean {
    return this.#version >= maxVersion;
  }

  /** One of the changes that belong together. `known`: the newest version that the writer knows. */
  apply(request: ObjectChange, writer: Writer | undefined, known: number): SlotVerdict {
    if (request.type === 'clear') return this.#clear(writer, known);
    const { name } = request;
    const newest = this.#slots.get(name) ?? this.#deleted.get(name) ?? this.#cleared;
    if (!isKnown(newest, writer, known)) return 'lost';
    if (request.type === 'delete') return this.#delete(name, writer);
    return this.#set(name, request.data, writer);
  }

  /** The changes since the last time are a version. */
  commit(): void {
    this.#version += 1;
  }

  /** What is new since version `known`. A `known` that never was counts as nothing. */
  since(known: number): Difference {
    const clear = known < this.#horizon || known > this.#version || known === 0;
    const from = clear ? 0 : known;
    const slots = [...this.#slots].filter(([, { version }]) => version > from);
    const deleted = clear ? [] : [...this.#deleted].filter(([, { version }]) => version > from).map(([name]) => name);
    return { clear, slots, deleted };
  }

  /** Everything gets version 1: whoever knows an older one has to be told everything. */
  restartVersions(): void {
    this.#version = 1;
    this.#horizon = 1;
    this.#deleted.clear();
    this.#cleared = { version: 0, writer: undefined };
    for (const [name, slot] of this.#slots) this.#slots.set(name, { ...slot, version: 1 });
  }

  #set(name: string, data: EventData, writer: Writer | undefined): SlotVerdict {
    const { maxSlots, maxValueBytes, maxObjectBytes } = this.#limits;
    const old = this.#slots.get(name);
    const bytes = dataLength(data);
    const total = this.#bytes + bytes - (old === undefined ? 0 : dataLength(old.data));
    if (bytes > maxValueBytes || total > maxObjectBytes || name === '') return 'refused';
    if (old === undefined && this.#slots.size >= maxSlots) return 'refused';
    this.#deleted.delete(name);
    this.#slots.set(name, { data, version: this.nextVersion, writer });
    this.#bytes = total;
    return 'accepted';
  }

  #delete(name: string, writer: Writer | undefined): SlotVerdict {
    const old = this.#slots.get(name);
    if (old === undefined) return 'void';
    this.#slots.delete(name);
    this.#bytes -= dataLength(old.data);
    this.#deleted.set(name, { version: this.nextVersion, writer });
    if (this.#deleted.size > this.#limits.maxDeleted) {
      const [oldest] = this.#deleted;
      if (oldest !== undefined) {
        this.#deleted.delete(oldest[0]);
        this.#horizon = Math.max(this.#horizon, oldest[1].version);
      }
    }
    return 'accepted';
  }

  #clear(writer: Writer | undefined, known: number): SlotVerdict {
    for (const slot of this.#slots.values()) if (!isKnown(slot, writer, known)) return 'lost';
    this.#slots.clear();
    this.#deleted.clear();
    this.#bytes = 0;
    this.#cleared = { version: this.nextVersion, writer };
    this.#horizon = this.nextVersion;
    return 'accepted';
  }
}

function isKnown({ version, writer: by }: Deletion, writer: Writer | undefined, known: number): boolean {
  return version <= known || (writer !== undefined && by === writer);
}
