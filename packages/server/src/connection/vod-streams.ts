import type { PlayRequest, Rejection, SeekRequest } from '@millrace/protocol';
import type { LiveStreams, MediaSelection, StreamKey } from '../live/index.js';
import type { OpenRecording } from '../vod/index.js';
import { isChange, type PlayItem } from './play-item.js';
import { PlayList, type PlayListOptions } from './play-list.js';

export interface VodStreamsOptions extends Omit<PlayListOptions, 'joinLive' | 'failed'> {
  readonly streams: LiveStreams;
  /** Gives a late answer, unless the connection has closed, and goes on with what has come in the meantime. */
  readonly resume: (answer: () => void) => void;
  /** Answers a request and joins a live stream. */
  readonly playLive: (request: PlayRequest, name: string) => void;
  /** Joins a live stream for a request that was accepted. */
  readonly joinLive: (request: PlayRequest, name: string) => void;
}

/** Clients say for streams that there are not, too, how much they buffer. */
const maxBufferLengths = 256;

/** The message streams of a connection that play recordings: what `play` and its like mean for them. */
export class VodStreams {
  readonly #options: VodStreamsOptions;
  readonly #lists = new Map<number, PlayList>();
  /** What the client buffers, ms, by message stream. */
  readonly #bufferMs = new Map<number, number>();
  #isClosed = false;

  constructor(options: VodStreamsOptions) {
    this.#options = options;
  }

  /** Takes a request that was granted, to answer it now or later. `false`: it is for a live stream, now. */
  play(request: PlayRequest, key: StreamKey): boolean {
    const { vod, session, streams } = this.#options;
    const { start } = request;
    const list = this.#listFor(request);
    const isLive = start === -1 || (start === -2 && (streams.isPublished(key) || !vod.library.mayHave(key)));
    if (isLive) {
      list?.append({ request, name: key.name, recording: undefined });
      return list !== undefined;
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
    if (this.#bufferMs.size >= maxBufferLengths && !this.#bufferMs.has(messageStreamId)) return;
    this.#bufferMs.set(messageStreamId, bufferMs);
    const list = this.#lists.get(messageStreamId);
    if (list !== undefined) list.bufferMs = bufferMs;
  }

  /** The message stream plays nothing any more. */
  stopped(messageStreamId: number): void {
    const list = this.#lists.get(messageStreamId);
    this.#lists.delete(messageStreamId);
    list?.close();
  }

  closed(): void {
    this.#isClosed = true;
    for (const messageStreamId of [...this.#lists.keys()]) this.stopped(messageStreamId);
  }

  /** Where the request goes on with what plays; `undefined`: it begins anew. */
  #listFor(request: PlayRequest): PlayList | undefined {
    return request.reset ? undefined : this.#lists.get(request.messageStreamId);
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
      if (found === undefined && request.start === -2 && rejection.code === 'NetStream.Play.StreamNotFound') {
        // It went between two looks.
        const list = this.#listFor(request);
        if (list === undefined) playLive(request, key.name);
        else list.append({ request, name: key.name, recording: undefined });
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
    const { messageStreamId } = request;
    log.debug({ stream: name, recorded: true }, 'play');
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
    const list = new PlayList(this.#listOptions(), item, recording, this.#bufferMs.get(messageStreamId));
    this.#lists.set(messageStreamId, list);
    list.start();
  }

  #listOptions(): PlayListOptions {
    return {
      ...this.#options,
      joinLive: ({ request, name }) => {
        this.stopped(request.messageStreamId);
        this.#options.session.playNext(request);
        this.#options.flush();
        this.#options.joinLive(request, name);
      },
      failed: (messageStreamId) => this.stopped(messageStreamId),
    };
  }
}

function notFound({ name }: StreamKey): Rejection {
  return { code: 'NetStream.Play.StreamNotFound', description: `There is no recording ${name}.` };
}
