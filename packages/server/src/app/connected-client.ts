import {
  AmfEcmaArray,
  type AmfInput,
  AmfObject,
  type AmfValue,
  type CallAnswer,
  type ConnectRequest,
} from '@millrace/protocol';
import type { ClientInfo, ClientTransport } from '../access/index.js';
import type { AppClient, CallOptions } from './app-client.js';
import { CallError } from './call-error.js';

/** Where a client is, and what can be done with its connection. */
export interface AppPeer extends Pick<ClientInfo, 'transport' | 'address' | 'tls' | 'bearerToken'> {
  /** Absent where the transport carries no calls of the server. */
  readonly calls?: AppPeerCalls;
  close(): void;
}

export interface AppPeerCalls {
  /** Sends a call at once and returns its transaction id; throws as `ServerSession.call`. */
  call(name: string, args: readonly AmfInput[]): number;
  forget(transactionId: number): void;
  /** Sends a call that wants no answer. */
  send(name: string, args: readonly AmfInput[]): void;
}

/** What a client says of itself: a `connect` request, or what stands for one over HTTP. */
export type ConnectDetails = Pick<
  ConnectRequest,
  'app' | 'query' | 'tcUrl' | 'pageUrl' | 'swfUrl' | 'flashVer' | 'commandObject' | 'args'
>;

interface PendingCall {
  readonly name: string;
  readonly resolve: (value: AmfValue) => void;
  readonly reject: (error: CallError) => void;
  /** Lets go of the timer and the signal. */
  readonly stopWaiting: () => void;
}

const defaultCallTimeoutMs = 10_000;
/** Timers take no more; with more, such as Infinity, they would end at once. */
const maxTimerMs = 2 ** 31 - 1;
let nextId = 1;

export class ConnectedClient implements AppClient {
  readonly id: string;
  readonly transport: ClientTransport;
  readonly address: string;
  readonly tls: boolean;
  readonly bearerToken: string | undefined;
  readonly app: string;
  readonly tcUrl: string;
  readonly query: URLSearchParams;
  readonly pageUrl: string;
  readonly swfUrl: string;
  readonly flashVer: string;
  readonly commandObject: AmfObject;
  readonly args: readonly AmfValue[];
  readonly #peer: AppPeer;
  readonly #calls = new Map<number, PendingCall>();
  #state: 'connecting' | 'connected' | 'closed' = 'connecting';

  constructor(peer: AppPeer, request: ConnectDetails) {
    this.#peer = peer;
    this.transport = peer.transport;
    this.address = peer.address;
    this.tls = peer.tls;
    this.bearerToken = peer.bearerToken;
    this.id = String(nextId);
    nextId += 1;
    this.app = request.app;
    this.tcUrl = request.tcUrl;
    this.query = new URLSearchParams(queryOf(request.tcUrl) || request.query);
    this.pageUrl = request.pageUrl;
    this.swfUrl = request.swfUrl;
    this.flashVer = request.flashVer;
    this.commandObject = request.commandObject;
    this.args = request.args;
  }

  get connected(): boolean {
    return this.#state === 'connected';
  }

  call(name: string, args: readonly AmfInput[] = [], options: CallOptions = {}): Promise<AmfValue> {
    const { timeoutMs = defaultCallTimeoutMs, signal } = options;
    const answer = new Promise<AmfValue>((resolve, reject) => {
      const { calls } = this.#peer;
      if (calls === undefined)
        throw new CallError('ERR_CALL_UNSUPPORTED', `${name}: nobody can call a client over HTTP`);
      if (this.#state !== 'connected') throw this.#notConnected(name);
      signal?.throwIfAborted();
      const id = calls.call(name, args);
      // Sending can be what closes it: to a client that takes nothing.
      if (!this.connected) throw this.#notConnected(name);
      const giveUp = (reason: unknown): void => {
        this.#take(id);
        calls.forget(id);
        reject(reason);
      };
      const late = (): void => giveUp(new CallError('ERR_CALL_TIMEOUT', `${name}: no answer within ${timeoutMs} ms`));
      const timer = setTimeout(late, Math.min(timeoutMs, maxTimerMs));
      timer.unref();
      const onAbort = (): void => giveUp(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      const stopWaiting = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      this.#calls.set(id, { name, resolve, reject, stopWaiting });
    });
    // Who called and does not care about the answer is no reason to end the process.
    answer.catch(() => undefined);
    return answer;
  }

  send(name: string, args: readonly AmfInput[] = []): void {
    if (this.connected) this.#peer.calls?.send(name, args);
  }

  close(): void {
    if (this.#state !== 'closed') this.#peer.close();
  }

  /** The client's `connect` is answered: it takes calls now. */
  accepted(): void {
    if (this.#state === 'connecting') this.#state = 'connected';
  }

  answered({ transactionId, ok, args: [value] }: CallAnswer): void {
    const call = this.#take(transactionId);
    if (call === undefined) return;
    if (ok) call.resolve(value);
    else call.reject(new CallError('ERR_CALL_REFUSED', `${call.name}: ${describeRefusal(value)}`, value));
  }

  /** The connection is gone. */
  closed(): void {
    this.#state = 'closed';
    for (const { name, reject, stopWaiting } of this.#calls.values()) {
      stopWaiting();
      reject(new CallError('ERR_CALL_CLOSED', `${name}: the client has gone`));
    }
    this.#calls.clear();
  }

  #take(transactionId: number): PendingCall | undefined {
    const call = this.#calls.get(transactionId);
    this.#calls.delete(transactionId);
    call?.stopWaiting();
    return call;
  }

  #notConnected(name: string): CallError {
    return this.#state === 'closed'
      ? new CallError('ERR_CALL_CLOSED', `${name}: the client has gone`)
      : new CallError('ERR_CALL_NOT_CONNECTED', `${name}: the client takes calls once onConnect has accepted it`);
  }
}

function queryOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start + 1);
}

function describeRefusal(info: AmfValue): string {
  const isObject = info instanceof AmfObject || info instanceof AmfEcmaArray;
  const description = isObject ? info.get('description') : info;
  return typeof description === 'string' && description !== '' ? description : 'the client refuses the call';
}
