import { RtmpUsageError } from '../../bytes/index.js';
import type { PlayRequest, PublishRequest, SeekRequest, ServeRequest, StreamRole } from './server-event.js';
import { type StreamState, type StreamStep, streamSteps } from './session-states.js';

/** One message stream of a server's connection. */
export class MessageStream {
  readonly id: number;
  /** What was asked for last; `undefined` on an idle stream. */
  request: PublishRequest | PlayRequest | ServeRequest | undefined;
  /** What is asked for while something recorded plays. */
  queued: PlayRequest | undefined;
  /** What plays is recorded: it has places to seek to. */
  recorded = false;
  /** What plays has an end, and can be followed by something else. */
  ends = false;
  /** Where the client wanted to go last; an earlier wish is of no interest any more. */
  seek: SeekRequest | undefined;
  receiveAudio = true;
  receiveVideo = true;
  #state: StreamState = 'idle';

  constructor(id: number) {
    this.id = id;
  }

  get state(): StreamState {
    return this.#state;
  }

  /** `undefined` on an idle stream. */
  get role(): StreamRole | undefined {
    return this.request?.kind;
  }

  /** The name of what it publishes, plays or is attached to, without the query; `''` on an idle stream. */
  get streamName(): string {
    return this.request?.streamName ?? '';
  }

  step(step: StreamStep): void {
    const next = streamSteps[this.#state][step];
    if (next === undefined) {
      throw new RtmpUsageError('ERR_RTMP_SESSION_STATE', `${step} on a message stream that is ${this.#state}`);
    }
    this.#state = next;
    if (next !== 'queueRequested') this.queued = undefined;
    if (next !== 'idle') return;
    this.request = undefined;
    this.recorded = false;
    this.ends = false;
    this.seek = undefined;
  }
}

/** The message streams that a client has created. Ids count from 1; that of a deleted stream is given out again. */
export class MessageStreams {
  readonly #streams = new Map<number, MessageStream>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** `undefined`: the limit is reached. */
  create(): MessageStream | undefined {
    if (this.#streams.size >= this.#max) return undefined;
    let id = 1;
    while (this.#streams.has(id)) id += 1;
    const stream = new MessageStream(id);
    this.#streams.set(id, stream);
    return stream;
  }

  get(id: number): MessageStream | undefined {
    return this.#streams.get(id);
  }

  delete(id: number): void {
    this.#streams.delete(id);
  }

  [Symbol.iterator](): Iterator<MessageStream> {
    return this.#streams.values();
  }
}
