import type { CallRequest, PlayRequest, Rejection, SeekRequest, ServerSession } from '@millrace/protocol';
import type { LiveStreams, MediaSelection, StreamKey } from '../live/index.js';
import { rtmpEncoding } from '../live/index.js';
import type { Logger } from '../log/index.js';
import { type Continuation, type OpenRecording, PlayClock, type VodPlayback, VodPlayer } from '../vod/index.js';
import type { ByteTransport } from './byte-transport.js';

export interface VodStreamsOptions {
  readonly vod: VodPlayback;
  readonly streams: LiveStreams;
  readonly session: ServerSession;
  readonly transport: ByteTransport;
  readonly log: Logger;
  readonly stallTimeoutMs: number;
  readonly now: () => number;
  /** Sends what the session has to say. */
  readonly flush: () => void;
  /** Gives a late answer, unless the connection has closed, and goes on with what has come in the meantime. */
  readonly resume: (answer: () => void) => void;
  /** Answers a request and joins a live stream. */
  readonly playLive: (request: PlayRequest, name: string) => void;
  /** Joins a live stream for a request that was accepted. */
  readonly joinLive: (request: PlayRequest, name: string) => void;
  /** What was granted is over, or did not come about. */
  readonly ended: (request: PlayRequest) => void;
}

/** What was granted to be played. */
interface Item {
  readonly request: PlayRequest;
  readonly name: string;
  /** `undefined`: a live stream. */
  readonly recording: OpenRecording | undefined;
}

/** A message stream that plays recordings. */
interface VodStream {
  readonly id: number;
  readonly clock: PlayClock;
  readonly selection: { audio: boolean; video: boolean };
  current: Item;
  player: VodPlayer;
  readonly queue: Item[];
  /** Nothing was begun yet: the list is to grow first. */
  isHeld: boolean;
}

/** Longer play lists than this are somebody's mistake. */
const maxQueue = 256;
/** How often a place for a change is looked for, when the player is past each that was found. */
const maxChangeTries = 5;

/** The message streams of a connection that play recordings: what `play` and its like mean for them. */
export class VodStreams {
  readonly #options: VodStreamsOptions;
  readonly #streams = new Map<number, VodStream>();
  /** What the client buffers, ms, by message stream. */
  readonly #bufferMs = new Map<number, number>();
  #lengths = Promise.resolve();
  #isClosed = false;

  constructor(options: VodStreamsOptions) {
    this.#options = options;
  }

  /** Takes a request that was granted, to answer it now or later. `false`: it is for a live stream, now. */
  play(request: PlayRequest, key: StreamKey): boolean {
    const { vod, session, streams } = this.#options;
    const { start } = request;
    const isNext = this.#isNext(request);
    const isLive = start === -1 || (start === -2 && (streams.isPublished(key) || !vod.library.mayHave(key)));
    if (isLive) {
      if (isNext) this.#append({ request, name: key.name, recording: undefined });
      return isNext;
    }
    if (!vod.library.mayHave(key)) {
      session.reject(request, notFound(key));
      this.#options.ended(request);
      return true;
    }
    void this.#open(request, key);
    return true;
  }

  /** `false`: the stream plays no recording. So do the others. */
  pause(messageStreamId: number, pause: boolean, timeMs: number): boolean {
    const stream = this.#streams.get(messageStreamId);
    if (stream === undefined) return false;
    if (pause) stream.player.pause();
    else void stream.player.resume(timeMs);
    return true;
  }

  seek(request: SeekRequest): boolean {
    const stream = this.#streams.get(request.messageStreamId);
    if (stream === undefined) return false;
    const { session, flush } = this.#options;
    if (stream.isHeld || !stream.player.canSeek(request.timeMs)) {
      const info = { details: String(stream.player.file.durationMs / 1000) };
      session.reject(request, { code: 'NetStream.Seek.InvalidTime', description: 'There is no such place.', info });
      return true;
    }
    if (!session.accept(request)) return true;
    flush();
    void stream.player.seek(request.timeMs);
    return true;
  }

  select(messageStreamId: number, change: Partial<MediaSelection>): boolean {
    const stream = this.#streams.get(messageStreamId);
    if (stream === undefined) return false;
    // What the client was told by the session stands before the media that this brings.
    this.#options.flush();
    Object.assign(stream.selection, change);
    stream.player.select({ ...stream.selection });
    return true;
  }

  bufferLength(messageStreamId: number, bufferMs: number): void {
    // Said of streams that there are not: kept for few, all the same.
    if (this.#bufferMs.size >= maxQueue && !this.#bufferMs.has(messageStreamId)) return;
    this.#bufferMs.set(messageStreamId, bufferMs);
    const stream = this.#streams.get(messageStreamId);
    if (stream === undefined) return;
    stream.clock.bufferMs = bufferMs;
    stream.player.clockChanged();
  }

  /** `getStreamLength`: seconds, 0 where nothing is recorded. */
  answerLength(request: CallRequest, app: string): void {
    const { vod, session, resume } = this.#options;
    const [name] = request.args;
    const key = { app, name: typeof name === 'string' ? name.replace(/\?.*/s, '') : '' };
    if (!vod.library.mayHave(key)) {
      session.respond(request, 0);
      return;
    }
    const answer = (seconds: number): void => resume(() => session.respond(request, seconds));
    // One after another: a client that asks a thousand times does not open a thousand files.
    this.#lengths = this.#lengths.then(async () => {
      if (this.#isClosed) return;
      try {
        const recording = await vod.library.open(key);
        recording?.release();
        answer((recording?.file.durationMs ?? 0) / 1000);
      } catch {
        answer(0);
      }
    });
  }

  /** The message stream plays nothing any more. */
  stopped(messageStreamId: number): void {
    const stream = this.#streams.get(messageStreamId);
    if (stream === undefined) return;
    this.#streams.delete(messageStreamId);
    stream.player.close();
    for (const item of [stream.current, ...stream.queue]) this.#drop(item);
  }

  closed(): void {
    this.#isClosed = true;
    for (const messageStreamId of [...this.#streams.keys()]) this.stopped(messageStreamId);
  }

  /** It is for the end of a play list, or for a change. */
  #isNext(request: PlayRequest): boolean {
    return this.#streams.has(request.messageStreamId) && !request.reset;
  }

  /** Never rejects. */
  async #open(request: PlayRequest, key: StreamKey): Promise<void> {
    const { vod, session, log, resume, playLive, ended } = this.#options;
    let recording: OpenRecording | undefined;
    let changeMs: number | undefined;
    let rejection = notFound(key);
    try {
      recording = await vod.library.open(key);
      if (recording !== undefined && isChange(request)) {
        changeMs = await this.#placeOfChange(request, recording);
        rejection = { code: 'NetStream.Play.Failed', description: `There is no place to change to ${key.name}.` };
      }
    } catch (error) {
      log.warn({ stream: `${key.app}/${key.name}`, err: error }, 'a recording cannot be played');
      recording?.release();
      recording = undefined;
      rejection = { code: 'NetStream.Play.Failed', description: `${key.name} cannot be read.` };
      resume(() => {
        session.sendStatus(request.messageStreamId, 'NetStream.Play.FileStructureInvalid', rejection.description ?? '');
      });
    }
    if (this.#isClosed) {
      recording?.release();
      return;
    }
    const found = recording;
    resume(() => {
      if (found === undefined && request.start === -2 && rejection.code === 'NetStream.Play.StreamNotFound') {
        // It went between two looks.
        if (this.#isNext(request)) this.#append({ request, name: key.name, recording: undefined });
        else playLive(request, key.name);
      } else if (found === undefined || changeMs === Number.POSITIVE_INFINITY) {
        session.reject(request, rejection);
        found?.release();
        ended(request);
      } else {
        this.#granted({ request, name: key.name, recording: found }, found, changeMs);
      }
    });
  }

  #granted(item: Item, recording: OpenRecording, changeMs: number | undefined): void {
    const { session, flush, log } = this.#options;
    const { request, name } = item;
    const { messageStreamId } = request;
    const stream = this.#streams.get(messageStreamId);
    log.debug({ stream: name, recorded: true }, 'play');
    if (stream !== undefined && this.#isNext(request)) {
      if (changeMs === undefined) this.#append(item);
      else if (session.accept(request)) this.#changeTo(stream, item, recording, changeMs);
      else this.#drop(item);
      return;
    }
    if (!session.accept(request, { recorded: true })) {
      this.#drop(item);
      return;
    }
    flush();
    const clock = new PlayClock(this.#options.now);
    const bufferMs = this.#bufferMs.get(messageStreamId);
    if (bufferMs !== undefined) clock.bufferMs = bufferMs;
    const selection = { audio: request.receiveAudio, video: request.receiveVideo };
    const isHeld = request.transition?.kind === 'appendAndWait';
    const begun = { id: messageStreamId, clock, selection, current: item, queue: [], isHeld };
    const player = this.#createPlayer(begun, item.request, recording);
    this.#streams.set(messageStreamId, { ...begun, player });
    if (!isHeld) void player.start();
  }

  #append(item: Item): void {
    const { session } = this.#options;
    const { request } = item;
    const stream = this.#streams.get(request.messageStreamId);
    if (stream === undefined || stream.queue.length >= maxQueue) {
      session.reject(request, { code: 'NetStream.Play.Failed', description: 'The play list is too long.' });
      this.#drop(item);
      return;
    }
    if (!session.accept(request)) {
      this.#drop(item);
      return;
    }
    if (request.transition?.kind === 'swap') {
      const old = stream.queue.findIndex((one) => one.request.streamName === request.transition?.oldStreamName);
      for (const swapped of stream.queue.splice(old, 1, item)) this.#drop(swapped);
      return;
    }
    stream.queue.push(item);
    if (request.transition?.kind === 'appendAndWait') return;
    if (stream.isHeld) {
      stream.isHeld = false;
      void stream.player.start();
    } else if (stream.player.hasEnded) {
      this.#advance(stream);
    }
  }

  /** Where the recording can take over, ms of the stream; infinity: nowhere; `undefined`: it waits for its turn. */
  async #placeOfChange(request: PlayRequest, { file }: OpenRecording): Promise<number | undefined> {
    const stream = this.#streams.get(request.messageStreamId);
    if (stream === undefined) return undefined;
    const old = request.transition?.oldStreamName ?? '';
    if (request.transition?.kind === 'swap' && old !== '' && old !== stream.current.request.streamName) {
      return stream.queue.some((item) => item.request.streamName === old) ? undefined : Number.POSITIVE_INFINITY;
    }
    if (stream.player.hasEnded) return Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < maxChangeTries; tries += 1) {
      const { sentMs, offsetMs } = stream.player;
      const from = Math.max(sentMs + 1, request.transition?.offsetMs ?? 0);
      const point = await file.keyFrameFrom(from - offsetMs);
      if (point === undefined) break;
      if (point.timestamp + offsetMs > stream.player.sentMs) return point.timestamp + offsetMs;
    }
    return Number.POSITIVE_INFINITY;
  }

  #changeTo(stream: VodStream, item: Item, recording: OpenRecording, atMs: number): void {
    stream.player.changeAt(atMs, () => {
      const { offsetMs } = stream.player;
      this.#replace(stream, item, recording, { fromMs: atMs, offsetMs });
    });
  }

  /** All of the current was sent. */
  #finished(stream: VodStream): void {
    if (stream.queue.length > 0) {
      this.#advance(stream);
      return;
    }
    const { session, flush } = this.#options;
    const { player } = stream;
    session.playComplete(stream.id, { durationMs: player.file.durationMs, bytes: player.sentBytes });
    flush();
  }

  #advance(stream: VodStream): void {
    const next = stream.queue.shift();
    if (next === undefined) return;
    const { recording } = next;
    if (recording !== undefined) {
      this.#replace(stream, next, recording, { atMs: stream.player.endMs });
      return;
    }
    // A live stream has no end at which the list could go on.
    this.stopped(stream.id);
    this.#options.session.playNext(next.request);
    this.#options.flush();
    this.#options.joinLive(next.request, next.name);
  }

  #replace(stream: VodStream, item: Item, recording: OpenRecording, continuation: Continuation): void {
    const { session, flush } = this.#options;
    stream.player.close();
    this.#drop(stream.current);
    stream.current = item;
    session.playNext(item.request, { recorded: true });
    flush();
    stream.player = this.#createPlayer(stream, item.request, recording);
    void stream.player.start(continuation);
  }

  #createPlayer(
    stream: Pick<VodStream, 'id' | 'clock' | 'selection'>,
    request: PlayRequest,
    { file }: OpenRecording,
  ): VodPlayer {
    const { transport, session, vod, stallTimeoutMs } = this.#options;
    const { chunkSize, objectEncoding } = session;
    const { id } = stream;
    const player: VodPlayer = new VodPlayer({
      file,
      pacer: vod.pacer,
      clock: stream.clock,
      selection: { ...stream.selection },
      encoding: (selection) => rtmpEncoding(id, chunkSize, selection, objectEncoding),
      startMs: startOf(request),
      durationMs: request.duration,
      stallTimeoutMs,
      sink: {
        get pendingBytes() {
          return transport.pendingBytes;
        },
        write: (bytes) => transport.write(bytes),
        ended: () => this.#with(id, player, (playing) => this.#finished(playing)),
        failed: (error) => this.#with(id, player, () => this.#failed(id, error)),
        stalled: () => transport.close('stalled: the player took nothing for longer than limits.stallTimeoutMs'),
      },
    });
    return player;
  }

  #with(id: number, player: VodPlayer, act: (stream: VodStream) => void): void {
    const stream = this.#streams.get(id);
    if (stream?.player === player) act(stream);
  }

  #failed(id: number, error: unknown): void {
    const { session, log, flush } = this.#options;
    log.warn({ err: error }, 'a recording cannot be read any more');
    session.sendStatus(id, 'NetStream.Play.Failed', 'The recording cannot be read.');
    session.playStop(id);
    this.stopped(id);
    flush();
  }

  #drop({ request, recording }: Item): void {
    recording?.release();
    this.#options.ended(request);
  }
}

function isChange({ transition }: PlayRequest): boolean {
  return transition?.kind === 'switch' || transition?.kind === 'swap';
}

function startOf({ start, transition }: PlayRequest): number {
  if (transition?.kind === 'resume' && transition.offsetMs >= 0) return transition.offsetMs;
  return Math.max(0, start);
}

function notFound({ name }: StreamKey): Rejection {
  return { code: 'NetStream.Play.StreamNotFound', description: `There is no recording ${name}.` };
}
