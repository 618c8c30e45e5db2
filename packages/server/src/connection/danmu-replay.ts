import { DanmuReader, danmuFileOf, type StoredLine } from '../danmu-file/index.js';
import { type StreamKey, streamPath } from '../live/index.js';
import type { Logger } from '../log/index.js';
import { openMediaFile } from '../media-file/index.js';
import type { Membership } from '../service/index.js';
import type { Paced, VodPacer } from '../vod/index.js';

export interface DanmuReplayOptions {
  readonly mediaDir: string;
  readonly pacer: Pick<VodPacer, 'add' | 'remove'>;
  /** Where the client is thought to be, ms of the stream that it plays; `undefined`: it stands still. */
  readonly playedMs: () => number | undefined;
  /** The client's place in a service, by the path of that: `/live/show`. */
  readonly membershipOf: (path: string) => Pick<Membership, 'isLagging' | 'replay'> | undefined;
  readonly log: Logger;
}

/** A recording that is played. */
export interface ReplayedItem {
  /** What the client calls it. */
  readonly key: StreamKey;
  /** Its file, relative to `media.dir`. */
  readonly file: string;
  /** What is added to the times of the file. */
  readonly offsetMs: () => number;
  /** Where it begins, ms of the file. */
  readonly fromMs: number;
}

interface Track {
  /** Of the services that may be its own. */
  readonly paths: readonly string[];
  readonly file: string;
  offsetMs: () => number;
  /** Another recording follows from here on, ms of the stream. */
  endMs: number | undefined;
  /** Where to go on, ms of the file; `here`: where the client is by then; `undefined`: behind the last line that was read. */
  seekMs: number | 'here' | undefined;
  reader: DanmuReader | undefined;
  hasLooked: boolean;
  /** Nothing of it is played any more. */
  isOver: boolean;
}

/** A reader of thousands of lines in one moment is not what anybody wants. */
const maxLines = 32;

/**
 * Says again what was said during the recordings that a client plays, when it comes to them, to its place in the service
 * of the recording. Nothing is read for clients that have no such place.
 */
export class DanmuReplay implements Paced {
  readonly #options: DanmuReplayOptions;
  /** What the client plays, and what it was sent after that. */
  readonly #tracks: Track[] = [];
  #reading: Track | undefined;

  constructor(options: DanmuReplayOptions) {
    this.#options = options;
    options.pacer.add(this);
  }

  /** An item begins: where others were played before, at `atMs` of the stream. */
  begin({ key, file, offsetMs, fromMs }: ReplayedItem, atMs?: number): void {
    const before = this.#tracks.at(-1);
    if (before !== undefined) {
      // The player that it is asked of plays something else from now on.
      const last = before.offsetMs();
      before.offsetMs = () => last;
      before.endMs = atMs;
    }
    this.#tracks.push({
      ...{ paths: pathsOf(key, file), file, offsetMs, endMs: undefined, seekMs: fromMs },
      ...{ reader: undefined, hasLooked: false, isOver: false },
    });
  }

  /** The client goes somewhere else in what was begun last, ms of the file. */
  sought(timeMs: number): void {
    while (this.#tracks.length > 1) this.#shift();
    const [track] = this.#tracks;
    if (track !== undefined) track.seekMs = timeMs;
  }

  close(): void {
    this.#options.pacer.remove(this);
    while (this.#tracks.length > 0) this.#shift();
  }

  tick(): void {
    const [track] = this.#tracks;
    const playedMs = this.#options.playedMs();
    if (track === undefined || playedMs === undefined || this.#reading !== undefined) return;
    const isBehind = track.endMs !== undefined && playedMs >= track.endMs;
    const member = this.#membershipOf(track);
    if (member === undefined) {
      track.seekMs = 'here';
      if (isBehind) this.#shift();
      return;
    }
    if (member.isLagging) return;
    const untilMs = Math.min(playedMs, track.endMs ?? playedMs) - track.offsetMs();
    this.#reading = track;
    void this.#read(track, untilMs)
      .catch((err: unknown) => {
        this.#options.log.warn({ err }, 'what was said during a recording cannot be read');
        this.#closeReader(track);
        return [];
      })
      .then((lines) => {
        this.#reading = undefined;
        this.#took(track, lines);
        if (isBehind && lines.length === 0 && !track.isOver) this.#shift();
      })
      .catch((err: unknown) => this.#options.log.error({ err }, 'what was said cannot be said again'));
  }

  async #read(track: Track, untilMs: number): Promise<StoredLine[]> {
    if (!track.hasLooked) {
      track.hasLooked = true;
      track.reader = await this.#open(track.file);
    }
    const { reader, seekMs } = track;
    if (reader === undefined) return [];
    track.seekMs = undefined;
    if (seekMs !== undefined) await reader.seek(seekMs === 'here' ? untilMs : seekMs);
    return await reader.next(untilMs, maxLines);
  }

  #took(track: Track, lines: readonly StoredLine[]): void {
    if (track.isOver) this.#closeReader(track);
    // Where the client went somewhere else meanwhile, these are not for it.
    if (track.isOver || track.seekMs !== undefined || lines.length === 0) return;
    this.#membershipOf(track)?.replay(lines);
  }

  /** The first track is over. */
  #shift(): void {
    const track = this.#tracks.shift();
    if (track === undefined) return;
    track.isOver = true;
    if (track !== this.#reading) this.#closeReader(track);
  }

  #membershipOf({ paths }: Track): ReturnType<DanmuReplayOptions['membershipOf']> {
    for (const path of paths) {
      const membership = this.#options.membershipOf(path);
      if (membership !== undefined) return membership;
    }
    return undefined;
  }

  async #open(file: string): Promise<DanmuReader | undefined> {
    const opened = await openMediaFile(this.#options.mediaDir, danmuFileOf(file));
    return opened && new DanmuReader(opened.handle);
  }

  #closeReader(track: Track): void {
    const { reader } = track;
    track.reader = undefined;
    reader?.close().catch((err: unknown) => this.#options.log.debug({ err }, 'a file could not be closed'));
  }
}

/** A client may name a recording with its format, and its service without. */
function pathsOf(key: StreamKey, file: string): string[] {
  const path = streamPath(key);
  const bare = `/${file.replace(/\.(?:flv|mp4|f4v)$/, '')}`;
  return path === undefined || path === bare ? [bare] : [bare, path];
}
