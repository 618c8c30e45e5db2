import type { Rejection, ServerSession } from '@millrace/protocol';
import { maxQueue, type PlayItem } from './play-item.js';
import type { FinishedLive } from './playing-streams.js';

export interface LiveQueueOptions {
  readonly session: ServerSession;
  readonly messageStreamId: number;
  /** Sends what the session has to say. */
  readonly flush: () => void;
  /** What was granted is over, or did not come about. */
  readonly drop: (item: PlayItem) => void;
  /** The live stream has ended: this follows, and the others behind it. `endMs`: of the stream. */
  readonly follow: (item: PlayItem, rest: readonly PlayItem[], endMs: number) => void;
}

/** What is to be played behind a live stream that is played for a time. */
export class LiveQueue {
  readonly #options: LiveQueueOptions;
  #items: PlayItem[];
  #endMs: number | undefined;

  constructor(options: LiveQueueOptions, items: readonly PlayItem[]) {
    this.#options = options;
    this.#items = [...items];
  }

  has(streamName: string): boolean {
    return this.#items.some(({ request }) => request.streamName === streamName);
  }

  /** Answers a request that was granted, and puts it behind the others, or where it is to be swapped in. */
  append(item: PlayItem): void {
    const { session, drop } = this.#options;
    const { transition } = item.request;
    const old = this.#items.findIndex((one) => one.request.streamName === transition?.oldStreamName);
    const isSwap = transition?.kind === 'swap';
    const refusal = isSwap && old < 0 ? notInList : this.#items.length >= maxQueue ? tooLong : undefined;
    if (refusal !== undefined) session.reject(item.request, refusal);
    if (refusal !== undefined || !session.accept(item.request)) {
      drop(item);
      return;
    }
    if (isSwap) for (const swapped of this.#items.splice(old, 1, item)) drop(swapped);
    else this.#items.push(item);
    this.#advance();
  }

  /** The live stream has ended. */
  finished({ messageStreamId, durationMs, bytes, endMs }: FinishedLive): void {
    this.#endMs = endMs;
    if (this.#items.length > 0) {
      this.#advance();
      return;
    }
    this.#options.session.playComplete(messageStreamId, { durationMs, bytes });
    this.#options.flush();
  }

  close(): void {
    for (const item of this.#items.splice(0)) this.#options.drop(item);
  }

  #advance(): void {
    const endMs = this.#endMs;
    const next = this.#items[0];
    // Who appends and waits has more to come.
    const isWaiting = this.#items.every(({ request }) => request.transition?.kind === 'appendAndWait');
    if (endMs === undefined || next === undefined || isWaiting) return;
    const rest = this.#items.slice(1);
    this.#items = [];
    this.#options.follow(next, rest, endMs);
  }
}

const notInList: Rejection = { code: 'NetStream.Play.Failed', description: 'It is not in the play list.' };
const tooLong: Rejection = { code: 'NetStream.Play.Failed', description: 'The play list is too long.' };
