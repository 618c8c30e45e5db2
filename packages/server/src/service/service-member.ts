import { RtmpRemoteError, ServiceQueue, type ServiceQueueLimits } from '@millrace/protocol';
import { EncodedBatch, type EncodedMessage, type MemberFormat } from './service-encoding.js';

/** Where a member's messages go. The room calls this; the connection implements it. */
export interface MemberSink {
  /** Bytes given to `write` that the kernel has not taken yet. While it is not 0 nothing more is written. */
  readonly pendingBytes: number;
  /** The bytes are shared with other members: never change them. */
  write(bytes: Uint8Array): void;
  /** The member is told `NetStream.Serve.Error` on its message stream. */
  refuse(description: string): void;
  /** The member is told as by `refuse`, as far as it listens, then its connection is closed. */
  close(error: RtmpRemoteError): void;
  /** A fault of the server's own, which ends the connection. */
  failed(err: unknown): void;
}

export interface MemberLimits {
  readonly queue: ServiceQueueLimits;
  /** How long a message that must not be dropped may wait, ms. */
  readonly timeoutMs: number;
  /** A member whose pending bytes made no progress for this long, ms, is let go. */
  readonly stallTimeoutMs: number;
}

/** A message in a member's queue. */
interface Waiting {
  readonly bytes: Buffer;
  readonly queuedMs: number;
  isSent: boolean;
}

/** What one write of a member that lagged takes out of its queue, bytes. */
const maxWriteBytes = 64 * 1024;

/**
 * A client that is attached to a room. One that keeps up is written views of what all get. While its connection has bytes
 * pending, it has a queue, which is bounded and drops what may be dropped.
 */
export class ServiceMember {
  readonly format: MemberFormat;
  readonly sink: MemberSink;
  /** Sequence number of the first message that came after it. */
  readonly joinedAt: number;
  /** Sequence numbers of its own messages in the batch that is gathered: it does not get them. */
  readonly own: number[] = [];
  readonly #limits: MemberLimits;
  readonly #onDrops: (messages: number) => void;
  /** `undefined`: nothing waits, and the member keeps up. */
  #queue: ServiceQueue<Waiting> | undefined;
  /** Those that must not be dropped, by arrival; from `#keptStart` on. */
  #kept: Waiting[] = [];
  #keptStart = 0;
  #dropped = 0;
  #stalledSinceMs = 0;
  #stalledPendingBytes = 0;
  #isClosed = false;

  constructor(options: {
    readonly format: MemberFormat;
    readonly sink: MemberSink;
    readonly joinedAt: number;
    readonly limits: MemberLimits;
    /** Messages were dropped for want of room. */
    readonly onDrops: (messages: number) => void;
  }) {
    this.format = options.format;
    this.sink = options.sink;
    this.joinedAt = options.joinedAt;
    this.#limits = options.limits;
    this.#onDrops = options.onDrops;
  }

  get isLagging(): boolean {
    return this.#queue !== undefined;
  }

  /** Messages dropped so far. */
  get droppedMessages(): number {
    return this.#dropped + (this.#queue?.droppedMessages ?? 0);
  }

  /** Messages that wait for it. */
  get waitingMessages(): number {
    return this.#queue?.length ?? 0;
  }

  /** The batch that begins with the sequence number `first`, in this member's format. */
  take(messages: readonly EncodedMessage[], batch: EncodedBatch, first: number, nowMs: number): void {
    const own = this.own.splice(0);
    let from = Math.max(0, this.joinedAt - first);
    for (const sequence of own) {
      this.#takeRange(messages, batch, from, sequence - first, nowMs);
      from = sequence - first + 1;
    }
    this.#takeRange(messages, batch, from, messages.length, nowMs);
  }

  /** Messages for this member alone, at once. */
  send(messages: readonly EncodedMessage[], nowMs: number): void {
    this.#takeRange(messages, new EncodedBatch(messages, this.format), 0, messages.length, nowMs);
  }

  /** Sends what waits, as far as the connection takes it. Returns whether more is left. */
  drain(nowMs: number): boolean {
    const queue = this.#queue;
    if (queue === undefined || this.#isClosed) return false;
    while (this.sink.pendingBytes === 0 && queue.length > 0 && !this.#isClosed) this.#writeSome(queue);
    if (this.#isClosed) return false;
    if (queue.length === 0) {
      this.#dropped += queue.droppedMessages;
      this.#queue = undefined;
      this.#kept = [];
      this.#keptStart = 0;
      this.#stalledSinceMs = 0;
      return false;
    }
    return this.#checkPatience(nowMs);
  }

  /** Gone: nothing is written any more. */
  closed(): void {
    this.#isClosed = true;
  }

  #takeRange(messages: readonly EncodedMessage[], batch: EncodedBatch, from: number, to: number, nowMs: number): void {
    if (from >= to || this.#isClosed) return;
    if (this.#queue === undefined) {
      if (this.sink.pendingBytes === 0) {
        const view = batch.view(from, to);
        if (view.length > 0) this.sink.write(view);
        return;
      }
      this.#queue = new ServiceQueue(this.#limits.queue);
    }
    for (let index = from; index < to; index += 1) {
      const message = messages[index];
      if (message === undefined || !this.#enqueue(this.#queue, message, batch.copy(index), nowMs)) return;
    }
  }

  #enqueue(queue: ServiceQueue<Waiting>, { header }: EncodedMessage, bytes: Buffer, nowMs: number): boolean {
    if (bytes.length === 0) return true;
    const waiting = { bytes, queuedMs: nowMs, isSent: false };
    const before = queue.droppedMessages;
    const result = queue.push(waiting, header, bytes.length);
    if (queue.droppedMessages > before) this.#onDrops(queue.droppedMessages - before);
    if (result === 'full') {
      this.#fail('ERR_SERVICE_MEMBER_FULL', 'a message that must not be dropped finds no room in the queue');
      return false;
    }
    if (result === 'queued' && !header.abandon) this.#kept.push(waiting);
    return true;
  }

  #writeSome(queue: ServiceQueue<Waiting>): void {
    const parts: Buffer[] = [];
    let length = 0;
    while (length < maxWriteBytes) {
      const waiting = queue.shift();
      if (waiting === undefined) break;
      waiting.isSent = true;
      parts.push(waiting.bytes);
      length += waiting.bytes.length;
    }
    this.sink.write(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, length));
  }

  /** Closes the member where it takes too long. Returns whether it is to be looked at again. */
  #checkPatience(nowMs: number): boolean {
    const { timeoutMs, stallTimeoutMs } = this.#limits;
    while (this.#kept[this.#keptStart]?.isSent === true) this.#keptStart += 1;
    if (this.#keptStart >= 256 && this.#keptStart * 2 >= this.#kept.length) {
      this.#kept = this.#kept.slice(this.#keptStart);
      this.#keptStart = 0;
    }
    const oldest = this.#kept[this.#keptStart];
    if (oldest !== undefined && nowMs - oldest.queuedMs >= timeoutMs) {
      this.#fail('ERR_SERVICE_MEMBER_TIMEOUT', `a message that must not be dropped has waited for ${timeoutMs} ms`);
      return false;
    }
    const { pendingBytes } = this.sink;
    if (this.#stalledSinceMs === 0 || pendingBytes !== this.#stalledPendingBytes) {
      this.#stalledSinceMs = nowMs;
      this.#stalledPendingBytes = pendingBytes;
    } else if (nowMs - this.#stalledSinceMs >= stallTimeoutMs) {
      this.#fail('ERR_SERVICE_MEMBER_STALLED', `the member has taken nothing for ${stallTimeoutMs} ms`);
      return false;
    }
    return true;
  }

  #fail(code: string, message: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.sink.close(new RtmpRemoteError(code, message));
  }
}
