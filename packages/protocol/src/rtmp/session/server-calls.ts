import { RtmpUsageError } from '../../bytes/index.js';

/** The calls of the server that wait for the client's `_result` or `_error`. */
export class ServerCalls {
  readonly #maxPending: number;
  readonly #pending = new Set<number>();
  #nextTransactionId = 1;

  constructor(maxPending: number) {
    this.#maxPending = maxPending;
  }

  /** The transaction id that the next call will have; `begin` takes it. */
  next(): number {
    if (this.#pending.size >= this.#maxPending) {
      throw new RtmpUsageError('ERR_RTMP_PENDING_CALLS', `${this.#pending.size} calls wait for an answer`);
    }
    return this.#nextTransactionId;
  }

  begin(transactionId: number): void {
    this.#pending.add(transactionId);
    this.#nextTransactionId = transactionId + 1;
  }

  /** `false`: nothing with this transaction id waits, or not any more. */
  take(transactionId: number): boolean {
    return this.#pending.delete(transactionId);
  }
}
