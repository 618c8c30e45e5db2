import type { PlayRequest, Rejection, SeekRequest } from '@millrace/protocol';
import type { LiveStreams, MediaSelection, StreamKey } from '../live/index.js';
import { leadsOut } from '../media-file/index.js';
import type { OpenRecording } from '../vod/index.js';
import type { BufferLengths } from './buffer-lengths.js';
import { LiveQueue } from './live-queue.js';
import { isChange, type PlayItem } from './play-item.js';
import { PlayList, type PlayListOptions } from './play-list.js';
import type { FinishedLive, PlayingStreams } from './playing-streams.js';

export interface VodStreamsOptions extends Omit<PlayListOptions, 'joinLive' | 'failed'> {
  readonly streams: LiveStreams;
  readonly bufferLengths: Pick<BufferLengths, 'of'>;
  /** Gives a late answer, unless the connection has closed, and goes on with what has come in the meantime. */
  readonly resume: (answer: () => void) => void;
  readonly live: Pick<PlayingStreams, 'start' | 'join' | 'has' | 'change'>;
}

/** The message streams of a connection that play recordings: what `play` and its like mean for them. */
export class VodStreams {
  readonly #options: VodStreamsOptions;
  readonly #lists = new Map<number, PlayList>();
  /** Of those that play a live stream for a time. */
  readonly #queues = new Map<number, LiveQueue>();
  #isClosed = false;

  constructor(options: VodStreamsOptions) {
    this.#options = options;
  }

  /** Takes a request that was granted, to answer it now or later. */
  play(request: PlayRequest, key: StreamKey): void {
    const { vod, session, streams } = this.#options;
    const { start } = request;
    const isWaited = (): boolean => !vod.library.mayHave(key) && !leadsOut(key);
    if (start === -1 || (start === -2 && (streams.isPublished(key) || isWaited()))) {
      this.#playLive(request, key.name);
      return;
    }
    if (this.#isBehindLive(request) && isChange(request) && !this.#swapsInList(request)) {
      this.#refuse(request, `${key.name} is a recording; it can be appended to a live stream.`);
      return;
    }
    if (!vod.library.mayHave(key)) {
      session.reject(request, notFound(key));
      this.#options.ended(request);
      return;
    }
    void this.#open(request, key);
  }

  /** `false`: the stream plays no recording. So do the others. */
  pause(messageStreamId: number, pause: boolean, timeMs: number): boolean {
    const list = this.#lists.get(messageStreamId);
    list?.pause(pause, timeMs);
    return list !== undefined;
  }

  seek(request: SeekRequest): boolean {
    const list = this.#lists.get(request.messageStreamId);
    if (list === undefined) return false;
    const { session, flush } = this.#options;
    if (!list.canSeek(request.timeMs)) {
      const info = { details: String(list.durationMs / 1000) };
      session.reject(request, { code: 'NetStream.Seek.InvalidTime', description: 'There is no such place.', info });
      return true;
    }
    if (!session.accept(request)) return true;
    flush();
    list.seek(request.timeMs);
    return true;
  }

  select(messageStreamId: number, change: Partial<MediaSelection>): boolean {
    const list = this.#lists.get(messageStreamId);
    if (list === undefined) return false;
    // What the client was told by the session stands before the media that this brings.
    this.#options.flush();
    list.select(change);
    return true;
  }

  bufferLength(messageStreamId: number, bufferMs: number): void {
    const list = this.#lists.get(messageStreamId);
    if (list !== undefined) list.bufferMs = bufferMs;
  }

  /** A live stream that was wanted for a time has ended. */
  liveFinished(finished: FinishedLive): void {
    this.#queues.get(finished.messageStreamId)?.finished(finished);
  }

  /** The message stream plays nothing any more. */
  stopped(messageStreamId: number): void {
    const list = this.#lists.get(messageStreamId);
    this.#lists.delete(messageStreamId);
    list?.close();
    const queue = this.#queues.get(messageStreamId);
    this.#queues.delete(messageStreamId);
    queue?.close();
  }

  closed(): void {
    this.#isClosed = true;
    for (const id of [...this.#lists.keys(), ...this.#queues.keys()]) this.stopped(id);
  }

  /** Where the request goes on with what plays; `undefined`: it begins anew. */
  #listFor(request: PlayRequest): PlayList | undefined {
    return request.reset ? undefined : this.#lists.get(request.messageStreamId);
  }

  /** Never rejects. */
  async #open(request: PlayRequest, key: StreamKey): Promise<void> {
    const { vod, session, log, resume, ended } = this.#options;
    let recording: OpenRecording | undefined;
    let changeMs: number | undefined;
    let rejection = notFound(key);
    try {
      recording = await vod.library.open(key);
      if (recording !== undefined && isChange(request)) {
        changeMs = await this.#lists.get(request.messageStreamId)?.placeOfChange(request, recording);
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
      const isGone = found === undefined && rejection.code === 'NetStream.Play.StreamNotFound';
      if (isGone && request.start === -2 && !vod.library.mayHave(key)) {
        // It went between two looks. What is there and cannot be had is a link that leads out.
        this.#playLive(request, key.name);
      } else if (found === undefined || changeMs === Number.POSITIVE_INFINITY) {
        session.reject(request, rejection);
        found?.release();
        ended(request);
      } else {
        this.#granted({ request, name: key.name, recording: found }, found, changeMs);
      }
    });
  }

  #granted(item: PlayItem, recording: OpenRecording, changeMs: number | undefined): void {
    const { session, flush, log } = this.#options;
    const { request, name } = item;
    log.debug({ stream: name, recorded: true }, 'play');
    if (this.#isBehindLive(request)) {
      this.#appendToLive(item);
      return;
    }
    const playing = this.#listFor(request);
    if (playing !== undefined) {
      if (changeMs === undefined) playing.append(item);
      else playing.changeTo(item, recording, changeMs);
      return;
    }
    if (!session.accept(request, { recorded: true })) {
      recording.release();
      this.#options.ended(request);
      return;
    }
    flush();
    this.#createList(item, recording).start();
  }

  #createList(item: PlayItem, recording: OpenRecording): PlayList {
    const { messageStreamId } = item.request;
    const list = new PlayList(this.#listOptions(), item, recording, this.#options.bufferLengths.of(messageStreamId));
    this.#lists.set(messageStreamId, list);
    return list;
  }

  /** The request goes on with a live stream that plays. */
  #isBehindLive({ messageStreamId, reset, transition }: PlayRequest): boolean {
    if (reset || transition?.kind === 'resume') return false;
    return this.#queues.has(messageStreamId) || this.#options.live.has(messageStreamId);
  }

  /** It takes the place of something in the list, not of what plays. */
  #swapsInList({ messageStreamId, transition }: PlayRequest): boolean {
    const isOther = transition?.kind === 'swap' && transition.oldStreamName !== '';
    return isOther && this.#queues.get(messageStreamId)?.has(transition.oldStreamName) === true;
  }

  #playLive(request: PlayRequest, name: string): void {
    const { live, streams, session } = this.#options;
    const item: PlayItem = { request, name, recording: undefined };
    const list = this.#listFor(request);
    if (this.#isBehindLive(request)) {
      if (isChange(request) && !this.#swapsInList(request)) live.change(request, name);
      else this.#appendToLive(item);
    } else if (list === undefined) {
      const isValid = streams.isValidName({ app: session.peer?.app ?? '', name });
      if (isValid && request.duration >= 0) this.#createQueue(request.messageStreamId, []);
      live.start(request, name);
    } else if (isChange(request)) {
      this.#refuse(request, `${name} is a live stream; it can be appended to a recording.`);
    } else {
      list.append(item);
    }
  }

  #appendToLive(item: PlayItem): void {
    const queue = this.#queues.get(item.request.messageStreamId);
    if (queue !== undefined) {
      queue.append(item);
      return;
    }
    item.recording?.release();
    this.#refuse(item.request, 'What plays is a live stream without an end.');
  }

  #createQueue(messageStreamId: number, items: readonly PlayItem[]): void {
    const { session, flush, ended } = this.#options;
    const queue = new LiveQueue(
      {
        session,
        messageStreamId,
        flush,
        drop: ({ request, recording }) => {
          recording?.release();
          ended(request);
        },
        follow: (item, rest, endMs) => this.#follow(item, rest, endMs),
      },
      items,
    );
    this.#queues.set(messageStreamId, queue);
  }

  /** Begins what is behind a live stream that has ended. */
  #follow(item: PlayItem, rest: readonly PlayItem[], endMs: number): void {
    const { session, flush } = this.#options;
    const { request, recording } = item;
    if (recording === undefined) {
      this.#joinLive(item, rest);
      return;
    }
    this.stopped(request.messageStreamId);
    session.playNext(request, { recorded: true });
    flush();
    this.#createList(item, recording).start(endMs, rest);
  }

  #joinLive({ request, name }: PlayItem, rest: readonly PlayItem[]): void {
    const { session, flush, live } = this.#options;
    const { messageStreamId } = request;
    const ends = request.duration >= 0;
    this.stopped(messageStreamId);
    this.#createQueue(messageStreamId, rest);
    // A live stream has no end at which the list could go on, unless it is wanted for a time.
    if (!ends) this.stopped(messageStreamId);
    session.playNext(request, { ends });
    flush();
    live.join(request, name);
  }

  #refuse(request: PlayRequest, description: string): void {
    this.#options.session.reject(request, { code: 'NetStream.Play.Failed', description });
    this.#options.ended(request);
  }

  #listOptions(): PlayListOptions {
    return {
      ...this.#options,
      joinLive: (item, rest) => this.#joinLive(item, rest),
      failed: (messageStreamId) => this.stopped(messageStreamId),
    };
  }
}

function notFound({ name }: StreamKey): Rejection {
  return { code: 'NetStream.Play.StreamNotFound', description: `There is no recording ${name}.` };
}
