import { RtmpRemoteError } from '../../bytes/index.js';
import type { ClientSessionLimits } from './client-session-options.js';

/** The session's timers: what the server still owes us, and by when. All on the clock of `receive`. */
export class ClientSessionDeadlines {
  readonly #limits: ClientSessionLimits;
  #lastReceivedMs: number;
  #handshakeMs: number | undefined;
  #connectMs: number | undefined;

  constructor(limits: ClientSessionLimits, nowMs: number) {
    this.#limits = limits;
    this.#lastReceivedMs = nowMs;
    this.#handshakeMs = after(nowMs, limits.handshakeTimeoutMs);
  }

  received(nowMs: number): void {
    this.#lastReceivedMs = nowMs;
  }

  handshaken(): void {
    this.#handshakeMs = undefined;
  }

  connectSent(): void {
    this.#connectMs = after(this.#lastReceivedMs, this.#limits.connectTimeoutMs);
  }

  connectAnswered(): void {
    this.#connectMs = undefined;
  }

  next(): number | undefined {
    const running = [this.#handshakeMs, this.#connectMs, this.#idleMs()].filter((deadline) => deadline !== undefined);
    return running.length === 0 ? undefined : Math.min(...running);
  }

  /** What the server failed to do in time, if it did. */
  passed(nowMs: number): RtmpRemoteError | undefined {
    const isPast = (deadline: number | undefined) => deadline !== undefined && nowMs >= deadline;
    if (isPast(this.#handshakeMs)) {
      return new RtmpRemoteError('ERR_RTMP_TIMEOUT_HANDSHAKE', 'the server did not finish the handshake in time');
    }
    if (isPast(this.#connectMs)) {
      return new RtmpRemoteError('ERR_RTMP_TIMEOUT_CONNECT', 'the server did not answer connect in time');
    }
    if (isPast(this.#idleMs())) {
      return new RtmpRemoteError('ERR_RTMP_TIMEOUT_IDLE', 'the server sent nothing for too long');
    }
    return undefined;
  }

  #idleMs(): number | undefined {
    return after(this.#lastReceivedMs, this.#limits.idleTimeoutMs);
  }
}

function after(nowMs: number, timeoutMs: number): number | undefined {
  return timeoutMs > 0 ? nowMs + timeoutMs : undefined;
}
