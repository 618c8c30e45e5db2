import type { PlayRequest, SeekRequest, ServerSession } from '@millrace/protocol';
import type { DvrWindows } from '../dvr/index.js';
import type { LiveStreams, MediaSelection, PlayerSink, StreamKey, Subscription } from '../live/index.js';
import type { Logger } from '../log/index.js';
import type { VodPlayback } from '../vod/index.js';
import type { AdmissionGate } from './admission-gate.js';
import type { BufferLengths } from './buffer-lengths.js';
import type { ByteTransport } from './byte-transport.js';
import { LiveChange } from './live-change.js';
import { TimeShift } from './time-shift.js';

export interface PlayingStreamsOptions {
  readonly streams: LiveStreams;
  readonly bufferLengths: Pick<BufferLengths, 'of'>;
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
  /** A stream was wanted for a time, and all of that was sent. */
  readonly finished: (live: FinishedLive) => void;
}

export interface FinishedLive {
  readonly messageStreamId: number;
  readonly durationMs: number;
  readonly bytes: number;
  /** When it ended, ms of the stream. */
  readonly endMs: number;
}

/** A publisher that has been silent for so long leaves its players dry, ms. */
const dryAfterMs = 5000;

/** A player's place in a stream and the media it chose. */
interface Playing {
  readonly request: PlayRequest;
  readonly subscription: Subscription;
  readonly shift: TimeShift;
  audio: boolean;
  video: boolean;
  /** What is to take its place. */
  change?: LiveChange | undefined;
  /** The client knows that nothing comes. */
  isDry?: boolean;
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
    const { streams, windows, session, flush } = this.#options;
    const { messageStreamId } = request;
    // Answered before the stream is joined: the statuses stand before the first media on the wire.
    const key = { app: session.peer?.app ?? '', name };
    if (streams.isValidName(key)) {
      // Players take it for a stream that can be sought in, recorded or not.
      if (windows.find(key) !== undefined) session.sendUserControl({ type: 'streamIsRecorded', messageStreamId });
      session.accept(request, { ends: request.duration >= 0 });
      flush();
      if (this.#isClosed) return;
    }
    this.join(request, name);
  }

  /** Joins the stream for a request that was accepted. */
  join(request: PlayRequest, name: string): void {
    const { session, log } = this.#options;
    const { messageStreamId } = request;
    const key = { app: session.peer?.app ?? '', name };
    const { receiveAudio: audio, receiveVideo: video } = request;
    const shift = this.#createShift(request, key, { audio, video });
    const subscription = this.#subscribe(request, key, shift.sink, { audio, video });
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

  /** Whether the message stream plays a live stream. */
  has(messageStreamId: number): boolean {
    return this.#playing.has(messageStreamId);
  }

  /** Answers a request that was granted, and goes on with that stream at its next key frame. */
  change(request: PlayRequest, name: string): void {
    const { streams, session, gate, flush } = this.#options;
    const { messageStreamId } = request;
    const playing = this.#playing.get(messageStreamId);
    const key = { app: session.peer?.app ?? '', name };
    const old = request.transition?.kind === 'swap' ? request.transition.oldStreamName : '';
    const isCurrent = old === '' || old === playing?.request.streamName;
    if (playing === undefined || !playing.shift.isLive || !isCurrent || !streams.isPublished(key)) {
      const description = !isCurrent
        ? `${old} is not in the play list.`
        : playing?.shift.isLive
          ? `${name} is not published.`
          : 'The stream is not played live.';
      session.reject(request, { code: 'NetStream.Play.Failed', description });
      gate.ended(request);
      return;
    }
    if (!session.accept(request)) {
      gate.ended(request);
      return;
    }
    flush();
    this.#dropChange(playing);
    const selection = { audio: playing.audio, video: playing.video };
    playing.change = new LiveChange({
      request,
      shift: this.#createShift(request, key, selection),
      old: playing.subscription,
      join: (sink, takeOver) => this.#subscribe(request, key, sink, selection, takeOver),
      takenOver: (change, subscription) => this.#takenOver(playing, change, subscription),
      failed: () => {
        this.#dropChange(playing);
        session.sendStatus(messageStreamId, 'NetStream.Play.Failed', `${name} is not published any more.`);
        flush();
      },
    });
  }

  /** To be called now and then: tells players whose publisher is silent. */
  checkSilence(): void {
    for (const [messageStreamId, playing] of this.#playing) {
      const isDry = playing.subscription.silentMs >= dryAfterMs;
      if (isDry && playing.isDry !== true) {
        this.#options.session.sendUserControl({ type: 'streamDry', messageStreamId });
        this.#options.flush();
      }
      playing.isDry = isDry;
    }
  }

  /** `timeMs`: where the client says that it is. */
  pause(messageStreamId: number, pause: boolean, timeMs: number): void {
    const playing = this.#playing.get(messageStreamId);
    if (pause) playing?.shift.pause();
    else playing?.shift.resume(timeMs);
    playing?.change?.pause(pause);
  }

  /** `false`: the stream has one place only. */
  seek(request: SeekRequest): boolean {
    return this.#playing.get(request.messageStreamId)?.shift.seek(request) ?? false;
  }

  bufferLength(messageStreamId: number, bufferMs: number): void {
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
    playing.change?.select({ audio: playing.audio, video: playing.video });
  }

  reportLatency(messageStreamId: number, latencyMs: number): void {
    this.#playing.get(messageStreamId)?.subscription.reportLatency(latencyMs);
  }

  stopped(messageStreamId: number): void {
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    this.#playing.delete(messageStreamId);
    this.#dropChange(playing);
    playing.shift.close();
    playing.subscription.close();
    this.#options.gate.ended(playing.request);
  }

  closed(): void {
    this.#isClosed = true;
    for (const messageStreamId of [...this.#playing.keys()]) this.stopped(messageStreamId);
  }

  #createShift({ messageStreamId }: PlayRequest, key: StreamKey, selection: MediaSelection): TimeShift {
    const bufferMs = this.#options.bufferLengths.of(messageStreamId);
    const finished = (): void => this.#finished(messageStreamId);
    return new TimeShift({ ...this.#options, key, messageStreamId, selection, bufferMs, finished });
  }

  #subscribe(
    { messageStreamId, duration }: PlayRequest,
    key: StreamKey,
    sink: PlayerSink,
    selection: MediaSelection,
    takeOver?: (firstMs: number) => void,
  ): Subscription | undefined {
    const { streams, session } = this.#options;
    const { chunkSize, objectEncoding } = session;
    const format = { kind: 'rtmp', messageStreamId, chunkSize, objectEncoding } as const;
    return streams.play(key, format, sink, selection, { durationMs: duration < 0 ? undefined : duration, takeOver });
  }

  #takenOver(playing: Playing, { request, shift }: LiveChange, subscription: Subscription): void {
    const { session, gate, flush } = this.#options;
    playing.shift.close();
    playing.subscription.close();
    gate.ended(playing.request);
    const { audio, video } = playing;
    this.#playing.set(request.messageStreamId, { request, subscription, shift, audio, video });
    session.playNext(request, { ends: request.duration >= 0 });
    flush();
  }

  #dropChange(playing: Playing): void {
    const { change } = playing;
    playing.change = undefined;
    if (change === undefined) return;
    change.close();
    this.#options.gate.ended(change.request);
  }

  #finished(messageStreamId: number): void {
    const playing = this.#playing.get(messageStreamId);
    if (playing === undefined) return;
    const { request, subscription } = playing;
    const { bytesOut: bytes, newestMs = 0 } = subscription;
    this.stopped(messageStreamId);
    this.#options.finished({ messageStreamId, durationMs: request.duration, bytes, endMs: newestMs + 1 });
  }
}
