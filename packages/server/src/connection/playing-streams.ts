import type { PlayRequest, ServerSession } from '@millrace/protocol';
import type { LiveStreams, MediaSelection, Subscription } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { AdmissionGate } from './admission-gate.js';
import type { ByteTransport } from './byte-transport.js';
import { RtmpPlayerSink } from './rtmp-player-sink.js';

export interface PlayingStreamsOptions {
  readonly streams: LiveStreams;
  readonly session: ServerSession;
  readonly transport: ByteTransport;
  readonly gate: AdmissionGate;
  readonly log: Logger;
  /** Sends what the session has to say. */
  readonly flush: () => void;
}

/** A player's place in a stream and the media it chose. */
interface Playing {
  readonly request: PlayRequest;
  readonly subscription: Subscription;
  audio: boolean;
  video: boolean;
}

/** The message streams of one connection that play live streams. */
export class PlayingStreams {
  readonly #options: PlayingStreamsOptions;
  readonly #playing = new Map<number, Playing>();
  #isClosed = false;

  constructor(options: PlayingStreamsOptions) {
    this.#options = options;
  }

  /** Answers a request that was granted, and joins the stream. */
  start(request: PlayRequest, name: string): void {
    const { streams, session, flush } = this.#options;
    // Answered before the stream is joined: the statuses stand before the first media on the wire.
    if (streams.isValidName({ app: session.peer?.app ?? '', name })) {
      session.accept(request);
      flush();
      if (this.#isClosed) return;
    }
    this.join(request, name);
  }

  /** Joins the stream for a request that was accepted. */
  join(request: PlayRequest, name: string): void {
    const { streams, session, transport, log, flush } = this.#options;
    const { messageStreamId } = request;
    const app = session.peer?.app ?? '';
    const sink = new RtmpPlayerSink(transport, session, messageStreamId, flush);
    const { chunkSize, objectEncoding } = session;
    const format = { kind: 'rtmp', messageStreamId, chunkSize, objectEncoding } as const;
    const { receiveAudio: audio, receiveVideo: video } = request;
    const subscription = streams.play({ app, name }, format, sink, { audio, video });
    if (subscription === undefined) {
      session.reject(request, {
        code: 'NetStream.Play.StreamNotFound',
        description: 'The stream name is not valid.',
      });
      return;
    }
    this.#playing.set(messageStreamId, { request, subscription, audio, video });
    log.debug({ stream: `${app}/${name}` }, 'play');
  }

  pause(messageStreamId: number, pause: boolean): void {
    this.#playing.get(messageStreamId)?.subscription.pause(pause);
  }

  select(messageStreamId: number, change: Partial<MediaSelection>): void {
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    // What the client was told by the session stands before the media that this brings.
    this.#options.flush();
    playing.audio = change.audio ?? playing.audio;
    playing.video = change.video ?? playing.video;
    playing.subscription.select({ audio: playing.audio, video: playing.video });
  }

  reportLatency(messageStreamId: number, latencyMs: number): void {
    this.#playing.get(messageStreamId)?.subscription.reportLatency(latencyMs);
  }

  stopped(messageStreamId: number): void {
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    this.#playing.delete(messageStreamId);
    playing.subscription.close();
    this.#options.gate.ended(playing.request);
  }

  closed(): void {
    this.#isClosed = true;
    for (const messageStreamId of [...this.#playing.keys()]) this.stopped(messageStreamId);
  }
}
