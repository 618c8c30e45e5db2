import type { FileHandle } from 'node:fs/promises';
import { parseStoredMessage, RtmpRemoteError, type StoredDanmu, type StoredMessage } from '@millrace/protocol';

/** What was sent to a room during a recording. */
export type StoredLine = StoredDanmu | StoredMessage;

const windowBytes = 64 * 1024;
/** Of 65,536 characters: what is longer is no line of ours. */
const maxLineBytes = 192 * 1024;
/** What is read in one go, where nothing in it is of use. */
const maxReadBytes = 1024 * 1024;
const lineFeed = 0x0a;
/** What a server kept was taken by its limits, which may be longer than the usual ones. */
const limits = { maxContentLength: 65_536, maxUserLength: 65_536, maxRoomLength: 65_536 };

/**
 * Reads what was said during a recording, in order, with one window of the file in memory. Lines that are none are passed
 * over. The file may still grow. One call at a time.
 */
export class DanmuReader {
  readonly #file: FileHandle;
  /** In the file, of what is read next. */
  #position = 0;
  /** What was read and not looked at. */
  #rest: Buffer = Buffer.alloc(0);
  /** Within a line that is too long. */
  #isSkipping = false;
  #ahead: StoredLine | undefined;
  /** Of the line that was read last. */
  #lineBytes = 0;
  /** Whether the file, as it was when it was read, has no more. */
  isAtEnd = false;
  /** Lines of earlier times are passed over. */
  #fromMs = 0;

  /** Closes the file with `close`. */
  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** The next lines with times up to this one, ms, at most so many, and not much more than 64 KiB. Rejects with the system's errors. */
  async next(untilMs: number, maxLines: number): Promise<StoredLine[]> {
    const found: StoredLine[] = [];
    const end = this.#position + maxReadBytes;
    let bytes = 0;
    while (found.length < maxLines && bytes < windowBytes) {
      const line = this.#ahead ?? (await this.#read(end));
      this.#ahead = line;
      if (line === undefined || line.mediaTimeMs > untilMs) break;
      this.#ahead = undefined;
      bytes += this.#lineBytes;
      if (line.mediaTimeMs >= this.#fromMs) found.push(line);
    }
    return found;
  }

  /** The next line that is read is the first one of this time, ms, or a later one. Rejects with the system's errors. */
  async seek(timeMs: number): Promise<void> {
    const { size } = await this.#file.stat();
    // A line begins at `from`, of an earlier time; at `to` the time is not earlier.
    let [from, to] = [0, size];
    while (to - from > windowBytes) {
      const middle = Math.floor((from + to) / 2);
      this.#moveTo(middle, true);
      const line = await this.#read(middle + maxLineBytes + windowBytes);
      const isEarlier = line !== undefined && line.mediaTimeMs < timeMs;
      if (isEarlier) from = middle;
      else to = middle;
    }
    this.#moveTo(from, from > 0);
    this.#fromMs = timeMs;
  }

  /** Of a line that was read and not given yet, as it is of a later time, ms; `undefined`: there is none. */
  get aheadMs(): number | undefined {
    return this.#ahead?.mediaTimeMs;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** `isWithin`: a line may have begun before. */
  #moveTo(position: number, isWithin: boolean): void {
    this.#position = position;
    this.#rest = Buffer.alloc(0);
    this.#isSkipping = isWithin;
    this.#ahead = undefined;
  }

  /** `undefined`: there are no more, or none before `end`. */
  async #read(end: number): Promise<StoredLine | undefined> {
    for (;;) {
      const at = this.#rest.indexOf(lineFeed);
      if (at >= 0) {
        const line = this.#isSkipping ? undefined : parse(this.#rest.toString('utf8', 0, at));
        this.#isSkipping = false;
        this.#lineBytes = at;
        this.#rest = this.#rest.subarray(at + 1);
        if (line !== undefined) return line;
        continue;
      }
      if (this.#position >= end) return undefined;
      const { bytesRead, buffer } = await this.#file.read(Buffer.alloc(windowBytes), 0, windowBytes, this.#position);
      this.isAtEnd = bytesRead === 0;
      if (bytesRead === 0) return undefined;
      this.#position += bytesRead;
      const read = buffer.subarray(0, bytesRead);
      this.#rest = this.#isSkipping ? read : Buffer.concat([this.#rest, read]);
      if (this.#rest.length <= maxLineBytes || this.#rest.includes(lineFeed)) continue;
      this.#isSkipping = true;
      this.#rest = Buffer.alloc(0);
    }
  }
}

function parse(line: string): StoredLine | undefined {
  try {
    return parseStoredMessage(line, limits);
  } catch (error) {
    if (error instanceof RtmpRemoteError) return undefined;
    throw error;
  }
}
