import type { AmfValue } from '@millrace/protocol';
import type { Config } from '../config/index.js';
import { FanOut, trimApp } from '../live/index.js';
import type { Logger } from '../log/index.js';
import { ObjectStore } from './object-store.js';
import { type AppSharedObject, ServerObject, SharedObjectError } from './server-object.js';
import { SharedObject, type SharedObjectOptions } from './shared-object.js';
import { slotValue } from './slot-data.js';
import { StateError } from './state-error.js';

export interface SharedObjectsOptions {
  readonly config: Pick<Config, 'sharedObjects' | 'live' | 'limits' | 'state'>;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  readonly log: Logger;
}

/** What a shared object is known by. */
export interface SharedObjectKey {
  /** With its instance, `chat/room1`: each has objects of its own. */
  readonly app: string;
  readonly name: string;
  readonly persistent: boolean;
}

/** Why there is no such object for who asks, as statuses say it. */
export type OpenFailure =
  | 'SharedObject.BadPersistence'
  | 'SharedObject.ObjectCreationFailed'
  | 'SharedObject.UriMismatch';

/** A hold on an object, which stays in memory until `close`. */
export interface OpenObject {
  readonly object: SharedObject;
  close(): void;
}

/** One row for the API. */
export interface SharedObjectFacts extends SharedObjectKey {
  readonly version: number;
  readonly slots: number;
  readonly bytes: number;
  readonly members: number;
  readonly slowMembers: number;
  /** Changes and messages so far. */
  readonly changes: number;
}

/** One slot for the API. */
interface SlotFacts {
  readonly name: string;
  /** Of the object, when the slot was written. */
  readonly version: number;
  readonly value: AmfValue;
}

interface SharedObjectsForApp {
  sharedObject(app: string, name: string, options?: { readonly persistent?: boolean }): Promise<AppSharedObject>;
}

interface Held {
  readonly key: SharedObjectKey;
  /** `undefined`: it is being loaded. */
  object: SharedObject | undefined;
  readonly loaded: Promise<SharedObject> | undefined;
  holders: number;
}

/** Every shared object that somebody uses. */
export class SharedObjects {
  readonly #options: SharedObjectsOptions;
  readonly #fanOut: FanOut;
  readonly #store: ObjectStore;
  readonly #limits: SharedObjectOptions['limits'];
  /** By application, then by name. */
  readonly #apps = new Map<string, Map<string, Held>>();

  constructor(options: SharedObjectsOptions) {
    const { live, limits, sharedObjects, state } = options.config;
    this.#options = options;
    this.#fanOut = new FanOut(live.maxWindowMs, options.now);
    this.#store = new ObjectStore(state.dir, options.log);
    this.#limits = { ...sharedObjects, stallTimeoutMs: limits.stallTimeoutMs };
  }

  /** Opens the store, where there is one. Rejects with `StateError` where it cannot be used. */
  async start(): Promise<void> {
    if (this.#store.exists) await this.#store.open();
  }

  /** Never rejects. At once where nothing is to be loaded. */
  open(key: SharedObjectKey): OpenObject | OpenFailure | Promise<OpenObject | OpenFailure> {
    const app = trimApp(key.app);
    const failure = nameFailure(app, key.name);
    if (failure !== undefined) return failure;
    const objects = this.#apps.get(app) ?? new Map<string, Held>();
    const known = objects.get(key.name);
    if (known !== undefined && known.key.persistent !== key.persistent) return 'SharedObject.BadPersistence';
    if (known === undefined && objects.size >= this.#options.config.sharedObjects.maxObjects) {
      return 'SharedObject.ObjectCreationFailed';
    }
    const held = known ?? this.#hold({ ...key, app }, objects);
    held.holders += 1;
    if (held.object !== undefined) return this.#opened(held, held.object);
    if (held.loaded === undefined) return 'SharedObject.ObjectCreationFailed';
    return held.loaded.then(
      (object) => this.#opened(held, object),
      (error: unknown) => {
        this.#release(held);
        if (!(error instanceof StateError)) this.#options.log.error({ err: error }, 'a shared object cannot be loaded');
        else this.#options.log.error({ err: error, object: `${app}/${key.name}` }, error.message);
        return 'SharedObject.ObjectCreationFailed';
      },
    );
  }

  /** What the server's own code gets. */
  get forApp(): SharedObjectsForApp {
    return {
      sharedObject: async (app, name, { persistent = false } = {}) => {
        const opened = await this.open({ app, name, persistent });
        if (typeof opened !== 'string') return new ServerObject(opened, this.#options.log);
        throw new SharedObjectError(
          opened,
          `the shared object ${JSON.stringify(name)} of ${JSON.stringify(app)}: ${opened}`,
        );
      },
    };
  }

  /** The objects that somebody uses. */
  snapshot(): SharedObjectFacts[] {
    return this.#all().map(([key, object]) => facts(key, object));
  }

  /** An object that somebody uses, as it is now: what has changed may not be stored yet. */
  read(app: string, name: string): { facts: SharedObjectFacts; slots: Iterable<SlotFacts> } | undefined {
    const held = this.#apps.get(app)?.get(name);
    return held?.object && { facts: facts(held.key, held.object), slots: slotFacts(held.object) };
  }

  /** Stops all sending; resolves when all changes are stored. */
  async close(): Promise<void> {
    await this.#store.close();
    this.#fanOut.close();
  }

  #all(): [SharedObjectKey, SharedObject][] {
    const held = [...this.#apps.values()].flatMap((objects) => [...objects.values()]);
    return held.flatMap(({ key, object }) => (object === undefined ? [] : [[key, object]]));
  }

  #hold(key: SharedObjectKey, objects: Map<string, Held>): Held {
    const held: Held = key.persistent
      ? { key, object: undefined, loaded: this.#load(key), holders: 0 }
      : { key, object: this.#create(key), loaded: undefined, holders: 0 };
    objects.set(key.name, held);
    this.#apps.set(key.app, objects);
    return held;
  }

  #create(key: SharedObjectKey, rest: Pick<SharedObjectOptions, 'stored' | 'save'> = {}): SharedObject {
    const { name, persistent } = key;
    const schedule = (object: SharedObject): void => this.#fanOut.schedule(object);
    return new SharedObject({ name, persistent, limits: this.#limits, schedule, ...rest });
  }

  async #load(key: SharedObjectKey): Promise<SharedObject> {
    const stored = await this.#store.load(key);
    const held = (): Held | undefined => this.#apps.get(key.app)?.get(key.name);
    const object = this.#create(key, {
      stored: stored.takeState(),
      save: (change, done) =>
        stored.save(change, () => {
          done();
          if (held()?.holders === 0) this.#forget(key, object);
        }),
    });
    const own = held();
    if (own !== undefined) own.object = object;
    return object;
  }

  #opened(held: Held, object: SharedObject): OpenObject {
    let isOpen = true;
    return {
      object,
      close: () => {
        if (isOpen) this.#release(held, object);
        isOpen = false;
      },
    };
  }

  #release(held: Held, object?: SharedObject): void {
    held.holders -= 1;
    if (held.holders === 0) this.#forget(held.key, object);
  }

  /** A temporary object is gone with that; a persistent one is loaded anew, once all of it is stored. */
  #forget(key: SharedObjectKey, object: SharedObject | undefined): void {
    if (object?.isSaving) return;
    const objects = this.#apps.get(key.app);
    objects?.delete(key.name);
    if (objects?.size === 0) this.#apps.delete(key.app);
  }
}

function facts(key: SharedObjectKey, object: SharedObject): SharedObjectFacts {
  return {
    ...key,
    version: object.state.version,
    slots: object.state.slots.size,
    bytes: object.state.bytes,
    members: object.memberCount,
    slowMembers: object.slowMemberCount,
    changes: object.changes,
  };
}

/** Values are decoded one by one, as far as somebody wants them. */
function* slotFacts({ state }: SharedObject): Generator<SlotFacts> {
  for (const [name, { version, data }] of state.slots) yield { name, version, value: slotValue(data) };
}

const maxNameLength = 255;
const maxAppLength = 1024;

/** What no object can be called. A name may have the form of a path. */
function nameFailure(app: string, name: string): OpenFailure | undefined {
  // An object of another server, or of another application: Flash Media Server's proxied objects are not there.
  if (/^[a-z][\w+.-]*:\/\//i.test(name)) return 'SharedObject.UriMismatch';
  const isPossible = name !== '' && name.length <= maxNameLength && app.length <= maxAppLength;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for; the keys of the store need one.
  return isPossible && !/[\0-\x1f\x7f]/.test(app + name) ? undefined : 'SharedObject.ObjectCreationFailed';
}
