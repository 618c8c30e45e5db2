import type { AmfInput, CallAnswer, CallRequest, PlayRequest, PublishRequest, Rejection } from '@millrace/protocol';
import type { Publication } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { AppStream, PublishedAppStream } from './app-client.js';
import type { ConnectedClient } from './connected-client.js';
import type { AppHandlers, Procedure } from './define-app.js';
import { isRefusal } from './refusal.js';
import { timedOut, withTimeLimit } from './time-limit.js';
import { watchData } from './watch-data.js';

export interface AppConnectionOptions {
  readonly handlers: AppHandlers;
  readonly client: ConnectedClient;
  /** How long a handler or procedure may take, ms. */
  readonly timeoutMs: number;
  readonly amfLimits: { readonly maxDepth: number; readonly maxElements: number };
  readonly log: Logger;
}

/** What comes of a call. */
export type CallOutcome =
  | { readonly ok: true; readonly value: AmfInput }
  | { readonly ok: false; readonly code?: string | undefined; readonly description?: string | undefined };

type StreamRequest = PublishRequest | PlayRequest;
type Decider = 'onConnect' | 'onPublish' | 'onPlay';

/** What a refusal is called where the application does not say. */
const refusalCodes = {
  onConnect: 'NetConnection.Connect.Rejected',
  onPublish: 'NetStream.Publish.BadName',
  onPlay: 'NetStream.Play.Failed',
} as const satisfies Record<Decider, string>;

/** Calls without an answer cost a client nothing: no more than this many procedures run for one connection at a time. */
const maxRunningCalls = 64;
/** What applications say and clients name can be of any length; a log line has room for this. */
const maxLoggedText = 200;

/** One client of an application: runs its handlers, each within the time limit, and keeps what they do wrong to itself. */
export class AppConnection {
  readonly #options: AppConnectionOptions;
  /** What the application has accepted and was not told the end of. */
  readonly #streams = new Map<StreamRequest, AppStream>();
  /** Decisions under way. */
  readonly #deciding = new Set<Promise<unknown>>();
  #isAdmitted = false;
  #runningCalls = 0;

  constructor(options: AppConnectionOptions) {
    this.#options = options;
  }

  /** Never rejects. `undefined`: the client is let in; `accepted` is to be called once it has been told. */
  connect(): Promise<Rejection | undefined> {
    const { handlers, client } = this.#options;
    return this.#decide(
      'onConnect',
      () => handlers.onConnect?.(client),
      () => {
        this.#isAdmitted = true;
      },
      () => this.#tell('onDisconnect', () => handlers.onDisconnect?.(client)),
    );
  }

  accepted(): void {
    this.#options.client.accepted();
  }

  /** Never rejects. `undefined`: granted; `ended` is to be called when it is over, or did not come about. */
  publish(request: PublishRequest): Promise<Rejection | undefined> {
    const { handlers, client } = this.#options;
    const stream = { ...appStream(request), type: request.publishType };
    return this.#decideStream('onPublish', request, stream, () => handlers.onPublish?.(client, stream));
  }

  /** As `publish`. */
  play(request: PlayRequest): Promise<Rejection | undefined> {
    const { handlers, client } = this.#options;
    const stream = appStream(request);
    return this.#decideStream('onPlay', request, stream, () => handlers.onPlay?.(client, stream));
  }

  /** Does nothing for a request that was not granted, or has ended. */
  ended(request: StreamRequest): void {
    const stream = this.#streams.get(request);
    if (stream === undefined) return;
    this.#streams.delete(request);
    this.#tellEnd(request, stream);
  }

  /** What is to be written to instead of `publication`, so that the application sees the data of the stream. */
  watch(request: PublishRequest, publication: Publication): Publication {
    const { handlers, client, amfLimits } = this.#options;
    const { onData } = handlers;
    const stream = this.#streams.get(request) as PublishedAppStream | undefined;
    if (onData === undefined || stream === undefined) return publication;
    return watchData(publication, amfLimits, (data) => {
      this.#tell('onData', () => onData.call(handlers, client, stream, data));
    });
  }

  answered(answer: CallAnswer): void {
    this.#options.client.answered(answer);
  }

  /** Never rejects. */
  async call(request: CallRequest): Promise<CallOutcome> {
    const { handlers, client, timeoutMs, log } = this.#options;
    const name = request.name.slice(0, maxLoggedText);
    const procedure = procedureOf(handlers, request.name);
    if (procedure === undefined) {
      log.debug({ name }, 'unknown call');
      return { ok: false };
    }
    if (this.#runningCalls >= maxRunningCalls) return { ok: false, description: 'Too many calls at a time.' };
    this.#runningCalls += 1;
    const work = invoke(() => procedure.call(handlers.procedures, client, ...request.args));
    const done = (): void => {
      this.#runningCalls -= 1;
    };
    work.then(done, done);
    try {
      const value = await withTimeLimit(work, timeoutMs);
      if (value !== timedOut) return { ok: true, value: value ?? undefined };
      work.catch((err) => log.error({ err, name }, 'a procedure failed after its time'));
      log.warn({ name, timeoutMs }, 'a procedure took longer than app.timeoutMs');
      return { ok: false, description: callFailed };
    } catch (err) {
      if (isRefusal(err)) return { ok: false, code: err.code, description: err.message };
      log.error({ err, name }, 'a procedure failed');
      return { ok: false, description: callFailed };
    }
  }

  /** The value that a procedure returned cannot be sent. */
  unsendable(request: CallRequest, err: unknown): CallOutcome & { readonly ok: false } {
    this.#options.log.error({ err, name: request.name.slice(0, maxLoggedText) }, 'a procedure returned no AMF value');
    return { ok: false, description: callFailed };
  }

  /** The client is gone. */
  disconnected(): void {
    const { handlers, client } = this.#options;
    client.closed();
    for (const request of [...this.#streams.keys()]) this.ended(request);
    // The end of what is being decided now comes before the end of all.
    void Promise.allSettled(this.#deciding).then(() => {
      if (this.#isAdmitted) this.#tell('onDisconnect', () => handlers.onDisconnect?.(client));
    });
  }

  #decideStream(
    handler: 'onPublish' | 'onPlay',
    request: StreamRequest,
    stream: AppStream,
    run: () => unknown,
  ): Promise<Rejection | undefined> {
    return this.#decide(
      handler,
      run,
      () => this.#streams.set(request, stream),
      () => this.#tellEnd(request, stream),
    );
  }

  #tellEnd(request: StreamRequest, stream: AppStream): void {
    const { handlers, client } = this.#options;
    if (request.kind === 'play') this.#tell('onStop', () => handlers.onStop?.(client, stream));
    else {
      const published = { handlers, stream: stream as PublishedAppStream };
      this.#tell('onUnpublish', () => published.handlers.onUnpublish?.(client, published.stream));
    }
  }

  /** `grant`: the handler accepts in time; `undo`: it does so too late. */
  #decide(handler: Decider, run: () => unknown, grant: () => void, undo: () => void): Promise<Rejection | undefined> {
    const decision = this.#run(handler, run, grant, undo);
    this.#deciding.add(decision);
    void decision.then(() => this.#deciding.delete(decision));
    return decision;
  }

  async #run(
    handler: Decider,
    run: () => unknown,
    grant: () => void,
    undo: () => void,
  ): Promise<Rejection | undefined> {
    const { timeoutMs, log } = this.#options;
    const code = refusalCodes[handler];
    const work = invoke(run);
    try {
      if ((await withTimeLimit(work, timeoutMs)) !== timedOut) {
        grant();
        return undefined;
      }
    } catch (err) {
      if (isRefusal(err)) {
        log.info({ handler, reason: err.message.slice(0, maxLoggedText) }, 'refused by the application');
        return rejectionOf(err, code);
      }
      log.error({ err, handler }, 'a handler of the application failed');
      return { code, description: 'The application failed.' };
    }
    log.warn({ handler, timeoutMs }, 'a handler took longer than app.timeoutMs');
    work.then(undo, (err) => {
      if (!isRefusal(err)) log.error({ err, handler }, 'a handler of the application failed after its time');
    });
    return { code, description: 'The application did not decide in time.' };
  }

  /** Runs a handler that decides nothing. */
  #tell(handler: string, run: () => unknown): void {
    try {
      const outcome = run();
      if (outcome instanceof Promise) outcome.catch((err) => this.#failed(handler, err));
    } catch (err) {
      this.#failed(handler, err);
    }
  }

  #failed(handler: string, err: unknown): void {
    this.#options.log.error({ err, handler }, 'a handler of the application failed');
  }
}

const callFailed = 'The call failed.';

function appStream({ streamName, query }: StreamRequest): AppStream {
  return { name: streamName, query: new URLSearchParams(query) };
}

/** Own members only: `constructor` and its like are not the application's. */
function procedureOf({ procedures }: AppHandlers, name: string): Procedure | undefined {
  return procedures !== undefined && Object.hasOwn(procedures, name) ? procedures[name] : undefined;
}

/** Runs at once; what is thrown becomes a rejection. */
async function invoke<T>(run: () => T | Promise<T>): Promise<T> {
  return await run();
}

function rejectionOf(
  refusal: { readonly message: string; readonly code: unknown; readonly redirectUrl: unknown },
  usualCode: string,
): Rejection {
  const code = typeof refusal.code === 'string' ? refusal.code : usualCode;
  const description = refusal.message;
  if (typeof refusal.redirectUrl !== 'string') return { code, description };
  // As Flash Media Server's application.redirectConnection.
  return { code, description, info: { ex: { code: 302, redirect: refusal.redirectUrl } } };
}
