import { RtmpRemoteError, RtmpUsageError } from '../../bytes/index.js';
import type { ServerEvent } from './server-event.js';
import { type ConnectionState, type ConnectionStep, connectionSteps } from './session-states.js';

/** How far a server's connection has come, how it ends, and what has happened on it that nobody has taken yet. */
export class ConnectionProgress {
  readonly #events: ServerEvent[] = [];
  readonly #onEnd: () => void;
  #state: ConnectionState = 'handshaking';

  /** `onEnd`: nothing more is to be read. It can be called more than once. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  step(step: ConnectionStep): void {
    const next = connectionSteps[this.#state][step];
    if (next === undefined) throw new RtmpUsageError('ERR_RTMP_SESSION_STATE', `${step} while ${this.#state}`);
    this.#state = next;
  }

  emit(event: ServerEvent): void {
    this.#events.push(event);
  }

  /** The oldest event; `undefined`: there is none. */
  takeEvent(): ServerEvent | undefined {
    return this.#events.shift();
  }

  forgetEvents(): void {
    this.#events.length = 0;
  }

  /** Runs what the client's bytes decide about: what they cause ends this session and nothing else. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof RtmpRemoteError)) throw error;
      this.fail(error);
    }
  }

  fail(error: RtmpRemoteError): void {
    if (this.ended) return;
    this.end();
    this.emit({ type: 'failed', error });
  }

  end(): void {
    this.step('end');
    this.#onEnd();
  }
}
