import type { PlayRequest, SeekRequest, ServerSession } from '@millrace/protocol';
import type { DvrWindows } from '../dvr/index.js';
import type { LiveStreams, MediaSelection, Subscription } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { VodPlayback } from '../vod/index.js';
import type { AdmissionGate } from './admission-gate.js';
import type { ByteTransport } from './byte-transport.js';
import { TimeShift } from './time-shift.js';

export interface PlayingStreamsOptions {
  readonly streams: LiveStreams;
  readonly windows: Pick<DvrWindows, 'find'>;
  readonly vod: Pick<VodPlayback, 'pacer'>;
  readonly session: ServerSession;
  readonly transport: ByteTransport;
  readonly gate: AdmissionGate;
  readonly log: Logger;
  readonly stallTimeoutMs: number;
  readonly now: () => number;
  /** Sends what the session has to say. */
  readonly flush: () => void;
}

/** Message streams of which a client has said how much it buffers; it may say so of streams that there are not. */
const maxBufferLengths = 256;

/** A player's place in a stream and the media it chose. */
interface Playing {
  readonly request: PlayRequest;
  readonly subscription: Subscription;
  readonly shift: TimeShift;
  audio: boolean;
  video: boolean;
}

/** The message streams of one connection that play live streams. */
export class PlayingStreams {
  readonly #options: PlayingStreamsOptions;
  readonly #playing = new Map<number, Playing>();
  /** ms, by message stream. */
  readonly #bufferMs = new Map<number, number>();
  #isClosed = false;

  constructor(options: PlayingStreamsOptions) {
    this.#options = options;
  }

  /** Answers a request that was granted, and joins the stream. */
  start(request: PlayRequest, name: string): void {
    const { streams, windows, session, flush } = this.#options;
    const { messageStreamId } = request;
    // Answered before the stream is joined: the statuses stand before the first media on the wire.
    const key = { app: session.peer?.app ?? '', name };
    if (streams.isValidName(key)) {
      // Players take it for a stream that can be sought in, recorded or not.
      if (windows.find(key) !== undefined) session.sendUserControl({ type: 'streamIsRecorded', messageStreamId });
      session.accept(request);
      flush();
      if (this.#isClosed) return;
    }
    this.join(request, name);
  }

  /** Joins the stream for a request that was accepted. */
  join(request: PlayRequest, name: string): void {
    const { streams, session, log } = this.#options;
    const { messageStreamId } = request;
    const key = { app: session.peer?.app ?? '', name };
    const { receiveAudio: audio, receiveVideo: video } = request;
    const bufferMs = this.#bufferMs.get(messageStreamId);
    const shift = new TimeShift({ ...this.#options, key, messageStreamId, selection: { audio, video }, bufferMs });
    const { chunkSize, objectEncoding } = session;
    const format = { kind: 'rtmp', messageStreamId, chunkSize, objectEncoding } as const;
    const subscription = streams.play(key, format, shift.sink, { audio, video });
    if (subscription === undefined) {
      session.reject(request, {
        code: 'NetStream.Play.StreamNotFound',
        description: 'The stream name is not valid.',
      });
      return;
    }
    shift.attach(subscription);
    this.#playing.set(messageStreamId, { request, subscription, shift, audio, video });
    log.debug({ stream: `${key.app}/${name}` }, 'play');
  }

  /** `timeMs`: where the client says that it is. */
  pause(messageStreamId: number, pause: boolean, timeMs: number): void {
    const shift = this.#playing.get(messageStreamId)?.shift;
    if (pause) shift?.pause();
    else shift?.resume(timeMs);
  }

  /** `false`: the stream has one place only. */
  seek(request: SeekRequest): boolean {
    return this.#playing.get(request.messageStreamId)?.shift.seek(request) ?? false;
  }

  bufferLength(messageStreamId: number, bufferMs: number): void {
    if (this.#bufferMs.size >= maxBufferLengths && !this.#bufferMs.has(messageStreamId)) return;
    this.#bufferMs.set(messageStreamId, bufferMs);
    this.#playing.get(messageStreamId)?.shift.bufferLength(bufferMs);
  }

  select(messageStreamId: number, change: Partial<MediaSelection>): void {
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    // What the client was told by the session stands before the media that this brings.
    this.#options.flush();
    playing.audio = change.audio ?? playing.audio;
    playing.video = change.video ?? playing.video;
    playing.shift.select({ audio: playing.audio, video: playing.video });
  }

  reportLatency(messageStreamId: number, latencyMs: number): void {
    this.#playing.get(messageStreamId)?.subscription.reportLatency(latencyMs);
  }

  stopped(messageStreamId: number): void {
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    this.#playing.delete(messageStreamId);
    playing.shift.close();
    playing.subscription.close();
    this.#options.gate.ended(playing.request);
  }

  closed(): void {
    this.#isClosed = true;
    for (const messageStreamId of [...this.#playing.keys()]) this.stopped(messageStreamId);
  }
}
