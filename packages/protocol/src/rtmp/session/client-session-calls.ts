import type { AmfValue } from '../../amf/index.js';
import { RtmpRemoteError, RtmpUsageError } from '../../bytes/index.js';
import type { CommandMessage } from '../message/index.js';
import { readStatusInfo } from './client-session-connect.js';
import type { ClientEvent } from './client-session-event.js';

const connectTransactionId = 1; // [RTMP §7.2.1.1]

/** The commands that wait for `_result` or `_error`, and what their answers mean. */
export class ClientSessionCalls {
  readonly #maxPendingCalls: number;
  /** Names by transaction id. */
  readonly #pending = new Map<number, string>();
  #nextTransactionId = connectTransactionId + 1;

  constructor(maxPendingCalls: number) {
    this.#maxPendingCalls = maxPendingCalls;
  }

  get connectPending(): boolean {
    return this.#pending.has(connectTransactionId);
  }

  beginConnect(): number {
    this.#pending.set(connectTransactionId, 'connect');
    return connectTransactionId;
  }

  /** Returns the transaction id. Throws `RtmpUsageError` where too many commands wait. */
  begin(name: string): number {
    if (this.#pending.size >= this.#maxPendingCalls) {
      throw new RtmpUsageError('ERR_RTMP_PENDING_CALLS', `${this.#pending.size} calls wait for an answer`);
    }
    const transactionId = this.#nextTransactionId;
    this.#nextTransactionId += 1;
    this.#pending.set(transactionId, name);
    return transactionId;
  }

  endConnect(): void {
    this.#pending.delete(connectTransactionId);
  }

  clear(): void {
    this.#pending.clear();
  }

  /** What a `_result` or `_error` says; `undefined` for a `_result` that nothing waits for. */
  takeAnswer(answer: CommandMessage): ClientEvent | undefined {
    const { transactionId, messageStreamId, commandObject, args } = answer;
    const name = this.#pending.get(transactionId);
    this.#pending.delete(transactionId);
    const status = readStatusInfo(args[0] ?? commandObject);
    const isError = answer.name === '_error';
    if (name === 'connect') {
      if (isError || status.level === 'error') return { type: 'rejected', status };
      return { type: 'connected', properties: commandObject, status };
    }
    if (isError) return { type: 'error', transactionId, name, messageStreamId, status };
    if (name === 'createStream') {
      return { type: 'streamCreated', transactionId, messageStreamId: readMessageStreamId(args[0]) };
    }
    // A `_result` with transaction id 0 may answer publish or play: their status is what counts.
    return name === undefined ? undefined : { type: 'result', transactionId, name, commandObject, values: args };
  }
}

function readMessageStreamId(value: AmfValue): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 0xffff_ffff) {
    throw new RtmpRemoteError('ERR_RTMP_SESSION_STREAM_ID', 'the answer to createStream holds no message stream id');
  }
  return value;
}
