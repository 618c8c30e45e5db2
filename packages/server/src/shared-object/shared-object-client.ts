import {
  RtmpRemoteError,
  RtmpUsageError,
  type SharedObjectContent,
  type SharedObjectContentInput,
  type SharedObjectEvent,
  statusLevel,
} from '@millrace/protocol';
import type { Config } from '../config/index.js';
import { TokenBucket } from '../service/index.js';
import type { Action, ChangeTarget } from './shared-object.js';
import type { SharedObjectAccess, SharedObjectWish } from './shared-object-access.js';
import type { MemberFormat, ObjectName } from './shared-object-encoding.js';
import type { MemberSink, SharedObjectMember } from './shared-object-member.js';
import type { OpenObject, SharedObjects } from './shared-objects.js';
import { dataLength, type EventData, messageData, slotData } from './slot-data.js';

export interface SharedObjectClientOptions {
  readonly objects: SharedObjects;
  readonly limits: Config['sharedObjects'];
  /** The application instance that the client is connected to. */
  readonly app: () => string;
  readonly format: () => MemberFormat;
  readonly sink: MemberSink;
  /** `undefined`: nobody has a say. */
  readonly access: () => SharedObjectAccess | undefined;
  /** Says something to the client outside of an object's order. */
  readonly say: (content: SharedObjectContentInput) => void;
  /** What was waited for has come: there may be less that waits. */
  readonly resume: () => void;
  readonly now: () => number;
}

/** One object, as one client uses it. */
interface Use {
  readonly object: ObjectName;
  /** What came while something is waited for, in order. */
  readonly waiting: SharedObjectContent[];
  isBusy: boolean;
  place: { readonly open: OpenObject; readonly member: SharedObjectMember } | undefined;
}

/** Who uses an object is told all of it: not again and again. */
const usesPerSecond = 10;
/** So many seconds' worth of what is allowed, each refused, are a flood. */
const floodSeconds = 10;

/** What one client says of shared objects: in order for each object, limited, with the application's consent. */
export class SharedObjectClient {
  readonly #options: SharedObjectClientOptions;
  readonly #uses = new Map<string, Use>();
  readonly #rate: TokenBucket;
  readonly #useRate: TokenBucket;
  readonly #flood: TokenBucket;
  #isClosed = false;

  constructor(options: SharedObjectClientOptions) {
    const { limits, now } = options;
    const perSecond = limits.changesPerSecond;
    this.#options = options;
    this.#rate = new TokenBucket(perSecond, perSecond, now());
    this.#useRate = new TokenBucket(limits.maxPerClient, usesPerSecond, now());
    this.#flood = new TokenBucket(perSecond * floodSeconds, perSecond, now());
  }

  /** Something waits for a decision, a lock or the store: the client is to say nothing more for now. */
  get isWaiting(): boolean {
    for (const { waiting } of this.#uses.values()) if (waiting.length > 0) return true;
    return false;
  }

  take(content: SharedObjectContent): void {
    const { name, persistent, events } = content;
    const key = `${persistent ? 'p' : 't'} ${name}`;
    let use = this.#uses.get(key);
    if (use === undefined) {
      if (!events.some(({ type }) => type === 'use')) return;
      if (this.#uses.size >= this.#options.limits.maxPerClient) {
        this.#refuseUse({ name, persistent }, 'SharedObject.ObjectCreationFailed');
        return;
      }
      use = { object: { name, persistent }, waiting: [], isBusy: false, place: undefined };
      this.#uses.set(key, use);
    }
    use.waiting.push(content);
    this.#run(key, use);
  }

  /** The client is gone. */
  closed(): void {
    this.#isClosed = true;
    for (const use of this.#uses.values()) this.#leave(use);
    this.#uses.clear();
  }

  #run(key: string, use: Use): void {
    while (!use.isBusy && !this.#isClosed) {
      const content = use.waiting.shift();
      if (content === undefined) break;
      this.#process(use, content);
    }
    if (!use.isBusy && use.place === undefined && this.#uses.get(key) === use) this.#uses.delete(key);
  }

  /** Up to where something is to be waited for; the rest is put back. */
  #process(use: Use, content: SharedObjectContent): void {
    const { events, version } = content;
    const at = events.findIndex(({ type }) => type === 'use' || type === 'release');
    const [head, place, tail] =
      at < 0 ? [events, undefined, []] : [events.slice(0, at), events[at], events.slice(at + 1)];
    if (tail.length > 0) use.waiting.unshift({ ...content, events: tail });
    if (place !== undefined && head.length > 0) use.waiting.unshift({ ...content, events: [place] });
    if (head.length > 0) this.#change(use, head, version);
    else if (place?.type === 'release') this.#leave(use);
    else if (place !== undefined) this.#use(use, version);
  }

  #use(use: Use, known: number): void {
    if (!this.#useRate.take(this.#options.now())) {
      this.#tooFast(() => this.#refuseUse(use.object, 'SharedObject.NoReadAccess'));
      return;
    }
    this.#wait(use, this.#options.access()?.mayUse(use.object), (refused) => {
      if (this.#isClosed) return;
      if (refused === undefined) this.#open(use, known);
      else {
        this.#leave(use);
        this.#refuseUse(use.object, refused);
      }
    });
  }

  #open(use: Use, known: number): void {
    const { objects, app, limits, format, sink } = this.#options;
    this.#wait(use, objects.open({ ...use.object, app: app() }), (opened) => {
      // Who uses it anew has held it until now: a temporary object is not lost by that.
      this.#leave(use);
      if (typeof opened === 'string') {
        this.#refuseUse(use.object, opened);
        return;
      }
      const { object } = opened;
      if (this.#isClosed || object.memberCount >= limits.maxMembers) {
        opened.close();
        this.#refuseUse(use.object, 'SharedObject.ObjectCreationFailed');
        return;
      }
      this.#whenFree(use, opened, () => {
        if (this.#isClosed) opened.close();
        else use.place = { open: opened, member: object.join(format(), sink, known) };
      });
    });
  }

  #change(use: Use, events: readonly SharedObjectEvent[], known: number): void {
    const { place } = use;
    const wanted = events.filter(isWish);
    if (place === undefined || wanted.length === 0) return;
    const { open, member } = place;
    const targets = wanted.flatMap(targetOf);
    const refuse = (code?: string): void => open.object.refuse(member, targets, code);
    if (!this.#takeRate(wanted.length)) {
      this.#tooFast(refuse);
      return;
    }
    const actions = this.#actions(wanted);
    if (actions === undefined) {
      refuse();
      return;
    }
    this.#wait(use, this.#options.access()?.mayChange(use.object, wanted), (refused) => {
      if (use.place !== place) return;
      if (refused !== undefined) refuse(refused);
      else {
        this.#whenFree(use, open, () => {
          if (use.place === place) open.object.act(member, actions, known);
        });
      }
    });
  }

  /** `undefined`: one of them is too long, or cannot be sent on. The first that is ends the work. */
  #actions(wishes: readonly SharedObjectWish[]): Action[] | undefined {
    const actions: Action[] = [];
    for (const wish of wishes) {
      const action = this.#action(wish);
      if (action === undefined) return undefined;
      actions.push(action);
    }
    return actions;
  }

  #action(wish: SharedObjectWish): Action | undefined {
    try {
      switch (wish.type) {
        case 'requestChange':
          return this.#within({ type: 'set', name: wish.name, data: slotData(wish.name, wish.value) });
        case 'sendMessage':
          return this.#within({ type: 'send', data: messageData(wish.name, wish.args) });
        case 'requestRemove':
          return { type: 'delete', name: wish.name };
        case 'requestClear':
          return { type: 'clear' };
        default:
          return wish satisfies never;
      }
    } catch (error) {
      if (!(error instanceof RtmpUsageError)) throw error;
      return undefined;
    }
  }

  #within(action: Extract<Action, { readonly data: EventData }>): Action | undefined {
    return dataLength(action.data) > this.#options.limits.maxValueBytes ? undefined : action;
  }

  #takeRate(count: number): boolean {
    const nowMs = this.#options.now();
    for (let i = 0; i < count; i += 1) if (!this.#rate.take(nowMs)) return false;
    return true;
  }

  #tooFast(refuse: () => void): void {
    if (this.#flood.take(this.#options.now())) {
      refuse();
      return;
    }
    const error = new RtmpRemoteError('ERR_SHARED_OBJECT_FLOOD', 'too many changes of shared objects for too long');
    this.#options.sink.close(error);
  }

  #leave(use: Use): void {
    const { place } = use;
    use.place = undefined;
    if (place === undefined) return;
    place.open.object.leave(place.member);
    place.open.close();
  }

  #refuseUse({ name, persistent }: ObjectName, code: string): void {
    if (this.#isClosed) return;
    this.#options.say({ name, persistent, version: 0, events: [{ type: 'status', code, level: statusLevel(code) }] });
  }

  #whenFree(use: Use, { object }: OpenObject, proceed: () => void): void {
    if (!object.isBusy) {
      proceed();
      return;
    }
    this.#wait(use, new Promise<void>((resolve) => object.whenFree(resolve)), () =>
      this.#whenFree(use, { object, close: () => undefined }, proceed),
    );
  }

  /** Goes on at once where there is nothing to wait for; what comes for the object waits meanwhile. */
  #wait<T>(use: Use, value: T | Promise<T>, proceed: (value: T) => void): void {
    if (!(value instanceof Promise)) {
      proceed(value);
      return;
    }
    use.isBusy = true;
    void value.then((late) => {
      use.isBusy = false;
      proceed(late);
      if (use.isBusy || this.#isClosed) return;
      this.#run(`${use.object.persistent ? 'p' : 't'} ${use.object.name}`, use);
      this.#options.resume();
    });
  }
}

/** What only servers say is not listened to. */
function isWish(event: SharedObjectEvent): event is SharedObjectWish {
  const { type } = event;
  return type === 'requestChange' || type === 'requestRemove' || type === 'requestClear' || type === 'sendMessage';
}

function targetOf(wish: SharedObjectWish): ChangeTarget[] {
  if (wish.type === 'requestChange') return [{ type: 'set', name: wish.name }];
  if (wish.type === 'requestRemove') return [{ type: 'delete', name: wish.name }];
  return wish.type === 'requestClear' ? [{ type: 'clear' }] : [];
}
