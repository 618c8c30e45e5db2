import { type AmfInput, type CallRequest, serveStatusCodes } from '@millrace/protocol';
import {
  type AccessAction,
  type Denial,
  denialCodes,
  type RequestedPublication,
  type RequestedStream,
  type Verdict,
} from '../access/index.js';
import type { Publication } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { Moderate, ServerMessage } from '../service/index.js';
import type { SharedObjectAccess } from '../shared-object/index.js';
import type { AppService, AppStream } from './app-client.js';
import { appObjectAccess } from './app-object-access.js';
import { AppPublication } from './app-publication.js';
import { appService } from './app-service.js';
import type { ConnectedClient } from './connected-client.js';
import type { AppHandlers, Procedure } from './define-app.js';
import { moderate } from './moderate.js';
import { isProhibitedCall, refusedCall } from './prohibited-call.js';
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
  /** Sends to the service of a name in the client's application. */
  readonly broadcast: (name: string, message: ServerMessage) => void;
}

/** What comes of a call. */
export type CallOutcome =
  | { readonly ok: true; readonly value: AmfInput }
  | { readonly ok: false; readonly code?: string | undefined; readonly description?: string | undefined };

const deciders = { connect: 'onConnect', publish: 'onPublish', play: 'onPlay', serve: 'onService' } as const;
const refusalCodes = { ...denialCodes, serve: serveStatusCodes.refused };

type Decision = AccessAction | 'serve';

/** Calls without an answer cost a client nothing: no more than this many procedures run for one connection at a time. */
const maxRunningCalls = 64;
/** What applications say and clients name can be of any length; a log line has room for this. */
const maxLoggedText = 200;

/** One client of an application: runs its handlers, each within the time limit, and keeps what they do wrong to itself. */
export class AppConnection {
  /** The application's say about shared objects. */
  readonly sharedObjects: SharedObjectAccess;
  readonly #options: AppConnectionOptions;
  /** What the application has accepted and was not told the end of. */
  readonly #streams = new Map<AppStream, 'publish' | 'play'>();
  /** What the application knows the streams by that clients publish, by what was asked for. */
  readonly #publications = new WeakMap<RequestedStream, AppPublication>();
  /** Likewise, by what was asked for. */
  readonly #services = new Map<AppStream, AppService>();
  #isAdmitted = false;
  #runningCalls = 0;

  constructor(options: AppConnectionOptions) {
    this.#options = options;
    this.sharedObjects = appObjectAccess(options);
  }

  /** Never rejects. */
  connect(): Promise<Verdict> {
    const { handlers, client } = this.#options;
    return this.#decide(
      'connect',
      () => handlers.onConnect?.(client),
      () => {
        this.#isAdmitted = true;
      },
      () => this.#tell('onDisconnect', () => handlers.onDisconnect?.(client)),
    );
  }

  /** Never rejects. Where it is granted, `ended` is to be called when it is over, or did not come about. */
  async publish(stream: RequestedPublication): Promise<Verdict> {
    const { handlers, client } = this.#options;
    const publication = new AppPublication(stream);
    this.#publications.set(stream, publication);
    const refused = await this.#decideStream('publish', stream, () => handlers.onPublish?.(client, publication));
    if (refused !== undefined) publication.ended();
    return refused;
  }

  /** What the application wants of a stream that was granted; `undefined`: nothing. */
  publication(stream: RequestedStream): AppPublication | undefined {
    return this.#publications.get(stream);
  }

  /** As `publish`. */
  play(stream: AppStream): Promise<Verdict> {
    const { handlers, client } = this.#options;
    return this.#decideStream('play', stream, () => handlers.onPlay?.(client, stream));
  }

  /** As `publish`. */
  serve(stream: AppStream): Promise<Verdict> {
    const { handlers, client, broadcast } = this.#options;
    const service = appService(stream, (message) => broadcast(stream.name, message));
    return this.#decide(
      'serve',
      () => handlers.onService?.(client, service),
      () => this.#services.set(stream, service),
      () => this.#tell('onServiceLeft', () => handlers.onServiceLeft?.(client, service)),
    );
  }

  /** Who has a say about the messages to a service that was granted; `undefined`: nobody. */
  moderator(stream: AppStream): Moderate | undefined {
    const service = this.#services.get(stream);
    return service && moderate(this.#options, service);
  }

  /** Does nothing for a stream that was not granted, or has ended. */
  ended(stream: AppStream): void {
    const service = this.#services.get(stream);
    if (service !== undefined) {
      const { handlers, client } = this.#options;
      this.#services.delete(stream);
      this.#tell('onServiceLeft', () => handlers.onServiceLeft?.(client, service));
      return;
    }
    const action = this.#streams.get(stream);
    if (action === undefined) return;
    this.#streams.delete(stream);
    this.#publications.get(stream)?.ended();
    this.#tellEnd(action, stream);
  }

  /** What is to be written to instead of `publication`, so that the application sees the data of the stream. */
  watch(stream: AppStream, publication: Publication): Publication {
    const { handlers, client, amfLimits } = this.#options;
    const { onData } = handlers;
    if (onData === undefined || this.#streams.get(stream) !== 'publish') return publication;
    const published = this.#publications.get(stream);
    if (published === undefined) return publication;
    return watchData(publication, amfLimits, (data) => {
      this.#tell('onData', () => onData.call(handlers, client, published, data));
    });
  }

  get procedureNames(): readonly string[] {
    return Object.keys(this.#options.handlers.procedures ?? {});
  }

  /** Never rejects. */
  async call(request: CallRequest): Promise<CallOutcome> {
    const { handlers, client, timeoutMs, log } = this.#options;
    const name = request.name.slice(0, maxLoggedText);
    const procedure = isProhibitedCall(request.name) ? undefined : procedureOf(handlers, request.name);
    if (procedure === undefined) {
      log.debug({ name }, 'a call of nothing');
      return refusedCall(request.name);
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
      if (value !== timedOut) return { ok: true, value: value as AmfInput };
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

  /** The client is gone, and `ended` was called for all that was granted. */
  disconnected(): void {
    const { handlers, client } = this.#options;
    if (this.#isAdmitted) this.#tell('onDisconnect', () => handlers.onDisconnect?.(client));
  }

  #decideStream(action: 'publish' | 'play', stream: AppStream, run: () => unknown): Promise<Verdict> {
    return this.#decide(
      action,
      run,
      () => this.#streams.set(stream, action),
      () => this.#tellEnd(action, stream),
    );
  }

  #tellEnd(action: 'publish' | 'play', stream: AppStream): void {
    const { handlers, client } = this.#options;
    const published = this.#publications.get(stream);
    if (action === 'play') this.#tell('onStop', () => handlers.onStop?.(client, stream));
    else if (published !== undefined) this.#tell('onUnpublish', () => handlers.onUnpublish?.(client, published));
  }

  /** `grant`: the handler accepts in time; `undo`: it does so too late. */
  async #decide(action: Decision, run: () => unknown, grant: () => void, undo: () => void): Promise<Verdict> {
    const { timeoutMs, log } = this.#options;
    const handler = deciders[action];
    const work = invoke(run);
    try {
      if ((await withTimeLimit(work, timeoutMs)) !== timedOut) {
        grant();
        return undefined;
      }
    } catch (err) {
      if (isRefusal(err)) {
        log.info({ handler, reason: err.message.slice(0, maxLoggedText) }, 'refused by the application');
        return denialOf(err, refusalCodes[action]);
      }
      log.error({ err, handler }, 'a handler of the application failed');
      return { kind: 'forbidden', code: refusalCodes[action], description: 'The application failed.' };
    }
    log.warn({ handler, timeoutMs }, 'a handler took longer than app.timeoutMs');
    work.then(undo, (err) => {
      if (!isRefusal(err)) log.error({ err, handler }, 'a handler of the application failed after its time');
    });
    return { kind: 'forbidden', code: refusalCodes[action], description: 'The application did not decide in time.' };
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

/** Own members only: `constructor` and its like are not the application's. */
function procedureOf({ procedures }: AppHandlers, name: string): Procedure | undefined {
  return procedures !== undefined && Object.hasOwn(procedures, name) ? procedures[name] : undefined;
}

/** Runs at once; what is thrown becomes a rejection. */
async function invoke<T>(run: () => T | Promise<T>): Promise<T> {
  return await run();
}

function denialOf(
  refusal: { readonly message: string; readonly code: unknown; readonly redirectUrl: unknown },
  usualCode: string,
): Denial {
  const code = typeof refusal.code === 'string' ? refusal.code : usualCode;
  const description = refusal.message;
  if (typeof refusal.redirectUrl !== 'string') return { kind: 'forbidden', code, description };
  return { kind: 'redirect', code, description, redirectUrl: refusal.redirectUrl };
}
