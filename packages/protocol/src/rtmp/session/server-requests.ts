import { RtmpUsageError } from '../../bytes/index.js';
import { refuseSeek } from './recorded-answers.js';
import { answerPublish, answerServe, refuseStream } from './server-answers.js';
import type { ServerContext } from './server-context.js';
import type {
  ConnectRequest,
  PlayAnswer,
  PlayRequest,
  PublishRequest,
  Rejection,
  SeekRequest,
  ServeGrant,
  ServeRequest,
} from './server-event.js';
import type { ServerInbox } from './server-inbox.js';
import type { ServerPlaying } from './server-playing.js';

/** What a message stream is asked for. */
type StreamRequest = PublishRequest | PlayRequest | ServeRequest | SeekRequest;
/** All that `accept` and `reject` answer. */
export type SessionRequest = ConnectRequest | StreamRequest;

interface ServerRequestsOptions {
  readonly context: ServerContext;
  readonly playing: ServerPlaying;
  readonly inbox: Pick<ServerInbox, 'publishing'>;
}

/** The client's requests: which of them still want an answer, and what the answer does to their message stream. */
export class ServerRequests {
  readonly #context: ServerContext;
  readonly #playing: ServerPlaying;
  readonly #inbox: Pick<ServerInbox, 'publishing'>;
  readonly #answered = new WeakSet<SessionRequest>();
  #connect: ConnectRequest | undefined;

  constructor({ context, playing, inbox }: ServerRequestsOptions) {
    this.#context = context;
    this.#playing = playing;
    this.#inbox = inbox;
  }

  /** `connect` has come, and waits for its answer. */
  connect(request: ConnectRequest): void {
    this.#connect = request;
  }

  /**
   * `true`: the request is still of interest, and is answered now.
   *
   * @throws RtmpUsageError `ERR_RTMP_SESSION_ANSWERED` when it was answered before.
   */
  take(request: SessionRequest): boolean {
    if (this.#answered.has(request)) {
      throw new RtmpUsageError('ERR_RTMP_SESSION_ANSWERED', `a ${request.kind} request is answered twice`);
    }
    this.#answered.add(request);
    const { streams } = this.#context;
    const state = this.#context.state();
    if (state === 'ended') return false;
    switch (request.kind) {
      case 'connect':
        return state === 'deciding' && request === this.#connect;
      case 'seek':
        return streams.get(request.messageStreamId)?.seek === request;
      case 'publish':
      case 'play':
      case 'serve': {
        const stream = streams.get(request.messageStreamId);
        return stream !== undefined && (stream.queued ?? stream.request) === request;
      }
      default:
        return request satisfies never;
    }
  }

  /** Grants what was taken. */
  accept(request: StreamRequest, answer: PlayAnswer & Partial<ServeGrant>): void {
    const stream = this.#context.streams.get(request.messageStreamId);
    switch (request.kind) {
      case 'publish':
        stream?.step('accept');
        this.#inbox.publishing();
        answerPublish(this.#context, request, answer);
        break;
      case 'play':
        this.#playing.accept(request, answer);
        break;
      case 'seek':
        this.#playing.acceptSeek(request);
        break;
      case 'serve':
        stream?.step('accept');
        answerServe(this.#context, request, { code: '', description: '', ...answer });
        break;
      default:
        request satisfies never;
    }
  }

  /** Refuses what was taken. */
  reject(request: StreamRequest, rejection: Rejection): void {
    if (request.kind === 'seek') {
      refuseSeek(this.#context, request, rejection);
      return;
    }
    this.#context.streams.get(request.messageStreamId)?.step('refuse');
    refuseStream(this.#context, request, rejection);
  }
}
