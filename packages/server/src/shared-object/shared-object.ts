import type { Flushable } from '../live/index.js';
import type { ObjectChange, StoredChange } from './object-change.js';
import {
  EncodedBatch,
  formatKey,
  type MemberFormat,
  type ObjectName,
  type OutEvent,
} from './shared-object-encoding.js';
import { type Entry, type MemberLimits, type MemberSink, SharedObjectMember } from './shared-object-member.js';
import { type Difference, SharedObjectState, type StateLimits, type StoredState } from './shared-object-state.js';
import type { EventData } from './slot-data.js';

/** Changes and messages that belong together, in order. */
export type Action = ObjectChange | { readonly type: 'send'; readonly data: EventData };

/** What a change is about. */
export type ChangeTarget = { readonly type: 'set' | 'delete'; readonly name: string } | { readonly type: 'clear' };

export interface SharedObjectOptions extends ObjectName {
  readonly limits: StateLimits & MemberLimits;
  /** What was stored of it; absent: nothing. */
  readonly stored?: StoredState | undefined;
  /** Makes changes last, in the order of the calls, and calls `done` then. Absent: nothing is to last. */
  readonly save?: ((change: StoredChange, done: () => void) => void) | undefined;
  /** Something is to be flushed. */
  readonly schedule: (object: SharedObject) => void;
}

type Listener = (changes: readonly ObjectChange[]) => void;

/** A disk that fails, or is slower than what members change: they have to wait. */
const maxQueued = 1000;

interface Waiting {
  readonly entry: Entry;
  isLasting: boolean;
}

/**
 * A shared object and who uses it. Everybody is told everything in one order, that of the entries: what changes together
 * is one entry and one version. Entries of a persistent object wait until they are stored, with all that follows them.
 */
export class SharedObject implements Flushable, ObjectName {
  readonly name: string;
  readonly persistent: boolean;
  /** Changes and messages taken. */
  changes = 0;
  readonly #options: SharedObjectOptions;
  readonly #state: SharedObjectState;
  readonly #members = new Set<SharedObjectMember>();
  readonly #slow = new Set<SharedObjectMember>();
  readonly #listeners = new Set<Listener>();
  readonly #waiters: (() => void)[] = [];
  #queue: Waiting[] = [];
  #sequence = 0;
  #isFlushing = false;
  #locks = 0;
  /** What the server has changed while it has the lock. */
  #locked: { readonly events: OutEvent[]; readonly changes: ObjectChange[] } = { events: [], changes: [] };

  constructor(options: SharedObjectOptions) {
    this.name = options.name;
    this.persistent = options.persistent;
    this.#options = options;
    this.#state = new SharedObjectState(options.limits, options.stored);
  }

  get state(): Pick<SharedObjectState, 'version' | 'bytes' | 'slots'> {
    return this.#state;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  get slowMemberCount(): number {
    return this.#slow.size;
  }

  /** Whether something waits to be stored. */
  get isSaving(): boolean {
    return this.#queue.some(({ isLasting }) => !isLasting);
  }

  get isLocked(): boolean {
    return this.#locks > 0;
  }

  /** Members are to change nothing now: the server has the lock, or too much waits to be stored. */
  get isBusy(): boolean {
    return this.isLocked || this.#queue.length >= maxQueued;
  }

  /** Calls `proceed` once it is busy no more; not where it is not busy now. */
  whenFree(proceed: () => void): void {
    this.#waiters.push(proceed);
  }

  /** `known`: the newest version that the member has from an earlier time; 0: none. It is told of its place in its turn. */
  join(format: MemberFormat, sink: MemberSink, known: number): SharedObjectMember {
    const from = this.#sequence;
    const { limits } = this.#options;
    // A temporary object of today has nothing to do with one of the same name of yesterday.
    const trusted = this.persistent && known <= this.#state.version ? known : 0;
    const member = new SharedObjectMember({ object: this, format, sink, limits, from, known: trusted });
    this.#members.add(member);
    this.#tellState(member);
    return member;
  }

  leave(member: SharedObjectMember): void {
    member.closed();
    this.#members.delete(member);
    this.#slow.delete(member);
  }

  /** What a member wants, `known` being the newest version that it had seen. */
  act(member: SharedObjectMember, actions: readonly Action[], known: number): void {
    const own: OutEvent[] = [];
    const events: OutEvent[] = [];
    const changes: ObjectChange[] = [];
    const vain: ChangeTarget[] = [];
    let isRefused = false;
    for (const action of actions) {
      if (action.type === 'send') {
        const sent = { type: 'sendMessage', data: action.data } as const;
        events.push(sent);
        own.push(sent);
        continue;
      }
      const verdict = this.#state.apply(action, member, known);
      isRefused ||= verdict === 'refused';
      if (verdict !== 'accepted') {
        vain.push(action);
        continue;
      }
      changes.push(action);
      events.push(changeEvent(action));
      own.push(action.type === 'set' ? { type: 'success', name: action.name } : changeEvent(action));
    }
    own.push(...this.#asItIs(vain));
    if (isRefused) own.unshift({ type: 'status', code: 'SharedObject.NoWriteAccess' });
    this.#tell(events, changes, { member, events: own });
  }

  /** The member may not do this: it is told so, and what there is in the place of what it has changed. */
  refuse(member: SharedObjectMember, targets: readonly ChangeTarget[], code = 'SharedObject.NoWriteAccess'): void {
    const own: OutEvent[] = [{ type: 'status', code }, ...this.#asItIs(targets)];
    this.#tell([], [], { member, events: own });
  }

  /** What the server's own code does; it wins against everybody. `false`: it would break a limit, and is not done. */
  do(action: Action): boolean {
    const { events, changes } = this.#locked;
    if (action.type === 'send') events.push({ type: 'sendMessage', data: action.data });
    else {
      const verdict = this.#state.apply(action, undefined, Number.POSITIVE_INFINITY);
      if (verdict === 'refused') return false;
      if (verdict !== 'accepted') return true;
      changes.push(action);
      events.push(changeEvent(action));
    }
    if (!this.isLocked) this.#announceOwn();
    return true;
  }

  /** Members change nothing, and hear nothing of what the server changes, until `unlock` was called as often. */
  lock(): void {
    this.#locks += 1;
  }

  unlock(): void {
    if (this.#locks === 0) return;
    this.#locks -= 1;
    if (this.#locks > 0) return;
    this.#announceOwn();
    this.#admitWaiters();
  }

  /** Returns what ends it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flush(nowMs: number): boolean {
    // What a flush brings about is flushed by it: without windows, every entry asks for a flush at once.
    if (this.#isFlushing) return false;
    this.#isFlushing = true;
    do {
      const entries = this.#takeLasting();
      if (entries.length > 0) this.#write(entries);
      this.#tellSlow(nowMs);
    } while (this.#queue[0]?.isLasting === true);
    this.#isFlushing = false;
    this.#admitWaiters();
    return this.#slow.size > 0;
  }

  #admitWaiters(): void {
    if (!this.isBusy) for (const proceed of this.#waiters.splice(0)) proceed();
  }

  #tellSlow(nowMs: number): void {
    for (const member of this.#slow) {
      if (!member.isSlow || member.isClosed) this.#slow.delete(member);
      // The state is in the middle of a change while it is locked.
      else if (!this.isLocked && member.takesState(nowMs)) this.#tellState(member);
    }
  }

  #write(entries: readonly Entry[]): void {
    const own = new Map<SharedObjectMember, Entry[]>();
    for (const entry of entries) {
      if (entry.own === undefined) continue;
      const list = own.get(entry.own.member) ?? [];
      own.set(entry.own.member, list);
      list.push(entry);
    }
    const messages = entries.map(({ message }) => message);
    const batches = new Map<string, EncodedBatch>();
    const isForAll = messages.some(({ events }) => events.length > 0);
    for (const member of isForAll ? this.#members : own.keys()) {
      const key = formatKey(member.format);
      const batch = batches.get(key) ?? new EncodedBatch(this, messages, member.format);
      batches.set(key, batch);
      member.take(entries, batch, own.get(member));
      if (member.isSlow) this.#slow.add(member);
    }
  }

  /** Those at the head of the queue that nothing has to be waited for. */
  #takeLasting(): Entry[] {
    const end = this.#queue.findIndex(({ isLasting }) => !isLasting);
    return this.#queue.splice(0, end < 0 ? this.#queue.length : end).map(({ entry }) => entry);
  }

  #announceOwn(): void {
    const { events, changes } = this.#locked;
    this.#locked = { events: [], changes: [] };
    this.#tell(events, changes);
  }

  #tell(
    events: readonly OutEvent[],
    changes: readonly ObjectChange[],
    own?: { readonly member: SharedObjectMember; readonly events: readonly OutEvent[] },
  ): void {
    if (events.length === 0 && (own === undefined || own.events.length === 0)) return;
    this.changes += events.length;
    let mustRestart = false;
    if (changes.length > 0) {
      this.#state.commit();
      mustRestart = this.#state.isWornOut;
    }
    const { version } = this.#state;
    const save = changes.length > 0 ? this.#options.save : undefined;
    this.#push(
      {
        sequence: this.#nextSequence(),
        message: { version, events },
        own: own && { member: own.member, message: { version, events: own.events } },
      },
      save && ((done) => save({ version, horizon: this.#state.horizon, changes }, done)),
    );
    if (changes.length > 0) for (const listener of [...this.#listeners]) listener(changes);
    if (mustRestart) this.#restartVersions();
  }

  /** Everything that the member does not know, in its turn. */
  #tellState(member: SharedObjectMember): void {
    const { version } = this.#state;
    const difference = this.#state.since(member.version);
    const events = stateEvents(difference, member);
    const welcome: OutEvent[] = member.isWelcomed ? [] : [{ type: 'useSuccess' }];
    const message = { version, events: [...welcome, ...events] };
    const own = { member, message, isState: true } as const;
    this.#push({ sequence: this.#nextSequence(), message: { version, events: [] }, own });
  }

  #push(entry: Entry, save?: (done: () => void) => void): void {
    const waiting = { entry, isLasting: save === undefined };
    this.#queue.push(waiting);
    save?.(() => {
      waiting.isLasting = true;
      this.#options.schedule(this);
    });
    if (waiting.isLasting) this.#options.schedule(this);
  }

  #nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence - 1;
  }

  /** After four billion changes. Everybody is told everything, with versions that begin anew. */
  #restartVersions(): void {
    this.#state.restartVersions();
    const changes = [...this.#state.slots].map(([name, { data }]) => ({ type: 'set', name, data }) as const);
    const { version, horizon } = this.#state;
    const events: OutEvent[] = [{ type: 'clear' }, ...changes.map(changeEvent)];
    const { save } = this.#options;
    const entry = { sequence: this.#nextSequence(), message: { version, events } };
    const cleared: readonly ObjectChange[] = [{ type: 'clear' }, ...changes];
    this.#push(entry, save && ((done) => save({ version, horizon, changes: cleared }, done)));
  }

  /** What there is in the place of what somebody has changed in vain: once, however often that was. */
  #asItIs(targets: readonly ChangeTarget[]): OutEvent[] {
    const names = new Set<string>();
    for (const target of targets) {
      if (target.type === 'clear') return stateEvents(this.#state.since(0), undefined);
      names.add(target.name);
    }
    return [...names].map((name) => {
      const slot = this.#state.slots.get(name);
      return slot === undefined ? { type: 'remove', name } : { type: 'change', data: slot.data };
    });
  }
}

function changeEvent(change: ObjectChange): OutEvent {
  switch (change.type) {
    case 'set':
      return { type: 'change', data: change.data };
    case 'delete':
      return { type: 'remove', name: change.name };
    case 'clear':
      return { type: 'clear' };
    default:
      return change satisfies never;
  }
}

/** Who wrote a slot last has its value, and is told that it stands. */
function stateEvents({ clear, slots, deleted }: Difference, reader: SharedObjectMember | undefined): OutEvent[] {
  const events: OutEvent[] = clear ? [{ type: 'clear' }] : deleted.map((name) => ({ type: 'remove', name }));
  for (const [name, { data, writer }] of slots) {
    const isOwn = !clear && writer !== undefined && writer === reader;
    events.push(isOwn ? { type: 'success', name } : { type: 'change', data });
  }
  return events;
}
