import type { PlayRequest, Rejection, ServerSession } from '@millrace/protocol';
import type { MediaSelection } from '../live/index.js';
import { rtmpEncoding } from '../live/index.js';
import type { Logger } from '../log/index.js';
import { type Continuation, type OpenRecording, PlayClock, type VodPlayback, VodPlayer } from '../vod/index.js';
import type { ByteTransport } from './byte-transport.js';
import { DanmuReplay, type DanmuReplayOptions } from './danmu-replay.js';
import { maxQueue, type PlayItem } from './play-item.js';

export interface PlayListOptions {
  readonly vod: VodPlayback;
  readonly session: ServerSession;
  readonly transport: ByteTransport;
  readonly log: Logger;
  readonly stallTimeoutMs: number;
  readonly accurateSeek: boolean;
  readonly now: () => number;
  /** Where the recordings are. */
  readonly mediaDir: string;
  readonly app: () => string;
  /** The client's place in the service of a stream. */
  readonly membershipOf: DanmuReplayOptions['membershipOf'];
  /** Sends what the session has to say. */
  readonly flush: () => void;
  /** Joins a live stream for a request that was accepted. The list is over; `rest` was to follow. */
  readonly joinLive: (item: PlayItem, rest: readonly PlayItem[]) => void;
  /** The list cannot go on. */
  readonly failed: (messageStreamId: number) => void;
  /** What was granted is over, or did not come about. */
  readonly ended: (request: PlayRequest) => void;
}

/** How often a place for a change is looked for, when the player is past each that was found. */
const maxChangeTries = 5;

/** What a message stream plays that plays recordings, and what it is to play after that. */
export class PlayList {
  readonly #options: PlayListOptions;
  readonly #id: number;
  readonly #clock: PlayClock;
  readonly #selection: { audio: boolean; video: boolean };
  readonly #queue: PlayItem[] = [];
  readonly #replay: DanmuReplay;
  #current: PlayItem;
  /** What is to take the place of the current, at a time of the stream, ms. */
  #change: { readonly item: PlayItem; readonly recording: OpenRecording; readonly atMs: number } | undefined;
  #player: VodPlayer;
  /** Nothing was begun yet: the list is to grow first. */
  #isHeld: boolean;
  #isPaused = false;

  /** Plays nothing before `start`. `bufferMs`: what the client buffers; `undefined`: it has not said. */
  constructor(options: PlayListOptions, item: PlayItem, recording: OpenRecording, bufferMs: number | undefined) {
    const { request } = item;
    this.#options = options;
    this.#id = request.messageStreamId;
    this.#clock = new PlayClock(options.now);
    if (bufferMs !== undefined) this.#clock.bufferMs = bufferMs;
    this.#selection = { audio: request.receiveAudio, video: request.receiveVideo };
    this.#current = item;
    this.#isHeld = request.transition?.kind === 'appendAndWait';
    this.#player = this.#createPlayer(request, recording);
    const { mediaDir, membershipOf, log } = options;
    const playedMs = (): number | undefined => this.#player.playedMs;
    this.#replay = new DanmuReplay({ mediaDir, membershipOf, log, playedMs, pacer: options.vod.pacer });
    this.#replayItem(item, recording, startOf(request));
    options.vod.totals.playerCount += 1;
  }

  /** `atMs`: the time of the stream that its first frame gets, where something was played before; `rest` follows. */
  start(atMs?: number, rest: readonly PlayItem[] = []): void {
    this.#queue.push(...rest);
    if (!this.#isHeld || atMs !== undefined) void this.#player.start(atMs === undefined ? {} : { atMs });
    this.#isHeld &&= atMs === undefined;
  }

  close(): void {
    this.#options.vod.totals.playerCount -= 1;
    this.#replay.close();
    this.#player.close();
    this.#dropChange();
    for (const item of [this.#current, ...this.#queue]) this.#drop(item);
  }

  /** Of what plays, ms. */
  get durationMs(): number {
    return this.#player.file.durationMs;
  }

  pause(pause: boolean, timeMs: number): void {
    this.#isPaused = pause;
    if (pause) this.#player.pause();
    else void this.#player.resume(timeMs);
  }

  /** Whether there is such a place, ms of the stream. */
  canSeek(timeMs: number): boolean {
    return !this.#isHeld && this.#player.canSeek(timeMs);
  }

  seek(timeMs: number): void {
    const change = this.#change;
    const offsetMs = Math.max(0, this.#player.offsetMs);
    if (change !== undefined && timeMs >= change.atMs) {
      this.#replace(change.item, change.recording, { seekMs: timeMs, offsetMs });
      return;
    }
    this.#replay.sought(timeMs - offsetMs);
    void this.#player.seek(timeMs);
  }

  select(change: Partial<MediaSelection>): void {
    Object.assign(this.#selection, change);
    this.#player.select({ ...this.#selection });
  }

  set bufferMs(bufferMs: number) {
    this.#clock.bufferMs = bufferMs;
    this.#player.clockChanged();
  }

  /** Answers a request that was granted and puts it behind the others, or where it is to be swapped in. */
  append(item: PlayItem): void {
    const { request } = item;
    if (this.#queue.length >= maxQueue) {
      this.#refuse(item, { code: 'NetStream.Play.Failed', description: 'The play list is too long.' });
      return;
    }
    if (!this.#options.session.accept(request)) {
      this.#drop(item);
      return;
    }
    if (request.transition?.kind === 'swap') {
      const old = this.#queue.findIndex((one) => one.request.streamName === request.transition?.oldStreamName);
      for (const swapped of this.#queue.splice(old, 1, item)) this.#drop(swapped);
      return;
    }
    this.#queue.push(item);
    if (request.transition?.kind === 'appendAndWait') return;
    if (this.#isHeld) {
      this.#isHeld = false;
      void this.#player.start();
    } else if (this.#player.hasEnded) {
      this.#advance();
    }
  }

  /**
   * Where the recording can take over, ms of the stream; infinity: nowhere; `undefined`: it waits for its turn. Rejects
   * with the system's errors.
   */
  async placeOfChange(request: PlayRequest, { file }: OpenRecording): Promise<number | undefined> {
    const old = request.transition?.oldStreamName ?? '';
    if (request.transition?.kind === 'swap' && old !== '' && old !== this.#current.request.streamName) {
      return this.#queue.some((item) => item.request.streamName === old) ? undefined : Number.POSITIVE_INFINITY;
    }
    if (this.#player.hasEnded) return Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < maxChangeTries; tries += 1) {
      const { sentMs, offsetMs } = this.#player;
      const from = Math.max(sentMs + 1, request.transition?.offsetMs ?? 0);
      const point = await file.keyFrameFrom(from - offsetMs);
      if (point === undefined) break;
      if (point.timestamp + offsetMs > this.#player.sentMs) return point.timestamp + offsetMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Answers a request that was granted: the recording takes over there. */
  changeTo(item: PlayItem, recording: OpenRecording, atMs: number): void {
    if (!this.#options.session.accept(item.request)) {
      this.#drop(item);
      return;
    }
    this.#dropChange();
    this.#change = { item, recording, atMs };
    this.#player.changeAt(atMs, () => {
      const { offsetMs } = this.#player;
      this.#replace(item, recording, { fromMs: atMs, offsetMs });
    });
  }

  /** All of the current was sent. */
  #finished(): void {
    if (this.#queue.length > 0) {
      this.#advance();
      return;
    }
    const { session, flush } = this.#options;
    session.playComplete(this.#id, { durationMs: this.durationMs, bytes: this.#player.sentBytes });
    flush();
  }

  #advance(): void {
    const next = this.#queue.shift();
    if (next === undefined) return;
    if (next.recording === undefined) this.#options.joinLive(next, this.#queue.splice(0));
    else this.#replace(next, next.recording, { atMs: this.#player.endMs });
  }

  #replace(item: PlayItem, recording: OpenRecording, continuation: Continuation): void {
    const { session, flush } = this.#options;
    const { atMs, fromMs, seekMs, offsetMs = 0 } = continuation;
    const placeMs = seekMs ?? fromMs;
    const itemFromMs = placeMs === undefined ? startOf(item.request) : placeMs - offsetMs;
    this.#replayItem(item, recording, itemFromMs, placeMs ?? atMs);
    this.#player.close();
    if (this.#change?.item === item) this.#change = undefined;
    else this.#dropChange();
    this.#drop(this.#current);
    this.#current = item;
    session.playNext(item.request, { recorded: true });
    flush();
    this.#player = this.#createPlayer(item.request, recording);
    if (this.#isPaused) this.#player.pause();
    void this.#player.start(continuation);
  }

  /** `fromMs`: of the file; `atMs`: of the stream, where something was played before. */
  #replayItem({ name }: PlayItem, { name: file }: OpenRecording, fromMs: number, atMs?: number): void {
    const key = { app: this.#options.app(), name };
    this.#replay.begin({ key, file, fromMs, offsetMs: () => this.#player.offsetMs }, atMs);
  }

  #createPlayer(request: PlayRequest, { file }: OpenRecording): VodPlayer {
    const { transport, session, vod, stallTimeoutMs, accurateSeek, flush } = this.#options;
    const { chunkSize, objectEncoding } = session;
    const player: VodPlayer = new VodPlayer({
      file,
      pacer: vod.pacer,
      clock: this.#clock,
      selection: { ...this.#selection },
      encoding: (selection) => rtmpEncoding(this.#id, chunkSize, selection, objectEncoding),
      startMs: startOf(request),
      durationMs: request.duration,
      stallTimeoutMs,
      accurateSeek,
      totals: vod.totals,
      sink: {
        get pendingBytes() {
          return transport.pendingBytes;
        },
        write: (bytes) => transport.write(bytes),
        ended: () => {
          if (this.#player === player) this.#finished();
        },
        failed: (error) => {
          if (this.#player === player) this.#failed(error);
        },
        behind: () => {
          const { streamName } = this.#current.request;
          session.sendStatus(
            this.#id,
            'NetStream.Play.InsufficientBW',
            `There is too little bandwidth for ${streamName}.`,
          );
          flush();
        },
        dry: () => {
          session.sendUserControl({ type: 'streamDry', messageStreamId: this.#id });
          flush();
        },
        stalled: () => transport.close('stalled: the player took nothing for longer than limits.stallTimeoutMs'),
      },
    });
    return player;
  }

  #failed(error: unknown): void {
    const { session, log, flush, failed } = this.#options;
    log.warn({ err: error }, 'a recording cannot be read any more');
    session.sendStatus(this.#id, 'NetStream.Play.Failed', 'The recording cannot be read.');
    session.playStop(this.#id);
    failed(this.#id);
    flush();
  }

  #refuse(item: PlayItem, rejection: Rejection): void {
    this.#options.session.reject(item.request, rejection);
    this.#drop(item);
  }

  /** What was to take over does not any more. */
  #dropChange(): void {
    const change = this.#change;
    this.#change = undefined;
    if (change !== undefined) this.#drop(change.item);
  }

  #drop({ request, recording }: PlayItem): void {
    recording?.release();
    this.#options.ended(request);
  }
}

function startOf({ start, transition }: PlayRequest): number {
  if (transition?.kind === 'resume' && transition.offsetMs >= 0) return transition.offsetMs;
  return Math.max(0, start);
}
