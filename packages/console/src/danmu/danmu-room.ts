import type { ServiceStream, ServiceStreamEvent } from '@millrace/client';
import type { Danmu } from '@millrace/protocol';
import { backoffMs } from '../api/index.js';
import { type ServerPlace, type StreamPath, streamKey } from '../model/index.js';
import { roomAddress } from './room-address.js';
import { SeenIds } from './seen-ids.js';

export type RoomState =
  /** Nobody wants to be in a room. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** Another try follows; a late one where the server has refused. */
  | { readonly kind: 'retrying'; readonly reason: string; readonly refused: boolean };

export interface RoomListener {
  onState(state: RoomState): void;
  /** What somebody else said. */
  onDanmu(danmu: Danmu): void;
  /** What the server has to say about something that was sent. */
  onNotice(text: string): void;
}

// Who is put out as soon as it came in waits longer and longer, too.
const steadyMs = 10_000;
// A refusal seldom changes within seconds.
const refusedFirstMs = 15_000;
const refusedMaxMs = 120_000;

/** The room of the chosen stream: connects, and connects again, until it is left. */
export class DanmuRoom {
  readonly #listener: RoomListener;
  #key = '';
  #leaving = new AbortController();
  #stream: ServiceStream | undefined;
  #seen = new SeenIds();

  constructor(listener: RoomListener) {
    this.#listener = listener;
  }

  /** Goes to the room of a stream and leaves the one before; `undefined`: only leaves. */
  enter(place: ServerPlace, path: StreamPath | undefined): void {
    const key = path === undefined ? '' : streamKey(path);
    if (key === this.#key) return;
    this.#key = key;
    this.#leaving.abort();
    this.#leaving = new AbortController();
    this.#stream = undefined;
    this.#seen = new SeenIds();
    if (path === undefined) this.#listener.onState({ kind: 'closed' });
    else void this.#stay(place, path, this.#leaving.signal);
  }

  /** Says something. Throws what can be shown where it may not be said, or nobody would hear it. */
  say(text: string, userId: string): void {
    if (this.#stream === undefined) throw new Error('There is no connection.');
    const messageId = this.#stream.danmu({ content: text, userId });
    // It does not come back; should it, it is no news.
    this.#seen.add(messageId);
  }

  async #stay(place: ServerPlace, path: StreamPath, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      if (failures === 0) this.#listener.onState({ kind: 'connecting' });
      const startedAtMs = performance.now();
      const failure = await this.#visit(place, path, signal);
      if (signal.aborted) return;
      failures = performance.now() - startedAtMs > steadyMs ? 1 : failures + 1;
      this.#listener.onState({ kind: 'retrying', ...failure });
      await pause(failure.refused ? backoffMs(failures, refusedFirstMs, refusedMaxMs) : backoffMs(failures), signal);
    }
  }

  /** Resolves when the connection is over, with the reason. */
  async #visit(
    place: ServerPlace,
    path: StreamPath,
    signal: AbortSignal,
  ): Promise<{ reason: string; refused: boolean }> {
    // Not needed for the first picture.
    const { NetConnection, RtmpCommandError } = await import('@millrace/client');
    try {
      const { url, serviceName } = roomAddress(place, path);
      const connection = await NetConnection.connect(url, { signal });
      try {
        const stream = await connection.serve(serviceName, { signal });
        const leave = (): void => void connection.close();
        signal.addEventListener('abort', leave, { once: true });
        if (signal.aborted) leave();
        else this.#opened(stream);
        for await (const event of stream) if (!signal.aborted) this.#take(event);
      } finally {
        void connection.close();
      }
      return { reason: 'The connection was closed.', refused: false };
    } catch (error) {
      if (!(error instanceof RtmpCommandError)) return { reason: 'The connection was lost.', refused: false };
      return { reason: error.status.description || 'The server refuses it.', refused: true };
    } finally {
      if (!signal.aborted) this.#stream = undefined;
    }
  }

  #opened(stream: ServiceStream): void {
    this.#stream = stream;
    this.#listener.onState({ kind: 'open' });
  }

  #take(event: ServiceStreamEvent): void {
    switch (event.type) {
      case 'danmu':
        if (this.#seen.add(event.message.header.messageId)) this.#listener.onDanmu(event.danmu);
        return;
      case 'status':
        if (event.status.level === 'error') this.#listener.onNotice(event.status.description);
        return;
      case 'message':
      case 'invalid':
        return;
      default:
        event satisfies never;
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = window.setTimeout(resolve, ms);
    // Back in reach: not later than needed.
    window.addEventListener('online', () => resolve(), { once: true, signal });
    signal.addEventListener(
      'abort',
      () => {
        window.clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
