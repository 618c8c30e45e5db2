import type {
  AmfInput,
  CallAnswer,
  CallRequest,
  ConnectRequest,
  PlayRequest,
  PublishRequest,
  Rejection,
  ServeRequest,
  ServerSession,
} from '@millrace/protocol';
import { serveStatusCodes } from '@millrace/protocol';
import type { Denial, Verdict } from '../access/index.js';
import { Admission, type Admissions } from '../admission/index.js';
import { type AppPeer, type AppPublication, type CallOutcome, refusedCall } from '../app/index.js';
import type { Publication } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { Moderate } from '../service/index.js';
import type { SharedObjectAccess } from '../shared-object/index.js';
import type { ByteTransport } from './byte-transport.js';
import { hasChunkSizeFault } from './chunk-size-fault.js';
import { negotiated } from './negotiate.js';

type DecidedRequest = PublishRequest | PlayRequest | ServeRequest;

export interface AdmissionGateOptions {
  readonly admissions: Admissions;
  readonly session: ServerSession;
  readonly transport: Pick<ByteTransport, 'remoteAddress' | 'tls' | 'rtmpe'>;
  readonly log: Logger;
  /** What clients may negotiate: the names of the transports that this server has. */
  readonly transports: readonly string[];
  /** Sends what the session has to say. */
  readonly flush: () => void;
  /** Gives a late answer, unless the connection has closed, and goes on with what has come in the meantime. */
  readonly resume: (answer: () => void) => void;
  /** Answers `getStreamLength`, where nobody has a say. */
  readonly streamLength: (request: CallRequest) => void;
  /** Sends what is due and closes. */
  readonly close: () => void;
}

/**
 * Between a session and who has a say about its client: asks before `connect`, `publish` and `play` are answered, and
 * sees to what becomes of the answers, however late they are.
 */
export class AdmissionGate {
  readonly #options: AdmissionGateOptions;
  /** What is being decided on, by message stream. */
  readonly #undecided = new Map<number, DecidedRequest>();
  /** `undefined`: nobody has a say. */
  #admission: Admission | undefined;
  /** Calls that have come while as many as may run did. */
  readonly #waitingCalls: CallRequest[] = [];
  #runningCalls = 0;

  constructor(options: AdmissionGateOptions) {
    this.#options = options;
  }

  connect(request: ConnectRequest): void {
    const { admissions, session, transport, log, resume } = this.#options;
    const common = {
      info: negotiated(request, this.#options.transports),
      keepsChunkSize: hasChunkSizeFault(transport, request),
    };
    const opened = admissions.open(request, () => this.#peer(), log);
    if (!(opened instanceof Admission)) {
      if (opened === undefined) session.accept(request, { ...common, ownCommands: ['getStreamLength'] });
      else session.reject(request, rejectionOf(opened));
      return;
    }
    this.#admission = opened;
    const answer = (refused: Denial | undefined): void => {
      if (refused !== undefined) session.reject(request, rejectionOf(refused));
      else if (session.accept(request, { ...common, ownCommands: opened.procedureNames })) opened.accepted();
    };
    const verdict = opened.connect();
    if (verdict instanceof Promise) void verdict.then((refused) => resume(() => answer(refused)));
    else answer(verdict);
  }

  /** Calls `start` with the name of the stream: at once where nobody must be waited for, later where it is granted. */
  decide(request: DecidedRequest, start: (streamName: string) => void): void {
    const admission = this.#admission;
    if (admission === undefined) {
      start(request.streamName);
      return;
    }
    const { session, resume } = this.#options;
    const { messageStreamId } = request;
    const answer = (refused: Denial | undefined): void => {
      if (refused === undefined) start(admission.streamName(request));
      else session.reject(request, rejectionFor(request, refused));
    };
    const verdict = ask(admission, request);
    if (!(verdict instanceof Promise)) {
      answer(verdict);
      return;
    }
    this.#undecided.set(messageStreamId, request);
    void verdict.then((refused) => {
      if (this.#undecided.get(messageStreamId) !== request) {
        // Closed in the meantime: who granted it is told, and no name or place is taken.
        admission.ended(request);
        return;
      }
      this.#undecided.delete(messageStreamId);
      resume(() => answer(refused));
    });
  }

  /** A message stream was closed: what is asked for it is of no interest any more. */
  stopped(messageStreamId: number): void {
    this.#undecided.delete(messageStreamId);
  }

  /** What was granted is over, or did not come about. */
  ended(request: DecidedRequest): void {
    this.#admission?.ended(request);
  }

  /** What the publisher's messages go to: `publication`, behind the application where that looks at data. */
  watch(request: PublishRequest, publication: Publication): Publication {
    return this.#admission?.watch(request, publication) ?? publication;
  }

  /** What the application wants of the stream; `undefined`: nothing. */
  publication(request: PublishRequest): AppPublication | undefined {
    return this.#admission?.publication(request);
  }

  /** Who has a say about the messages to the service; `undefined`: nobody. */
  moderator(request: ServeRequest): Moderate | undefined {
    return this.#admission?.moderator(request);
  }

  /** Who has a say about what the client does with shared objects; `undefined`: nobody. */
  get sharedObjects(): SharedObjectAccess | undefined {
    return this.#admission?.sharedObjects;
  }

  call(request: CallRequest): void {
    const admission = this.#admission;
    if (admission === undefined && request.name === 'getStreamLength') {
      this.#options.streamLength(request);
      return;
    }
    if (admission === undefined) {
      this.#options.log.debug({ name: request.name.slice(0, maxLoggedName) }, 'unknown call');
      const { description, code } = refusedCall(request.name);
      this.#options.session.rejectCall(request, description, code);
      return;
    }
    if (this.#runningCalls < maxRunningCalls) this.#run(admission, request);
    else this.#waitingCalls.push(request);
  }

  /**
   * Calls wait for others to end: what comes now is kept, and bounds how many they are. It is read all the same, as far as
   * it may be kept: those that run can wait for what the client answers behind those that wait.
   */
  get isWaiting(): boolean {
    return this.#waitingCalls.length > 0;
  }

  answered(answer: CallAnswer): void {
    this.#admission?.answered(answer);
  }

  /** The connection is gone, and `ended` was called for all that was granted. */
  disconnected(): void {
    this.#undecided.clear();
    this.#waitingCalls.length = 0;
    this.#admission?.disconnected();
  }

  #run(admission: Admission, request: CallRequest): void {
    this.#runningCalls += 1;
    void admission.call(request).then((outcome) => {
      this.#runningCalls -= 1;
      const next = this.#waitingCalls.shift();
      if (next !== undefined) this.#run(admission, next);
      this.#options.resume(() => this.#answerCall(admission, request, outcome));
    });
  }

  #peer(): AppPeer {
    const { session, transport, flush, close } = this.#options;
    return {
      transport: 'rtmp',
      address: transport.remoteAddress,
      tls: transport.tls,
      bearerToken: undefined,
      calls: {
        call: (name: string, args: readonly AmfInput[]) => {
          const transactionId = session.call(name, args);
          flush();
          return transactionId;
        },
        forget: (transactionId: number) => session.forgetCall(transactionId),
        send: (name: string, args: readonly AmfInput[]) => {
          session.sendCommand(name, 0, args);
          flush();
        },
      },
      close: () => {
        if (session.peer !== undefined) {
          session.sendStatus(0, 'NetConnection.Connect.Closed', 'The application closed the connection.');
        }
        close();
      },
    };
  }

  #answerCall(admission: Admission, request: CallRequest, outcome: CallOutcome): void {
    const { session } = this.#options;
    if (!outcome.ok) {
      session.rejectCall(request, outcome.description, outcome.code);
      return;
    }
    try {
      session.respond(request, outcome.value);
    } catch (error) {
      session.rejectCall(request, admission.unsendable(request, error).description);
    }
  }
}

function ask(admission: Admission, request: DecidedRequest): Verdict | Promise<Verdict> {
  switch (request.kind) {
    case 'publish':
      return admission.publish(request);
    case 'play':
      return admission.play(request);
    case 'serve':
      return admission.serve(request);
    default:
      return request satisfies never;
  }
}

/** `serve` has one code for all that is refused. */
function rejectionFor(request: DecidedRequest, refused: Denial): Rejection {
  if (request.kind !== 'serve') return rejectionOf(refused);
  return { code: serveStatusCodes.refused, description: refused.description };
}

function rejectionOf({ code, description, redirectUrl }: Denial): Rejection {
  if (redirectUrl === undefined) return { code, description };
  // As Flash Media Server's application.redirectConnection.
  return { code, description, info: { ex: { code: 302, redirect: redirectUrl } } };
}

/** Names can be of any length; a log line has room for this. */
const maxLoggedName = 200;
/** Of one client, at a time. */
const maxRunningCalls = 64;
