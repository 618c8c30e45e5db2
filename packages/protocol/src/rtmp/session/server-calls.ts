import type { AmfInput } from '../../amf/index.js';
import { RtmpUsageError } from '../../bytes/index.js';
import type { CallRequest } from './server-event.js';
import type { SessionLimits } from './session-limits.js';
import type { SessionOutput } from './session-output.js';

/** Calls both ways: those of the client that the server has not answered, and those of the server that the client has not. */
export class ServerCalls {
  readonly #output: SessionOutput;
  readonly #limits: Pick<SessionLimits, 'maxPendingRequests' | 'maxPendingCalls'>;
  readonly #answered = new WeakSet<CallRequest>();
  readonly #pending = new Set<number>();
  #openCount = 0;
  #nextTransactionId = 1;

  constructor(output: SessionOutput, limits: Pick<SessionLimits, 'maxPendingRequests' | 'maxPendingCalls'>) {
    this.#output = output;
    this.#limits = limits;
  }

  /** A call of the client that wants an answer has come. `false`: too many wait for theirs. */
  open(): boolean {
    this.#openCount += 1;
    return this.#openCount <= this.#limits.maxPendingRequests;
  }

  /** Throws, with the call still open, for values that AMF cannot carry. */
  respond(request: CallRequest, result: readonly AmfInput[]): void {
    this.#checkOpen(request);
    this.#output.result(request, ...result);
    this.#close(request);
  }

  refuse(request: CallRequest, code: string, description: string): void {
    this.#checkOpen(request);
    this.#close(request);
    this.#output.error(request, code, description);
  }

  /** No more calls of the server can wait for their answers. */
  get full(): boolean {
    return this.#pending.size >= this.#limits.maxPendingCalls;
  }

  /** Calls the client and returns the transaction id. */
  call(name: string, args: readonly AmfInput[]): number {
    if (this.full) {
      throw new RtmpUsageError('ERR_RTMP_PENDING_CALLS', `${this.#pending.size} calls wait for an answer`);
    }
    const transactionId = this.#nextTransactionId;
    this.#output.call(0, name, transactionId, args);
    this.#pending.add(transactionId);
    this.#nextTransactionId += 1;
    return transactionId;
  }

  /** Ends the wait for an answer of the client. `false`: nothing with this transaction id waits, or not any more. */
  take(transactionId: number): boolean {
    return this.#pending.delete(transactionId);
  }

  #checkOpen(request: CallRequest): void {
    if (this.#answered.has(request)) {
      throw new RtmpUsageError('ERR_RTMP_SESSION_ANSWERED', 'a call request is answered twice');
    }
  }

  #close(request: CallRequest): void {
    this.#answered.add(request);
    if (request.transactionId !== 0) this.#openCount -= 1;
  }
}

/** Names can be of any length; an answer has room for this. */
const maxShownName = 200;

export function methodNotFound({ name }: CallRequest): string {
  return `Method not found (${name.slice(0, maxShownName)}).`;
}
