import { flvTagTypes } from '@millrace/protocol';
import type { LiveMessage, MediaSelection } from '../live/index.js';
import type { FileTag, MediaFile, MediaReader, SeekPoint } from '../media-file/index.js';
import { MessageWriter } from './message-writer.js';
import { PlaceSearch } from './place-search.js';
import { SendWatch } from './send-watch.js';
import { isFrame, TagFilter } from './tag-filter.js';
import type { Paced } from './vod-pacer.js';
import type { Continuation, VodPlayerOptions } from './vod-player-options.js';

/** What is sent at once, about. */
const batchBytes = 256 * 1024;
/** Of what is ahead, this part is sent at once: a write for every frame would cost several times as much. */
const quantumPart = 8;
const maxQuantumMs = 1000;
/** A frame is not expected to last longer than this, ms. */
const maxFrameMs = 1000;
/** How long after the place of a change another kind of media may still be missing, ms. */
const changeSlackMs = 1000;

type State = 'idle' | 'locating' | 'playing' | 'ended' | 'closed';

/** Why no more is sent at once. `fill`: the file has to be read, `later`: written; `change`: something else takes over. */
type BatchOutcome = 'full' | 'fill' | 'later' | 'rest' | 'end' | 'change';

/** One player of a recording: a place in a file and a sink. In memory there is one window of the file. */
export class VodPlayer implements Paced {
  readonly #options: VodPlayerOptions;
  #state: State = 'idle';
  #isPaused = false;
  readonly #search = new PlaceSearch();
  #reader: MediaReader | undefined;
  #filling = false;
  #selection: MediaSelection;
  /** Where it began, ms of the file; where it is to stop. */
  #startedMs = 0;
  #stopMs = Number.POSITIVE_INFINITY;
  #isSingleFrame: boolean;
  readonly #filter = new TagFilter();
  #newestMs: number | undefined;
  /** In the file, of the tag that was taken last. */
  #position = 0;
  #frameMs = 0;
  readonly #writer: MessageWriter;
  /** Nothing is due before the clock's limit is here, ms of the stream. */
  #restUntilMs = Number.NEGATIVE_INFINITY;
  /** Something else takes over at this time, ms of the file. */
  #change: { readonly atMs: number; readonly then: () => void } | undefined;
  readonly #watch: SendWatch;

  constructor(options: VodPlayerOptions) {
    this.#options = options;
    this.#watch = new SendWatch(options);
    this.#selection = options.selection;
    this.#writer = new MessageWriter(options);
    this.#isSingleFrame = options.durationMs === 0;
    this.#filter.passesMetadata = options.file.hasLiveMetadata === true;
  }

  get file(): MediaFile {
    return this.#options.file;
  }

  /** Bytes that were written. */
  get sentBytes(): number {
    return this.#writer.sentBytes;
  }

  /** Time of the newest frame that was sent, ms of the stream. */
  get sentMs(): number {
    return this.#filter.offsetMs + (this.#newestMs ?? this.#startedMs);
  }

  /** When the last frame that was sent is over, ms of the stream. */
  get endMs(): number {
    return this.sentMs + this.#frameMs;
  }

  /** What is added to the times of the file. */
  get offsetMs(): number {
    return this.#filter.offsetMs;
  }

  /** Video was asked for again, and no key frame has come since. */
  get awaitsKeyFrame(): boolean {
    return this.#filter.awaitingKeyFrame;
  }

  /** Where the client is thought to be, ms of the stream; `undefined`: it stands still, or is on its way elsewhere. */
  get playedMs(): number | undefined {
    const { clock } = this.#options;
    const isMoving = !this.#isPaused && (this.#state === 'playing' || this.#state === 'ended');
    return isMoving && clock.isSet ? Math.min(clock.positionMs, this.endMs) : undefined;
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** Begins, with the metadata at once: whoever seeks before the place is found is to have it, too. Never rejects. */
  async start(continuation: Continuation = {}): Promise<void> {
    const { file, startMs, durationMs, clock } = this.#options;
    if (durationMs > 0) this.#stopMs = startMs + durationMs;
    const { atMs, fromMs, seekMs, offsetMs = 0 } = continuation;
    this.#filter.offsetMs = offsetMs;
    this.#send([file.metadata]);
    if (seekMs !== undefined) return this.seek(seekMs);
    const placeMs = fromMs === undefined ? startMs : fromMs - offsetMs;
    // A little earlier, for the sound that stands in front of its picture.
    const beginMs = fromMs === undefined ? placeMs : placeMs - changeSlackMs;
    const isStart = beginMs <= file.start.timestamp;
    await this.#locate(
      async () => (isStart ? file.start : file.seekPoint(beginMs)),
      (point) => {
        this.#startedMs = isStart && fromMs === undefined ? point.timestamp : placeMs;
        if (fromMs !== undefined) {
          this.#filter.skipToMs = placeMs;
          this.#filter.awaitingKeyFrame = true;
        } else {
          if (!isStart) this.#prerollTo(startMs);
          // From a place in the middle on, time begins anew: librtmp adds the place that it has asked for.
          if (atMs !== undefined || !isStart) this.#filter.offsetMs = (atMs ?? 0) - this.#startedMs;
          if (atMs === undefined) clock.reset();
        }
        // At its start the file has them itself.
        if (!isStart) this.#send(this.#filter.headersAt(file, { ...point, timestamp: this.#startedMs }));
      },
    );
  }

  /**
   * Goes to the key frame at or before the time, or with `accurateSeek` to the time itself, ms of the stream: of the
   * file, unless others were played before. Never rejects.
   */
  async seek(timeMs: number): Promise<void> {
    const { file, clock, accurateSeek } = this.#options;
    this.#stopMs = Number.POSITIVE_INFINITY;
    this.#isSingleFrame = false;
    this.#send(this.#filter.endMarks());
    this.#filter.prerollToMs = 0;
    if (this.#filter.offsetMs < 0) this.#filter.offsetMs = 0;
    const inFile = timeMs - this.#filter.offsetMs;
    await this.#locate(
      () => file.seekPoint(inFile),
      (point) => {
        clock.reset();
        this.#filter.skipToMs = 0;
        this.#filter.awaitingKeyFrame = false;
        const isBefore = accurateSeek && file.hasVideo && point.timestamp < inFile;
        this.#startedMs = isBefore ? inFile : point.timestamp;
        this.#newestMs = this.#startedMs;
        if (isBefore) this.#prerollTo(inFile);
        this.#send(this.#filter.headersAt(file, point));
      },
    );
  }

  /**
   * Begins where the client has had from elsewhere what comes before: at the place that `find` gives, without what is not
   * after `afterMs` of the file. `greeting`: what to send first. Never rejects.
   */
  async goOn(
    find: () => Promise<SeekPoint>,
    { afterMs, greeting }: { readonly afterMs?: number; readonly greeting?: (point: SeekPoint) => LiveMessage[] } = {},
  ): Promise<void> {
    await this.#locate(find, (point) => {
      this.#options.clock.reset();
      this.#filter.skipToMs = afterMs === undefined ? Number.NEGATIVE_INFINITY : afterMs + 1;
      this.#startedMs = point.timestamp;
      this.#newestMs = afterMs ?? point.timestamp;
      this.#send([
        ...(greeting?.(point) ?? []),
        ...this.#filter.headersAt(this.file, { ...point, timestamp: this.#newestMs }),
      ]);
    });
  }

  /** Whether there is such a place, ms of the stream. */
  canSeek(timeMs: number): boolean {
    const inFile = timeMs - Math.max(0, this.#filter.offsetMs);
    return inFile >= 0 && inFile <= Math.max(this.file.durationMs, this.file.lastTimestamp);
  }

  pause(): void {
    this.#isPaused = true;
    this.#options.pacer.remove(this);
  }

  /** Goes on after `timeMs` of the stream, with what was sent before and is newer, too. Never rejects. */
  async resume(timeMs: number): Promise<void> {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#state !== 'playing' && this.#state !== 'ended') return;
    const { file, clock } = this.#options;
    const inFile = timeMs - this.#filter.offsetMs;
    clock.reset();
    // Many clients say 0, wherever they are.
    if (inFile <= this.#startedMs || inFile >= (this.#newestMs ?? 0)) {
      if (this.#state === 'playing') this.#play();
      return;
    }
    await this.#locate(
      () => file.seekPoint(inFile),
      () => {
        this.#filter.skipToMs = inFile + 1;
        this.#filter.awaitingKeyFrame = false;
      },
    );
  }

  /** Chooses the media to send. Video that comes back does so with the next key frame. */
  select(selection: MediaSelection): void {
    const before = this.#selection;
    this.#selection = selection;
    this.#writer.select(selection);
    if (selection.video && !before.video) this.#filter.awaitingKeyFrame = true;
    if (this.#state !== 'playing') return;
    const gained = this.file
      .headersAt(this.#position)
      .filter(({ messageTypeId }) =>
        messageTypeId === flvTagTypes.video ? selection.video && !before.video : selection.audio && !before.audio,
      );
    this.#send(gained.map((message) => ({ ...message, timestamp: (this.#newestMs ?? 0) + this.#filter.offsetMs })));
  }

  /** The client buffers more or less than before: what is due has changed. */
  clockChanged(): void {
    this.#restUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** At this time, ms of the stream, `then` is called instead of going on. */
  changeAt(atMs: number, then: () => void): void {
    this.#change = { atMs: atMs - this.#filter.offsetMs, then };
    this.#filter.endMs = this.#change.atMs;
  }

  close(): void {
    this.#state = 'closed';
    this.#search.cancel();
    this.#reader = undefined;
    this.#options.pacer.remove(this);
  }

  async #locate(find: () => Promise<SeekPoint>, arrived: (point: SeekPoint) => void): Promise<void> {
    if (this.#state === 'closed') return;
    const { file, pacer } = this.#options;
    pacer.remove(this);
    this.#state = 'locating';
    this.#reader = undefined;
    try {
      const point = await this.#search.find(find);
      // Closed, or sent somewhere else in the meantime.
      if (point === undefined) return;
      this.#reader = file.reader(point.position);
      this.#filling = false;
      arrived(point);
      this.#play();
    } catch (error) {
      this.#fail(error);
    }
  }

  #play(): void {
    this.#state = 'playing';
    this.#restUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#isPaused) return;
    this.#options.pacer.add(this);
    this.tick(0);
  }

  /** `nowMs` 0: it is not known. */
  tick(nowMs: number): void {
    const { sink, clock } = this.#options;
    while (this.#state === 'playing' && !this.#isPaused && !this.#filling) {
      if (sink.pendingBytes > 0) {
        this.#watch.blocked(nowMs, this.sentMs);
        return;
      }
      this.#watch.free();
      if (clock.limitMs < this.#restUntilMs) return;
      const outcome = this.#sendBatch();
      if (outcome === 'full') continue;
      if (outcome === 'later') this.#watch.dry(nowMs);
      if (outcome === 'rest') this.#watch.caughtUp();
      if (outcome === 'later' || outcome === 'rest') return;
      if (outcome === 'fill') void this.#fill(this.#reader);
      else if (outcome === 'change') this.#changeOver();
      else this.#end();
    }
  }

  /** Sends what is due and in memory, up to a batch. */
  #sendBatch(): BatchOutcome {
    const reader = this.#reader;
    if (reader === undefined) return 'end';
    const messages: LiveMessage[] = [];
    let bytes = 0;
    let outcome: BatchOutcome = 'full';
    while (bytes < batchBytes) {
      const tag = reader.peek();
      if (tag === undefined || typeof tag === 'string') {
        outcome = tag ?? 'end';
        break;
      }
      const stop = this.#stopBefore(tag);
      if (stop !== undefined) {
        outcome = stop;
        break;
      }
      reader.skip();
      messages.push(...this.#filter.marksBefore(tag));
      const message = this.#take(tag);
      if (message === undefined) continue;
      messages.push(message);
      bytes += message.payload.length;
      if (this.#isSingleFrame && isFrame(tag, this.file.hasVideo)) {
        outcome = 'end';
        break;
      }
    }
    this.#send(messages);
    return outcome;
  }

  /** Why the tag is not sent, nor any after it, now. */
  #stopBefore({ tagType, timestamp }: FileTag): 'rest' | 'end' | 'change' | undefined {
    if (tagType === flvTagTypes.script) return undefined;
    if (timestamp >= this.#stopMs) return 'end';
    const change = this.#change;
    if (change !== undefined && timestamp >= change.atMs) {
      if (tagType === flvTagTypes.video || timestamp >= change.atMs + changeSlackMs) return 'change';
    }
    if (timestamp < this.#filter.skipToMs) return undefined;
    const { clock } = this.#options;
    const mediaMs = this.#filter.timeOf(timestamp);
    clock.next(mediaMs);
    if (mediaMs <= clock.limitMs) return undefined;
    this.#restUntilMs = mediaMs + Math.min(maxQuantumMs, clock.aheadMs / quantumPart);
    return 'rest';
  }

  /** The tag as it is sent; `undefined`: it is not. */
  #take(tag: FileTag): LiveMessage | undefined {
    this.#position = tag.offset;
    const message = this.#filter.take(tag);
    if (message === undefined || tag.tagType === flvTagTypes.script) return message;
    if (this.#filter.hadHeaders) this.file.noteHeaders?.(tag);
    const step = tag.timestamp - (this.#newestMs ?? tag.timestamp);
    if (step > 0 && step <= maxFrameMs) this.#frameMs = step;
    this.#newestMs = Math.max(this.#newestMs ?? 0, tag.timestamp);
    return message;
  }

  /** What leads to this time, ms of the file, is sent with this time. */
  #prerollTo(timeMs: number): void {
    this.#filter.prerollToMs = timeMs;
    // Of one frame alone the picture is to be seen.
    if (this.#options.accurateSeek && !this.#isSingleFrame) this.#filter.marks.expect();
  }

  #send(messages: readonly LiveMessage[]): void {
    if (this.#writer.send(messages)) this.#watch.sent();
  }

  /** Never rejects. */
  async #fill(reader: MediaReader | undefined): Promise<void> {
    this.#filling = true;
    try {
      await reader?.fill();
      if (this.#reader !== reader) return;
      this.#filling = false;
      this.tick(0);
    } catch (error) {
      if (this.#reader === reader) this.#fail(error);
    }
  }

  #end(): void {
    if (this.#change !== undefined) {
      this.#changeOver();
      return;
    }
    this.#send(this.#filter.endMarks());
    this.#state = 'ended';
    this.#options.pacer.remove(this);
    this.#options.sink.ended();
  }

  #changeOver(): void {
    const change = this.#change;
    this.close();
    change?.then();
  }

  #fail(error: unknown): void {
    this.close();
    this.#options.sink.failed(error);
  }
}
