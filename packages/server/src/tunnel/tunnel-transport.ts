import { PollingInterval, SequenceOrder, type TunnelCommand } from '@millrace/protocol';
import type { RtmpTransport, TransportEvents } from '../listen/index.js';
import type { BodyRoom, RoomHolder } from './body-room.js';
import { KeptAnswers } from './kept-answers.js';
import { TunnelOutput } from './tunnel-output.js';
import type { TunnelPeer } from './tunnel-peer.js';
import type { TunnelReply } from './tunnel-reply.js';
import { type TunnelCarrier, TunnelUse } from './tunnel-use.js';

/** A request of an open tunnel, complete. */
export interface TunnelPost {
  readonly command: TunnelCommand;
  readonly sequence: number;
  /** RTMP's bytes, for `send` alone: kept, and changed where they are decrypted. */
  readonly body: Uint8Array;
  readonly reply: TunnelReply;
}

export interface TunnelTransportOptions {
  readonly id: string;
  readonly peer: TunnelPeer;
  /** Shared with all others. */
  readonly room: BodyRoom;
  /** Without a request for this long the tunnel is closed. */
  readonly idleTimeoutMs: number;
  /** Monotonic clock, ms. */
  readonly now: () => number;
  /** Called with the first bytes, before they are received; is to call `attach`. */
  readonly onBegin: (transport: TunnelTransport, firstByte: number) => void;
  /** Once, when there is no tunnel any more. */
  readonly onGone: (transport: TunnelTransport) => void;
}

/** One answer carries no more, so that a late joiner's megabytes do not wait for each other in copies. */
const maxAnswerBytes = 1024 * 1024;
/**
 * How long an `idle` waits for something to send, ms. librtmp asks again at once and FFmpeg after 50 ms, so this saves
 * most requests, and what is sent meanwhile goes out at once. Longer, it would hold up a client with one connection that
 * has something to say.
 */
const holdMs = 50;
/** Requests that have overtaken others, and how far. */
const maxWaiting = 256;
/** Answers that the peer does not read: Node keeps some kilobytes for each. */
const maxUntakenAnswers = 1024;
/** Peers number from 0, or from 1: how long the first number may be missing before it is taken as given, ms. */
const firstGapMs = 200;
/** How long any other may be missing, ms. */
const gapTimeoutMs = 5000;
/** Bytes of answers that are sent again and that the peer does not read. */
const maxUntakenRepeats = 4 * maxAnswerBytes;
/** How long a peer may take to fetch the last bytes after `end`, ms. */
const lingerMs = 2000;
/** For requests that are repeated because their answers were lost. */
const keptAnswers = 4;
const closedAnswer = Uint8Array.of(0);
const emptyAnswer = Uint8Array.of(1);

/** RTMP's bytes in HTTP requests and their answers, as the connection layer sees them. Knows nothing of HTTP. */
export class TunnelTransport implements RtmpTransport, RoomHolder {
  readonly id: string;
  closeReason: string | undefined;
  readonly #options: TunnelTransportOptions;
  readonly #order = new SequenceOrder<TunnelPost>({ first: 0, maxWaiting });
  readonly #interval = new PollingInterval();
  readonly #usage: TunnelUse;
  #events: TransportEvents | undefined;
  readonly #output = new TunnelOutput();
  #untakenBytes = 0;
  #untakenAnswers = 0;
  #untakenRepeats = 0;
  #receivedBytes = 0;
  #sentBytes = 0;
  /** The `idle` that is held until there is something to send. */
  #held: { readonly post: TunnelPost; readonly timer: NodeJS.Timeout } | undefined;
  readonly #kept = new KeptAnswers({ maxCount: keptAnswers, maxBytes: maxAnswerBytes });
  #isFlushing = false;
  #isAdvancing = false;
  #hasBegun = false;
  #isGone = false;
  #reading = true;
  #onReading: (() => void)[] = [];
  /** What is to be done about bodies that are still coming when all is over. */
  readonly #drops = new Set<() => void>();
  #firstGap: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;
  #gapSinceMs: number | undefined;

  constructor(options: TunnelTransportOptions) {
    this.id = options.id;
    this.#options = options;
    this.#usage = new TunnelUse(options.now());
  }

  get remoteAddress(): string {
    return this.#options.peer.address;
  }

  get localAddress(): string | undefined {
    return this.#options.peer.localAddress;
  }

  get tls(): boolean {
    return this.#options.peer.tls;
  }

  get pendingBytes(): number {
    return this.#output.byteCount + this.#untakenBytes;
  }

  /** From now on `events` is told. */
  attach(events: TransportEvents): this {
    this.#events = events;
    return this;
  }

  /** A request for this tunnel begins, or goes on, over `carrier`. */
  touch(carrier: TunnelCarrier): void {
    this.#usage.touch(carrier, this.#options.now());
  }

  /** Calls back when bodies are wanted: at once, unless the connection does not read now. Also when all is over. */
  whenReading(proceed: () => void): void {
    if (this.#reading || this.#isGone) {
      proceed();
      return;
    }
    this.#onReading.push(proceed);
    if (this.#onReading.length > maxWaiting) this.close('it sends requests that nobody can read yet');
  }

  /** Nobody can use what comes for it. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** A body begins to come: `drop` is called if all is over before the result is. To be asked before: `isGone`. */
  whileComing(drop: () => void): () => void {
    this.#drops.add(drop);
    return () => void this.#drops.delete(drop);
  }

  /** Makes room for bytes of a body. All is over if there is none. */
  takeRoom(byteCount: number): void {
    if (!this.#isGone) this.#options.room.take(this, byteCount);
  }

  /** Of a request that came to nothing. */
  giveRoom(byteCount: number): void {
    this.#options.room.give(this, byteCount);
  }

  evict(reason: string): void {
    this.#begin(reason);
    this.#finish();
  }

  /** Takes a request, in any order. Its body has had room made for it. */
  post(post: TunnelPost): void {
    if (this.#isGone) {
      post.reply.refuse();
      return;
    }
    const placed = this.#order.add(post.sequence, post);
    switch (placed) {
      case 'placed':
        this.#advance();
        return;
      case 'waiting':
        this.#replace(post);
        return;
      case 'taken':
        this.giveRoom(post.body.length);
        this.#repeat(post);
        return;
      case 'full':
        post.reply.refuse();
        this.close('its requests are too far ahead of one that is missing');
        return;
      default:
        placed satisfies never;
    }
  }

  /** To be called now and then. */
  checkDeadline(nowMs: number): void {
    const unused = this.#usage.check(nowMs, this.#options.idleTimeoutMs);
    if (unused !== undefined) this.close(unused);
    else if (this.#hasBegun && this.#gapSinceMs !== undefined && nowMs - this.#gapSinceMs > gapTimeoutMs) {
      this.close(`request ${this.#order.next} is missing`);
    }
  }

  setReading(reading: boolean): void {
    this.#reading = reading;
    if (!reading || this.closeReason !== undefined) return;
    this.#advance();
    this.#proceed();
  }

  write(bytes: Uint8Array): void {
    if (this.closeReason !== undefined || this.#isGone || bytes.length === 0) return;
    this.#output.push(bytes);
    if (this.#held === undefined || this.#isFlushing) return;
    this.#isFlushing = true;
    // What is written now and right after it leaves in one answer.
    process.nextTick(() => {
      this.#isFlushing = false;
      this.#releaseHeld();
    });
  }

  end(reason: string): void {
    if (!this.#begin(reason)) return;
    this.#releaseHeld();
    if (this.pendingBytes === 0) {
      this.#finish();
      return;
    }
    this.#linger = setTimeout(() => this.#finish(), lingerMs).unref();
    // Bodies are not used any more, but their answers fetch what is left.
    this.#reading = true;
    this.#advance();
    this.#proceed();
  }

  close(reason: string): void {
    if (this.#begin(reason)) this.#finish();
  }

  destroy(): void {
    this.#finish();
  }

  #begin(reason: string): boolean {
    if (this.closeReason !== undefined || this.#isGone) return false;
    this.closeReason = reason;
    this.#events?.closing();
    return true;
  }

  #finish(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#firstGap);
    clearTimeout(this.#linger);
    if (this.#held !== undefined) {
      clearTimeout(this.#held.timer);
      this.#held.post.reply.refuse();
      this.#held = undefined;
    }
    for (const { reply } of this.#order.clear()) reply.refuse();
    this.#output.clear();
    this.#kept.clear();
    this.#usage.clear();
    this.#options.room.giveAll(this);
    this.#options.onGone(this);
    this.#proceed();
    for (const drop of this.#drops) drop();
    this.#drops.clear();
    // As with sockets: never while the connection layer is at work.
    process.nextTick(() => this.#events?.closed());
  }

  #proceed(): void {
    for (const proceed of this.#onReading.splice(0)) proceed();
  }

  /** Uses what is in order. */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      while (this.#reading && !this.#isGone) {
        const post = this.#order.take();
        if (post === undefined) break;
        this.#hasBegun = true;
        this.giveRoom(post.body.length);
        this.#use(post);
      }
    } finally {
      this.#isAdvancing = false;
    }
    this.#watchGap();
  }

  #watchGap(): void {
    if (this.#order.waitingCount === 0 || !this.#reading || this.#isGone) {
      this.#gapSinceMs = undefined;
      return;
    }
    this.#gapSinceMs ??= this.#options.now();
    if (this.#hasBegun || this.#firstGap !== undefined) return;
    this.#firstGap = setTimeout(() => {
      if (this.#hasBegun) return;
      this.#order.skipGap();
      this.#advance();
    }, firstGapMs).unref();
  }

  #use(post: TunnelPost): void {
    // Answers are in the order of requests, so the one that waits goes first.
    this.#releaseHeld();
    switch (post.command) {
      case 'send':
        this.#receive(post.body);
        this.#answer(post);
        return;
      case 'idle':
        if (this.#isWorthHolding) this.#hold(post);
        else this.#answer(post);
        return;
      case 'close':
        post.reply.send(closedAnswer, () => undefined);
        this.#finish();
        return;
      default:
        post.command satisfies never;
    }
  }

  #receive(bytes: Uint8Array): void {
    const [firstByte] = bytes;
    if (firstByte === undefined || this.closeReason !== undefined) return;
    this.#receivedBytes += bytes.length;
    if (this.#events === undefined) this.#options.onBegin(this, firstByte);
    this.#events?.received(bytes);
  }

  /** Whoever mostly sends is not held up: FFmpeg asks in the middle of a frame, and goes on when it has been answered. */
  get #isWorthHolding(): boolean {
    return this.#output.byteCount === 0 && this.closeReason === undefined && this.#sentBytes >= this.#receivedBytes;
  }

  #hold(post: TunnelPost): void {
    const timer = setTimeout(() => this.#releaseHeld(), holdMs);
    this.#held = { post, timer };
  }

  #releaseHeld(): void {
    if (this.#held === undefined) return;
    const { post, timer } = this.#held;
    this.#held = undefined;
    clearTimeout(timer);
    this.#answer(post);
  }

  /** It waits already, but perhaps on a connection that is gone. */
  #replace(post: TunnelPost): void {
    const other = this.#order.replace(post.sequence, post);
    if (other === undefined) return;
    this.giveRoom(other.body.length);
    this.#send(other.reply, emptyAnswer, 0);
  }

  /** It came before. Either its answer was lost, or the connection on which that was to be sent. */
  #repeat(post: TunnelPost): void {
    const kept = this.#kept.find(post.sequence);
    if (kept !== undefined) this.#send(post.reply, kept, 0);
    else if (this.#held?.post.sequence === post.sequence) {
      this.#releaseHeld();
      this.#repeat(post);
    } else if (post.sequence === this.#order.next - 1) this.#answer(post);
    // What there is to send belongs behind what has been sent with later ones.
    else this.#send(post.reply, emptyAnswer, 0);
  }

  #answer({ sequence, body, reply }: TunnelPost): void {
    if (this.#isGone) {
      reply.refuse();
      return;
    }
    // What there is to send is for somebody who is there.
    if (reply.isGone) return;
    const output = this.#output.take(maxAnswerBytes);
    const byteCount = output.reduce((sum, { length }) => sum + length, 0);
    const interval = this.#interval.next(byteCount > 0 || body.length > 0);
    const bytes = Buffer.concat([Uint8Array.of(interval), ...output], 1 + byteCount);
    this.#kept.add(sequence, bytes);
    this.#sentBytes += byteCount;
    this.#send(reply, bytes, byteCount);
  }

  #send(reply: TunnelReply, bytes: Uint8Array, newBytes: number): void {
    this.#untakenBytes += newBytes;
    this.#untakenAnswers += 1;
    const repeated = bytes.length - newBytes;
    this.#untakenRepeats += repeated;
    reply.send(bytes, () => {
      this.#untakenBytes -= newBytes;
      this.#untakenAnswers -= 1;
      this.#untakenRepeats -= repeated;
      if (this.closeReason !== undefined && this.pendingBytes === 0) this.#finish();
    });
    if (this.#untakenAnswers <= maxUntakenAnswers && this.#untakenRepeats <= maxUntakenRepeats) return;
    this.close('it reads no answers');
  }
}
