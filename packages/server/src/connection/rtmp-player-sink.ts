import type { ServerSession } from '@millrace/protocol';
import type { PlayerSink } from '../live/index.js';
import type { ByteTransport } from './byte-transport.js';

/** Joins a playing message stream of an RTMP connection to the live path: media goes past the session, notices through it. */
export class RtmpPlayerSink implements PlayerSink {
  readonly #transport: ByteTransport;
  readonly #session: ServerSession;
  readonly #messageStreamId: number;
  readonly #flush: () => void;

  /** `flush` sends what the session has to say. */
  constructor(transport: ByteTransport, session: ServerSession, messageStreamId: number, flush: () => void) {
    this.#transport = transport;
    this.#session = session;
    this.#messageStreamId = messageStreamId;
    this.#flush = flush;
  }

  get address(): string {
    return this.#transport.remoteAddress;
  }

  get pendingBytes(): number {
    return this.#transport.pendingBytes;
  }

  write(bytes: Uint8Array): void {
    this.#transport.write(bytes);
  }

  started(): void {
    this.#session.publishNotify(this.#messageStreamId);
    this.#flush();
  }

  ended(): void {
    this.#session.unpublishNotify(this.#messageStreamId);
    this.#flush();
  }

  behind(): void {
    this.#session.sendStatus(
      this.#messageStreamId,
      'NetStream.Play.InsufficientBW',
      'Parts of the stream were left out.',
    );
    this.#flush();
  }

  stalled(): void {
    this.#transport.close('stalled: the player took nothing for longer than limits.stallTimeoutMs');
  }
}
