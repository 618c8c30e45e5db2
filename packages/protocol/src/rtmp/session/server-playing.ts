import type { MessageStream } from './message-streams.js';
import {
  answerSeek,
  type CompletedPlay,
  notifyComplete,
  notifyNext,
  notifyTransition,
  notifyTransitionComplete,
} from './recorded-answers.js';
import {
  type AnswerSettings,
  answerPlay,
  notifyPublished,
  notifyStopped,
  notifyUnpublished,
} from './server-answers.js';
import type { ServerContext } from './server-context.js';
import type { PlayAnswer, PlayedKind, PlayRequest, SeekRequest } from './server-event.js';

/**
 * The message streams that play, from the answer to `play` on: what they are told, and what plays on them. What is said
 * to other streams is dropped.
 */
export class ServerPlaying {
  readonly #context: ServerContext;
  readonly #settings: AnswerSettings;

  constructor(context: ServerContext, settings: AnswerSettings) {
    this.#context = context;
    this.#settings = settings;
  }

  /** Grants a request: it plays now, or once `next` says so where something else plays. */
  accept(request: PlayRequest, answer: PlayAnswer): void {
    const stream = this.#context.streams.get(request.messageStreamId);
    if (stream?.queued === request) {
      stream.step('accept');
      if (isChange(request)) notifyTransition(this.#context, request);
      return;
    }
    stream?.step('accept');
    if (stream !== undefined) setKind(stream, answer);
    answerPlay(this.#context, request, this.#settings, answer);
  }

  acceptSeek(request: SeekRequest): void {
    const stream = this.#find(request.messageStreamId);
    if (stream !== undefined) answerSeek(this.#context, stream, request);
  }

  published(messageStreamId: number): void {
    const stream = this.#find(messageStreamId);
    if (stream !== undefined) notifyPublished(this.#context, stream);
  }

  unpublished(messageStreamId: number): void {
    const stream = this.#find(messageStreamId);
    if (stream !== undefined) notifyUnpublished(this.#context, stream);
  }

  stop(messageStreamId: number): void {
    const stream = this.#find(messageStreamId);
    if (stream === undefined) return;
    notifyStopped(this.#context, stream);
    stream.step('stop');
  }

  complete(messageStreamId: number, completed: CompletedPlay): void {
    const stream = this.#find(messageStreamId);
    if (stream !== undefined) notifyComplete(this.#context, stream, completed);
  }

  /** What was accepted while something else played begins. */
  next(request: PlayRequest, kind: PlayedKind): void {
    const stream = this.#find(request.messageStreamId);
    if (stream === undefined) return;
    const isTransition = isChange(request);
    stream.request = request;
    setKind(stream, kind);
    stream.seek = undefined;
    if (isTransition) notifyTransitionComplete(this.#context, request);
    else notifyNext(this.#context, request, stream.recorded);
  }

  #find(messageStreamId: number): MessageStream | undefined {
    const stream = this.#context.state() === 'ended' ? undefined : this.#context.streams.get(messageStreamId);
    return stream?.state === 'playing' || stream?.state === 'queueRequested' ? stream : undefined;
  }
}

function setKind(stream: MessageStream, { recorded = false, ends = recorded }: PlayedKind): void {
  stream.recorded = recorded;
  stream.ends = ends;
}

/** The stream takes the place of what plays, and does not wait for its end. */
function isChange({ transition }: PlayRequest): boolean {
  return transition?.kind === 'switch' || transition?.kind === 'swap';
}
