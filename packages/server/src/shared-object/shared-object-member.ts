import { RtmpRemoteError } from '@millrace/protocol';
import {
  EncodedBatch,
  type MemberFormat,
  type ObjectName,
  type OutEvent,
  type OutMessage,
} from './shared-object-encoding.js';
import { dataLength } from './slot-data.js';

/** Where a member's messages go. The object calls this; the connection implements it. */
export interface MemberSink {
  /** Bytes given to the connection that the kernel has not taken yet. */
  readonly pendingBytes: number;
  /** The bytes are shared with other members: never change them. */
  write(bytes: Uint8Array): void;
  /** Closes the connection. */
  close(error: RtmpRemoteError): void;
}

export interface MemberLimits {
  /** A member with more bytes pending than this is slow: it gets the newest state instead of every change. */
  readonly queueBytes: number;
  /** A slow member whose pending bytes made no progress for this long, ms, is let go. */
  readonly stallTimeoutMs: number;
}

/** One place in the order in which all members are told. */
export interface Entry {
  readonly sequence: number;
  /** To everybody but who `own` is for. */
  readonly message: OutMessage;
  /** To its member instead. */
  readonly own?: OwnMessage | undefined;
}

interface OwnMessage {
  readonly member: SharedObjectMember;
  readonly message: OutMessage;
  /** The message is all that the member needs to know: a slow one follows again from here on. */
  readonly isState?: true;
}

/** A client that uses an object. One that keeps up is written views of what all get; a slow one nothing, until it has taken what is pending. */
export class SharedObjectMember {
  readonly format: MemberFormat;
  readonly sink: MemberSink;
  readonly #object: ObjectName;
  readonly #limits: MemberLimits;
  /** The first entry that is for it. */
  #from: number;
  #version: number;
  #isSlow = false;
  #awaitsState = false;
  #isWelcomed = false;
  /** Messages that it has missed, which no state can make up for. */
  #missed: OutEvent[] = [];
  #missedBytes = 0;
  /** Messages that it will never get. */
  droppedMessages = 0;
  #stalledSinceMs = 0;
  #stalledPendingBytes = 0;
  #isClosed = false;

  /** `from`: the entry that tells it of its place. `known`: the version that it has already; 0: none. */
  constructor(options: {
    readonly object: ObjectName;
    readonly format: MemberFormat;
    readonly sink: MemberSink;
    readonly limits: MemberLimits;
    readonly from: number;
    readonly known: number;
  }) {
    this.#object = options.object;
    this.format = options.format;
    this.sink = options.sink;
    this.#limits = options.limits;
    this.#from = options.from;
    this.#version = options.known;
  }

  get isSlow(): boolean {
    return this.#isSlow;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether it was told of its place. */
  get isWelcomed(): boolean {
    return this.#isWelcomed;
  }

  /** The newest version that it knows as a whole; 0: it is to be told everything. */
  get version(): number {
    return this.#version;
  }

  /** Entries, their shared messages as `batch` has them. `own`: those of them with something for this member alone. */
  take(entries: readonly Entry[], batch: EncodedBatch, own: readonly Entry[] | undefined): void {
    const [first] = entries;
    if (first === undefined || this.#isClosed) return;
    let at = Math.max(0, this.#from - first.sequence);
    for (const entry of own ?? []) {
      const index = entry.sequence - first.sequence;
      if (index < at) continue;
      this.#takeShared(entries, batch, at, index);
      this.#takeOwn(entry);
      at = index + 1;
    }
    this.#takeShared(entries, batch, at, entries.length);
  }

  /** Whether what was pending has gone, so that it is to be told the state: once. Closes a member that takes nothing for too long. */
  takesState(nowMs: number): boolean {
    const { pendingBytes } = this.sink;
    if (this.#isClosed || !this.#isSlow || this.#awaitsState) return false;
    if (pendingBytes <= this.#limits.queueBytes / 2) {
      this.#stalledSinceMs = 0;
      this.#awaitsState = true;
      return true;
    }
    if (this.#stalledSinceMs === 0 || pendingBytes !== this.#stalledPendingBytes) {
      this.#stalledSinceMs = nowMs;
      this.#stalledPendingBytes = pendingBytes;
    } else if (nowMs - this.#stalledSinceMs >= this.#limits.stallTimeoutMs) {
      const text = `the member of a shared object has taken nothing for ${this.#limits.stallTimeoutMs} ms`;
      this.close(new RtmpRemoteError('ERR_SHARED_OBJECT_STALLED', text));
    }
    return false;
  }

  close(error: RtmpRemoteError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.sink.close(error);
  }

  /** Gone: nothing is written any more. */
  closed(): void {
    this.#isClosed = true;
    this.#missed = [];
  }

  #takeShared(entries: readonly Entry[], batch: EncodedBatch, from: number, to: number): void {
    const last = entries[to - 1];
    if (from >= to || last === undefined || this.#isClosed) return;
    const view = batch.view(from, to);
    if (view.length === 0) return;
    if (this.#mustSkip()) {
      for (const { message } of entries.slice(from, to)) this.#miss(message.events);
      return;
    }
    this.sink.write(view);
    this.#version = last.message.version;
  }

  #takeOwn({ own }: Entry): void {
    if (own === undefined || this.#isClosed) return;
    const { version, events } = own.message;
    if (own.isState) {
      this.#isSlow = false;
      this.#awaitsState = false;
    }
    if (this.#mustSkip()) {
      this.#miss(events);
      // It has to forget what it has changed itself.
      if (events.some(({ type }) => type === 'change' || type === 'remove')) this.#version = 0;
      return;
    }
    const message = { version, events: this.#missed.length === 0 ? events : [...events, ...this.#missed] };
    this.#missed = [];
    this.#missedBytes = 0;
    this.sink.write(new EncodedBatch(this.#object, [message], this.format).view(0, 1));
    this.#version = version;
    if (own.isState) this.#isWelcomed = true;
  }

  #mustSkip(): boolean {
    this.#isSlow ||= this.sink.pendingBytes > this.#limits.queueBytes;
    return this.#isSlow;
  }

  /** Of changes the state will tell; messages are kept as far as there is room, the newest of them. */
  #miss(events: readonly OutEvent[]): void {
    for (const event of events) {
      if (event.type !== 'sendMessage' && event.type !== 'status') continue;
      this.#missed.push(event);
      this.#missedBytes += lengthOf(event);
    }
    while (this.#missedBytes > this.#limits.queueBytes) {
      const oldest = this.#missed.shift();
      if (oldest === undefined) break;
      this.#missedBytes -= lengthOf(oldest);
      this.droppedMessages += 1;
    }
  }
}

function lengthOf(event: OutEvent): number {
  return eventOverhead + ('data' in event ? dataLength(event.data) : 0);
}

/** What an event takes beside its data, about. */
const eventOverhead = 64;
