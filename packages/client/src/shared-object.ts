import {
  type AmfInput,
  type ClientSession,
  RtmpRemoteError,
  RtmpUsageError,
  type SharedObjectContent,
  type SharedObjectEventInput,
} from '@millrace/protocol';
import { RtmpCommandError, type RtmpConnectionError } from './errors.js';
import type { NetConnection } from './net-connection.js';
import { type CommandOptions, PendingAnswer } from './pending-answer.js';
import { type SharedObjectChange, type SharedObjectLimits, SharedSlots } from './shared-slots.js';
import { asReceived, type SharedValue, sharedValue } from './shared-value.js';

/** `SharedObject.NoWriteAccess` and its like. */
export interface SharedObjectStatus {
  readonly level: string;
  readonly code: string;
}

/** Somebody who uses the object has called `send`; we may have been that. */
export interface SharedObjectMessage {
  readonly handler: string;
  readonly args: readonly SharedValue[];
}

/** What `SharedObject.on` can be given. */
export interface SharedObjectListeners {
  /** The server has changed `data`, by what changed together; what we change ourselves is heard when it is answered. */
  readonly sync: (changes: readonly SharedObjectChange[]) => void;
  readonly message: (message: SharedObjectMessage) => void;
  readonly status: (status: SharedObjectStatus) => void;
  /**
   * It is over, and not by `close`: `RtmpConnectionError` where the connection is, `RtmpRemoteError`
   * `ERR_SHARED_OBJECT_FULL` where the server sent more than `limits` allow.
   */
  readonly close: (error: RtmpConnectionError | RtmpRemoteError) => void;
}

export interface SharedObjectOptions extends CommandOptions {
  /** Whether the server keeps the object when nobody uses it any more, and when it is restarted; default `false`. */
  readonly persistent?: boolean;
  readonly limits?: Partial<SharedObjectLimits>;
  /** Listeners that are there from the first event on, which is a `sync` with the whole state. */
  readonly on?: Partial<SharedObjectListeners>;
}

/** What a connection delivers to a shared object. */
export interface SharedObjectSink {
  onContent(content: SharedObjectContent): void;
  /** The connection is about to be closed by us. */
  close(): void;
  /** The connection is over. */
  onEnd(error: RtmpConnectionError): void;
}

/** What a shared object needs of its connection. */
export interface SharedObjectPort {
  readonly session: ClientSession;
  /** Why there is no connection any more; `undefined` while there is one. */
  readonly end: RtmpConnectionError | undefined;
  /** `false`: there is an object of that name. */
  attach(name: string, sink: SharedObjectSink): boolean;
  detach(name: string): void;
  /** Sends what the session has to say. `false`: see `SharedObject.drained`. */
  flush(): boolean;
  drained(): Promise<void>;
}

/**
 * Data that all who use an object of that name see alike; `getRemote` and `NetConnection.sharedObject` make one.
 *
 * `Slots` says what the slots hold. Nobody checks it: whoever uses the object may write what they like.
 */
export class SharedObject<Slots extends object = Record<string, SharedValue>> {
  readonly name: string;
  readonly persistent: boolean;
  readonly #port: SharedObjectPort;
  readonly #slots: SharedSlots;
  readonly #data: Partial<Slots>;
  readonly #listeners: { readonly [Type in keyof SharedObjectListeners]: Set<SharedObjectListeners[Type]> };
  #using: PendingAnswer<void> | undefined;
  #saidUse = false;
  #version = 0;
  #closed = false;

  private constructor(port: SharedObjectPort, name: string, options: SharedObjectOptions) {
    const { on = {} } = options;
    this.#port = port;
    this.name = name;
    this.persistent = options.persistent ?? false;
    this.#slots = new SharedSlots(options.limits);
    this.#data = this.#createData();
    this.#listeners = {
      sync: new Set(on.sync && [on.sync]),
      message: new Set(on.message && [on.message]),
      status: new Set(on.status && [on.status]),
      close: new Set(on.close && [on.close]),
    };
  }

  /** `connection.sharedObject(name, options)`, as Flash calls it. */
  static getRemote<Slots extends object = Record<string, SharedValue>>(
    name: string,
    connection: NetConnection,
    options: SharedObjectOptions = {},
  ): Promise<SharedObject<Slots>> {
    return connection.sharedObject(name, options);
  }

  /** Throws as `NetConnection.sharedObject` does. */
  static async open<Slots extends object>(
    port: SharedObjectPort,
    name: string,
    options: SharedObjectOptions,
  ): Promise<SharedObject<Slots>> {
    const object = new SharedObject<Slots>(port, name, options);
    await object.#use(options);
    return object;
  }

  /**
   * The slots, as they are now. Assigning to one is `set`, `delete` is `delete`: all others will see it. Values are
   * frozen, as what changes within them could be seen by nobody: assign a new one.
   */
  get data(): Partial<Slots> {
    return this.#data;
  }

  /** Of the newest state that the server has told; the server compares it where two change a slot at once. */
  get version(): number {
    return this.#version;
  }

  /** `true` from `close`, or from the event `close` on. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Gives a slot a value. It is in `data` at once, and stays if the server agrees (`success` in `sync`). `false`: the network
   * is behind: await `drained` before changing more.
   *
   * Throws `RtmpUsageError`: `ERR_SHARED_OBJECT_FULL` where the limits leave no room, `ERR_SHARED_OBJECT_CLOSED`,
   * `ERR_SHARED_OBJECT_VALUE` and the AMF encoder's codes for what cannot be sent; and `RtmpConnectionError` when there is
   * no connection any more.
   */
  set<Name extends keyof Slots & string>(name: Name, value: Slots[Name]): boolean {
    return this.#set(new Map([[name, value as AmfInput]]));
  }

  /** Gives several slots values, for all at once: nobody sees one without the others. As `set` otherwise. */
  setMany(values: Readonly<Partial<Slots>>): boolean {
    return this.#set(new Map(Object.entries(values)));
  }

  /** Returns and throws as `set` does. */
  delete(name: keyof Slots & string): boolean {
    return this.#delete(name);
  }

  /** Deletes all slots. Returns and throws as `set` does. */
  clear(): boolean {
    const keepsUp = this.#request([{ type: 'requestClear' }]);
    this.#slots.clear();
    return keepsUp;
  }

  /** Tells all who use the object, ourselves among them: they have it as `message`. Returns and throws as `set` does. */
  send(handler: string, ...args: readonly AmfInput[]): boolean {
    return this.#request([{ type: 'sendMessage', name: handler, args }]);
  }

  /** Returns what ends it. */
  on<Type extends keyof SharedObjectListeners>(type: Type, listener: SharedObjectListeners[Type]): () => void {
    const listeners: Set<SharedObjectListeners[Type]> = this.#listeners[type];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Resolves when what was sent is with the system. Rejects with `RtmpConnectionError` when the connection is over. */
  drained(): Promise<void> {
    return this.#port.drained();
  }

  /** Uses the object no longer: `data` stays as it is. The connection stays. */
  close(): void {
    if (this.#closed) return;
    this.#leave();
    this.#using?.reject(new RtmpUsageError('ERR_SHARED_OBJECT_CLOSED', 'the shared object was closed'));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #use(options: CommandOptions): Promise<void> {
    if (this.#port.end) throw this.#port.end;
    const { name } = this;
    const using = new PendingAnswer<void>(`the use of ${name}`, options);
    this.#using = using;
    try {
      const isFree = this.#port.attach(name, {
        onContent: (content) => this.#take(content),
        close: () => this.close(),
        onEnd: (error) => this.#end(error),
      });
      if (!isFree) {
        this.#closed = true;
        throw new RtmpUsageError('ERR_SHARED_OBJECT_IN_USE', `the connection uses the shared object ${name} already`);
      }
      this.#request([{ type: 'use' }]);
      this.#saidUse = true;
      await using.promise;
    } catch (error) {
      this.#using = undefined;
      this.close();
      throw error;
    } finally {
      using.stopWaiting();
    }
  }

  #set(values: ReadonlyMap<string, AmfInput>): boolean {
    const { objectEncoding } = this.#port.session;
    const shown = new Map([...values].map(([name, value]) => [name, asReceived(value, objectEncoding)]));
    const events = [...values].map(([name, value]) => ({ type: 'requestChange', name, value }) as const);
    if (events.length === 0) return true;
    this.#checkOpen();
    this.#slots.checkRoom(shown);
    this.#say(events);
    this.#slots.set(shown);
    return this.#port.flush();
  }

  #delete(name: string): boolean {
    const keepsUp = this.#request([{ type: 'requestRemove', name }]);
    this.#slots.delete(name);
    return keepsUp;
  }

  #request(events: readonly SharedObjectEventInput[]): boolean {
    this.#checkOpen();
    this.#say(events);
    return this.#port.flush();
  }

  #checkOpen(): void {
    if (this.#port.end) throw this.#port.end;
    if (this.#closed) throw new RtmpUsageError('ERR_SHARED_OBJECT_CLOSED', 'the shared object has been closed');
  }

  #say(events: readonly SharedObjectEventInput[]): void {
    const { name, persistent } = this;
    this.#port.session.sendSharedObject({ name, persistent, version: this.#version, events });
  }

  /** What belongs together is seen together: listeners are told when all of it has been applied. */
  #take(content: SharedObjectContent): void {
    const { events, version } = content;
    if (this.#using && !this.#takeUse(content)) return;
    let changes: SharedObjectChange[];
    try {
      changes = this.#slots.apply(events);
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      this.#leave();
      this.#fail(error);
      return;
    }
    if (changes.length > 0) this.#version = version;
    this.#using?.resolve();
    this.#using = undefined;
    if (changes.length > 0) this.#tell('sync', changes);
    for (const event of events) {
      if (event.type === 'sendMessage') {
        this.#tell('message', { handler: event.name, args: event.args.map((value) => sharedValue(value)) });
      } else if (event.type === 'status') {
        this.#tell('status', { level: event.level, code: event.code });
      }
    }
  }

  /** Whether we may use it. What comes before may be about an earlier use of the same name. */
  #takeUse({ events }: SharedObjectContent): boolean {
    if (events.some(({ type }) => type === 'useSuccess')) return true;
    for (const event of events) {
      if (event.type !== 'status' || event.code === 'SharedObject.NoWriteAccess') continue;
      const { level, code } = event;
      const status = { level, code, description: '', info: undefined };
      this.#using?.reject(new RtmpCommandError(`the use of ${this.name}`, status));
    }
    return false;
  }

  #leave(): void {
    this.#closed = true;
    this.#port.detach(this.name);
    if (this.#port.end || !this.#saidUse) return;
    this.#say([{ type: 'release' }]);
    this.#port.flush();
  }

  #end(error: RtmpConnectionError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fail(error);
  }

  #fail(error: RtmpConnectionError | RtmpRemoteError): void {
    if (this.#using) this.#using.reject(error);
    else this.#tell('close', error);
  }

  #tell<Type extends keyof SharedObjectListeners>(type: Type, ...args: Parameters<SharedObjectListeners[Type]>): void {
    const listeners = this.#listeners[type] as ReadonlySet<(...args: Parameters<SharedObjectListeners[Type]>) => void>;
    for (const listener of [...listeners]) listener(...args);
  }

  #createData(): Partial<Slots> {
    return new Proxy(this.#slots.values, {
      set: (_values, name, value: AmfInput) => {
        // A symbol is no name, and the rest of what can be done to an object cannot be told to others.
        if (typeof name !== 'string') return false;
        this.#set(new Map([[name, value]]));
        return true;
      },
      deleteProperty: (_values, name) => {
        if (typeof name !== 'string') return false;
        this.#delete(name);
        return true;
      },
      defineProperty: () => false,
      preventExtensions: () => false,
      setPrototypeOf: () => false,
    }) as Partial<Slots>;
  }
}
