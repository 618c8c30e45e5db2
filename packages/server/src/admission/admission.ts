import type { CallAnswer, CallRequest, PlayRequest, PublishRequest, ServeRequest } from '@millrace/protocol';
import {
  type AccessAction,
  type Denial,
  denial,
  type Guard,
  type RequestedPublication,
  type RequestedStream,
  type Verdict,
} from '../access/index.js';
import {
  type AppConnection,
  type AppPublication,
  type CallOutcome,
  type ConnectedClient,
  refusedCall,
} from '../app/index.js';
import type { Publication } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { Moderate } from '../service/index.js';
import type { SharedObjectAccess } from '../shared-object/index.js';
import { inTurn } from './moderators.js';

export interface AdmissionOptions {
  /** Asked in this order, before the application. */
  readonly guards: readonly Guard[];
  readonly client: ConnectedClient;
  /** `undefined`: no application has a say. */
  readonly app: AppConnection | undefined;
  readonly log: Logger;
  /** Told when what was asked for is refused. */
  readonly onRefused: (action: AccessAction) => void;
}

/** What is asked for, as the transport of the client has it. */
export type StreamRequest =
  | Pick<PublishRequest, 'kind' | 'streamName' | 'query' | 'publishType'>
  | HttpPlayRequest
  | Pick<ServeRequest, 'kind' | 'streamName'>;
type HttpPlayRequest = Pick<PlayRequest, 'kind' | 'streamName' | 'query'>;

interface Grant {
  readonly stream: RequestedStream;
  readonly guards: readonly Guard[];
}

/**
 * What one client may do, over whatever transport it came: the guards are asked, then the application. For everything
 * that was granted, `ended` is to be called once, or `disconnected` for all that is left.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #grants = new Map<StreamRequest, Grant>();
  /** Decisions under way. */
  readonly #deciding = new Set<Promise<unknown>>();
  #isGone = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  get client(): ConnectedClient {
    return this.#options.client;
  }

  /** Never rejects. Where it is granted, `accepted` is to be called once the client has been told. */
  connect(): Verdict | Promise<Verdict> {
    const { app, client } = this.#options;
    const verdict = this.#ask('connect', (guard) => guard.connect?.(client));
    const decided = after(verdict, (refused) => refused ?? (this.#isGone ? gone('connect') : app?.connect()));
    return this.#track(after(decided, (refused) => this.#counted('connect', refused)));
  }

  accepted(): void {
    this.#options.client.accepted();
  }

  /** Never rejects. */
  publish(request: StreamRequest & { readonly kind: 'publish' }): Verdict | Promise<Verdict> {
    const { app, client } = this.#options;
    const stream = this.#resolve({ ...requestedStream(request), type: request.publishType });
    return this.#decide(
      request,
      stream,
      (guard) => guard.publish?.(client, stream),
      () => app?.publish(stream),
    );
  }

  /** Never rejects. */
  play(request: StreamRequest & { readonly kind: 'play' }): Verdict | Promise<Verdict> {
    const { app, client } = this.#options;
    const stream = requestedStream(request);
    return this.#decide(
      request,
      stream,
      (guard) => guard.play?.(client, stream),
      () => app?.play(stream),
    );
  }

  /**
   * Never rejects. Who may play a stream may attach to the service of its name; the application has a handler of its own
   * for it.
   */
  serve(request: StreamRequest & { readonly kind: 'serve' }): Verdict | Promise<Verdict> {
    const { app, client } = this.#options;
    const stream = requestedStream(request);
    return this.#decide(
      request,
      stream,
      (guard) => guard.play?.(client, stream),
      () => app?.serve(stream),
    );
  }

  /** Who has a say about what the client sends to the service; `undefined`: nobody. */
  moderator(request: StreamRequest & { readonly kind: 'serve' }): Moderate | undefined {
    const grant = this.#grants.get(request);
    if (grant === undefined) return undefined;
    const { app, client } = this.#options;
    const guards = grant.guards
      .map((guard) => guard.moderator?.(client, grant.stream))
      .filter((moderator) => moderator !== undefined);
    return inTurn(guards, app?.moderator(grant.stream));
  }

  /** Who has a say about what the client does with shared objects; `undefined`: nobody. */
  get sharedObjects(): SharedObjectAccess | undefined {
    return this.#options.app?.sharedObjects;
  }

  /** The name of what was granted: not the one that was written, where that was a secret. */
  streamName(request: StreamRequest): string {
    return this.#grants.get(request)?.stream.name ?? request.streamName;
  }

  /** Does nothing for a request that was not granted, or has ended. */
  ended(request: StreamRequest): void {
    const grant = this.#grants.get(request);
    if (grant === undefined) return;
    this.#grants.delete(request);
    this.#options.app?.ended(grant.stream);
    this.#end(actionOf(request), grant);
  }

  /** What the publisher's messages go to: `publication`, behind the application where that looks at data. */
  watch(request: StreamRequest, publication: Publication): Publication {
    const grant = this.#grants.get(request);
    return (grant && this.#options.app?.watch(grant.stream, publication)) ?? publication;
  }

  /** What the application wants of a stream that was granted; `undefined`: nothing. */
  publication(request: StreamRequest): AppPublication | undefined {
    const grant = this.#grants.get(request);
    return grant && this.#options.app?.publication(grant.stream);
  }

  /** What the application has for its clients to call. */
  get procedureNames(): readonly string[] {
    return this.#options.app?.procedureNames ?? [];
  }

  /** Never rejects. */
  async call(request: CallRequest): Promise<CallOutcome> {
    return (await this.#options.app?.call(request)) ?? refusedCall(request.name);
  }

  answered(answer: CallAnswer): void {
    this.#options.client.answered(answer);
  }

  /** The value that a procedure returned cannot be sent. */
  unsendable(request: CallRequest, err: unknown): CallOutcome & { readonly ok: false } {
    return this.#options.app?.unsendable(request, err) ?? { ok: false };
  }

  /** The client is gone. */
  disconnected(): void {
    this.#isGone = true;
    this.#options.client.closed();
    for (const request of [...this.#grants.keys()]) this.ended(request);
    // Who asked for a decision is told first, and ends what it grants: the end of all comes last.
    void Promise.allSettled(this.#deciding).then(() => this.#options.app?.disconnected());
  }

  #decide(
    request: StreamRequest,
    stream: RequestedStream,
    ask: (guard: Guard) => Verdict | Promise<Verdict>,
    askApp: () => Promise<Verdict> | undefined,
  ): Verdict | Promise<Verdict> {
    const guards: Guard[] = [];
    const action = actionOf(request);
    const verdict = after(this.#ask(action, ask, guards), (refused) => {
      if (refused !== undefined) return refused;
      return this.#isGone ? gone(action) : askApp();
    });
    const settled = after(verdict, (refused) => {
      if (refused === undefined) this.#grants.set(request, { stream, guards });
      else this.#end(action, { stream, guards });
      return this.#counted(action, refused);
    });
    return this.#track(settled);
  }

  #counted(action: AccessAction, verdict: Verdict): Verdict {
    if (verdict !== undefined && !this.#isGone) this.#options.onRefused(action);
    return verdict;
  }

  #track(verdict: Verdict | Promise<Verdict>): Verdict | Promise<Verdict> {
    if (!(verdict instanceof Promise)) return verdict;
    this.#deciding.add(verdict);
    void verdict.then(() => this.#deciding.delete(verdict));
    return verdict;
  }

  /** `granted` gets those that did. */
  #ask(
    action: AccessAction,
    ask: (guard: Guard) => Verdict | Promise<Verdict>,
    granted: Guard[] = [],
  ): Verdict | Promise<Verdict> {
    let verdict: Verdict | Promise<Verdict>;
    for (const guard of this.#options.guards) {
      verdict = after(verdict, (refused) => refused ?? this.#consult(action, guard, ask, granted));
      if (verdict !== undefined && !(verdict instanceof Promise)) return verdict;
    }
    return verdict;
  }

  /** A guard that fails has not granted: it is there to keep people out. */
  #consult(
    action: AccessAction,
    guard: Guard,
    ask: (guard: Guard) => Verdict | Promise<Verdict>,
    granted: Guard[],
  ): Verdict | Promise<Verdict> {
    const { log } = this.#options;
    const note = (refused: Verdict): Verdict => {
      if (refused === undefined) granted.push(guard);
      else log.info({ action, kind: refused.kind, reason: refused.description.slice(0, maxLoggedText) }, 'refused');
      return refused;
    };
    const failed = (err: unknown): Denial => {
      log.error({ err, action }, 'access could not be checked');
      return denial(action, 'forbidden', 'Access could not be checked.');
    };
    try {
      const verdict = ask(guard);
      return verdict instanceof Promise ? verdict.then(note, failed) : note(verdict);
    } catch (err) {
      return failed(err);
    }
  }

  #end(action: 'publish' | 'play', { stream, guards }: Grant): void {
    const { client, log } = this.#options;
    for (const guard of guards) {
      try {
        guard.ended?.(client, action, stream);
      } catch (err) {
        log.error({ err, action }, 'a guard failed at the end of what it granted');
      }
    }
  }

  #resolve(stream: RequestedPublication): RequestedPublication {
    const { guards, client } = this.#options;
    return guards.reduce((known, guard) => guard.resolvePublication?.(client, known) ?? known, stream);
  }
}

/** Descriptions can be of any length; a log line has room for this. */
const maxLoggedText = 200;

function requestedStream(request: StreamRequest): RequestedStream {
  const { streamName } = request;
  if (request.kind !== 'serve') return { name: streamName, query: new URLSearchParams(request.query) };
  const query = streamName.indexOf('?');
  if (query < 0) return { name: streamName, query: new URLSearchParams() };
  return { name: streamName.slice(0, query), query: new URLSearchParams(streamName.slice(query + 1)) };
}

function actionOf({ kind }: StreamRequest): 'publish' | 'play' {
  return kind === 'serve' ? 'play' : kind;
}

/** Nobody hears it. */
function gone(action: AccessAction): Denial {
  return denial(action, 'forbidden', 'The client has gone.');
}

/** `next` at once where the verdict is there already: only what must wait may cost a turn of the event loop. */
function after(
  verdict: Verdict | Promise<Verdict>,
  next: (verdict: Verdict) => Verdict | Promise<Verdict>,
): Verdict | Promise<Verdict> {
  return verdict instanceof Promise ? verdict.then(next) : next(verdict);
}
