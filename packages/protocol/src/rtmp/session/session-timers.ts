import { RtmpRemoteError } from '../../bytes/index.js';
import type { SessionLimits } from './session-limits.js';
import type { ConnectionState } from './session-states.js';

type TimerLimits = Pick<SessionLimits, 'handshakeTimeoutMs' | 'connectTimeoutMs' | 'idleTimeoutMs'>;

interface Deadline {
  readonly atMs: number;
  readonly kind: 'handshake' | 'connect' | 'ping' | 'idle';
}

/** How long a server's connection may take or be silent. Knows no clock: the times are handed in. */
export class SessionTimers {
  readonly #limits: TimerLimits;
  /** When the present state was entered. */
  #enteredMs: number;
  #lastReceivedMs: number;
  /** `undefined`: not since the last byte came. */
  #pingedMs: number | undefined;

  constructor(limits: TimerLimits, nowMs: number) {
    this.#limits = limits;
    this.#enteredMs = nowMs;
    this.#lastReceivedMs = nowMs;
  }

  entered(nowMs: number): void {
    this.#enteredMs = nowMs;
  }

  received(nowMs: number): void {
    this.#lastReceivedMs = nowMs;
    this.#pingedMs = undefined;
  }

  next(state: ConnectionState): Deadline | undefined {
    const { handshakeTimeoutMs, connectTimeoutMs, idleTimeoutMs } = this.#limits;
    switch (state) {
      case 'handshaking':
        return handshakeTimeoutMs > 0 ? { atMs: this.#enteredMs + handshakeTimeoutMs, kind: 'handshake' } : undefined;
      case 'handshaken':
        return connectTimeoutMs > 0 ? { atMs: this.#enteredMs + connectTimeoutMs, kind: 'connect' } : undefined;
      case 'connected':
        if (idleTimeoutMs <= 0) return undefined;
        // Half the time is for the answer, also where the ping went out late because deadlines are looked at now and then.
        return this.#pingedMs === undefined
          ? { atMs: this.#lastReceivedMs + idleTimeoutMs / 2, kind: 'ping' }
          : { atMs: this.#pingedMs + idleTimeoutMs / 2, kind: 'idle' };
      case 'deciding':
      case 'ended':
        return undefined;
      default:
        return state satisfies never;
    }
  }

  /** What has become due: a ping is to be sent, or the connection is to fail. To be called until nothing is due. */
  take(state: ConnectionState, nowMs: number): 'ping' | RtmpRemoteError | undefined {
    const deadline = this.next(state);
    if (deadline === undefined || nowMs < deadline.atMs) return undefined;
    switch (deadline.kind) {
      case 'ping':
        this.#pingedMs = nowMs;
        return 'ping';
      case 'handshake':
        return timeout('ERR_RTMP_TIMEOUT_HANDSHAKE', 'the handshake took', this.#limits.handshakeTimeoutMs);
      case 'connect':
        return timeout('ERR_RTMP_TIMEOUT_CONNECT', 'connect was not sent for', this.#limits.connectTimeoutMs);
      case 'idle':
        return timeout('ERR_RTMP_TIMEOUT_IDLE', 'nothing came for', this.#limits.idleTimeoutMs);
      default:
        return deadline.kind satisfies never;
    }
  }
}

/** `undefined` where none of the times is due. */
export function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const due = times.filter((time) => time !== undefined);
  return due.length === 0 ? undefined : Math.min(...due);
}

function timeout(code: string, what: string, ms: number): RtmpRemoteError {
  return new RtmpRemoteError(code, `${what} ${ms} ms`);
}
