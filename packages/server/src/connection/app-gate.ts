import type {
  AmfInput,
  CallAnswer,
  CallRequest,
  ConnectRequest,
  PlayRequest,
  PublishRequest,
  ServerSession,
} from '@millrace/protocol';
import {
  type App,
  AppConnection,
  type AppHandlers,
  type CallOutcome,
  ConnectedClient,
  findHandlers,
} from '../app/index.js';
import type { Config } from '../config/index.js';
import type { Publication } from '../live/index.js';
import type { Logger } from '../log/index.js';

export interface AppGateOptions {
  /** `undefined`: everything is accepted at once. */
  readonly app: App | undefined;
  readonly config: Config;
  readonly session: ServerSession;
  readonly address: string;
  readonly log: Logger;
  /** Sends what the session has to say. */
  readonly flush: () => void;
  /** Gives a late answer, unless the connection has closed, and goes on with what has come in the meantime. */
  readonly resume: (answer: () => void) => void;
  /** Sends what is due and closes. */
  readonly close: () => void;
}

/** The application's say in a connection: what it is asked, and what becomes of its answers, however late they are. */
export class AppGate {
  readonly #options: AppGateOptions;
  /** What the application is deciding on, by message stream. */
  readonly #undecided = new Map<number, PublishRequest | PlayRequest>();
  /** `undefined`: no application has a say. */
  #app: AppConnection | undefined;

  constructor(options: AppGateOptions) {
    this.#options = options;
  }

  connect(request: ConnectRequest): void {
    const { app, config, session, log } = this.#options;
    const handlers = app === undefined ? undefined : findHandlers(app, request.app);
    if (handlers !== undefined) {
      this.#askToConnect(handlers, request);
    } else if (app !== undefined && config.app.onlyKnown) {
      log.info({ app: request.app.slice(0, maxLoggedName) }, 'refused: there is no such application');
      session.reject(request, invalidApp);
    } else session.accept(request);
  }

  /** Calls `start` at once where no application has a say, later where it grants the request. */
  decide(request: PublishRequest | PlayRequest, start: () => void): void {
    const app = this.#app;
    if (app === undefined) {
      start();
      return;
    }
    const { session, resume } = this.#options;
    const { messageStreamId } = request;
    this.#undecided.set(messageStreamId, request);
    void (request.kind === 'publish' ? app.publish(request) : app.play(request)).then((refusal) => {
      if (this.#undecided.get(messageStreamId) !== request) {
        // Closed in the meantime: the application is told, and no name or place is taken.
        app.ended(request);
        return;
      }
      this.#undecided.delete(messageStreamId);
      resume(() => {
        if (refusal === undefined) start();
        else session.reject(request, refusal);
      });
    });
  }

  /** A message stream was closed: what is asked for it is of no interest any more. */
  stopped(messageStreamId: number): void {
    this.#undecided.delete(messageStreamId);
  }

  /** What was granted is over, or did not come about. */
  ended(request: PublishRequest | PlayRequest): void {
    this.#app?.ended(request);
  }

  /** What the publisher's messages go to: `publication`, behind the application where that looks at data. */
  watch(request: PublishRequest, publication: Publication): Publication {
    return this.#app?.watch(request, publication) ?? publication;
  }

  call(request: CallRequest): void {
    const app = this.#app;
    if (app === undefined) {
      this.#options.log.debug({ name: request.name.slice(0, maxLoggedName) }, 'unknown call');
      this.#options.session.rejectCall(request);
      return;
    }
    void app.call(request).then((outcome) => this.#options.resume(() => this.#answer(app, request, outcome)));
  }

  answered(answer: CallAnswer): void {
    this.#app?.answered(answer);
  }

  /** The connection is gone, and `ended` was called for all that was granted. */
  disconnected(): void {
    this.#undecided.clear();
    this.#app?.disconnected();
  }

  #askToConnect(handlers: AppHandlers, request: ConnectRequest): void {
    const { config, session, address, log, flush, resume, close } = this.#options;
    const peer = {
      address,
      call: (name: string, args: readonly AmfInput[]) => {
        const transactionId = session.call(name, args);
        flush();
        return transactionId;
      },
      forgetCall: (transactionId: number) => session.forgetCall(transactionId),
      send: (name: string, args: readonly AmfInput[]) => {
        session.sendCommand(name, 0, args);
        flush();
      },
      close: () => {
        if (session.peer !== undefined) {
          session.sendStatus(0, 'NetConnection.Connect.Closed', 'The application closed the connection.');
        }
        close();
      },
    };
    const app = new AppConnection({
      handlers,
      client: new ConnectedClient(peer, request),
      timeoutMs: config.app.timeoutMs,
      amfLimits: { maxDepth: config.limits.amfDepth, maxElements: config.limits.amfElements },
      log,
    });
    this.#app = app;
    void app.connect().then((refusal) =>
      resume(() => {
        if (refusal !== undefined) session.reject(request, refusal);
        else if (session.accept(request)) app.accepted();
      }),
    );
  }

  #answer(app: AppConnection, request: CallRequest, outcome: CallOutcome): void {
    const { session } = this.#options;
    if (!outcome.ok) {
      session.rejectCall(request, outcome.description, outcome.code);
      return;
    }
    try {
      session.respond(request, outcome.value);
    } catch (error) {
      session.rejectCall(request, app.unsendable(request, error).description);
    }
  }
}

const invalidApp = { code: 'NetConnection.Connect.InvalidApp', description: 'There is no such application.' };

/** Names can be of any length; a log line has room for this. */
const maxLoggedName = 200;
