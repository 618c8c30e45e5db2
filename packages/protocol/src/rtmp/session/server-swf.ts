import { RtmpRemoteError } from '../../bytes/index.js';
import type { HandshakeCrypto } from '../handshake/index.js';
import { messageTypes, type RawMessage, userControlEventTypes } from '../message/index.js';
import type { SessionInput } from './session-input.js';
import type { SessionOutput } from './session-output.js';
import { checkSwfAnswer, type SwfIdentity, swfVerificationVersion } from './swf-verification.js';

export interface ServerSwfOptions {
  /** Those that may connect. */
  readonly players: readonly SwfIdentity[];
  /** Milliseconds from the answer to `connect` to that of the client; 0: no limit. */
  readonly timeoutMs: number;
  /**
   * The last 32 bytes of the S1 that the client has seen, where it was not this session's, as with RTMPE. Absent, or
   * `undefined`: the session's own.
   */
  readonly challenge?: () => Uint8Array | undefined;
}

interface SwfSession {
  readonly crypto: HandshakeCrypto;
  readonly output: SessionOutput;
  readonly input: Pick<SessionInput, 'resume'>;
}

/** The server's side of SWF verification: the question, and what may be said before it is answered. */
export class ServerSwf {
  readonly #options: ServerSwfOptions;
  readonly #session: SwfSession;
  #sessionChallenge: Uint8Array = new Uint8Array(0);
  /** `undefined`: not asked yet, or answered. */
  #challenge: Uint8Array | undefined;
  #deadlineMs: number | undefined;

  constructor(options: ServerSwfOptions, session: SwfSession) {
    this.#options = options;
    this.#session = session;
  }

  get deadlineMs(): number | undefined {
    return this.#deadlineMs;
  }

  /** `challenge`: of the session's own S1. */
  handshaken(challenge: Uint8Array): void {
    this.#sessionChallenge = challenge;
  }

  ask(nowMs: number): void {
    this.#challenge = this.#options.challenge?.() ?? this.#sessionChallenge;
    if (this.#options.timeoutMs > 0) this.#deadlineMs = nowMs + this.#options.timeoutMs;
    this.#session.output.userControl({ type: 'swfVerificationRequest', version: swfVerificationVersion });
  }

  /** One that nobody waits for counts for nothing. Throws `RtmpRemoteError` `ERR_RTMP_SWF_VERIFICATION` for a wrong one. */
  take(answer: Uint8Array): void {
    const challenge = this.#challenge;
    if (challenge === undefined) return;
    checkSwfAnswer(this.#session.crypto, answer, { players: this.#options.players, challenge });
    this.#challenge = undefined;
    this.#deadlineMs = undefined;
    this.#session.input.resume();
  }

  /** Whether the message is to be heard only after the answer: all but what keeps the connection going. */
  holdsBack({ messageTypeId, payload }: RawMessage): boolean {
    if (this.#challenge === undefined) return false;
    switch (messageTypeId) {
      case messageTypes.setChunkSize:
      case messageTypes.abort:
      case messageTypes.acknowledgement:
      case messageTypes.windowAckSize:
      case messageTypes.setPeerBandwidth:
        return false;
      case messageTypes.userControl:
        return !(payload[0] === 0 && heardEvents.includes(payload[1] ?? 0));
      default:
        return true;
    }
  }

  /** Throws `RtmpRemoteError` `ERR_RTMP_TIMEOUT_SWF` once there should have been an answer. */
  checkDeadline(nowMs: number): void {
    if (this.#deadlineMs === undefined || nowMs < this.#deadlineMs) return;
    const { timeoutMs } = this.#options;
    throw new RtmpRemoteError('ERR_RTMP_TIMEOUT_SWF', `SWF verification was not answered for ${timeoutMs} ms`);
  }
}

const heardEvents: readonly number[] = [
  userControlEventTypes.pingRequest,
  userControlEventTypes.pingResponse,
  userControlEventTypes.swfVerificationResponse,
];
