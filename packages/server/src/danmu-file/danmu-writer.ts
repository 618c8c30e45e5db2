import { constants, type FileHandle, open } from 'node:fs/promises';
import { danmuFileOf, danmuPartOf } from './danmu-place.js';

export interface DanmuWriterOptions {
  /** The file of the recording. */
  readonly recording: string;
  /** Whether that is appended to; else it is new, and takes its place when it is complete. */
  readonly isAppended: boolean;
  /** Told of the first write that fails; nothing is written after that. */
  readonly onError: (error: unknown) => void;
}

/** A line may be lost that is so young when the server is killed, ms. */
const batchMs = 250;
/** Of lines that wait for the disk: more are left out. */
const maxPendingBytes = 1024 * 1024;
const lineFeed = 0x0a;

/**
 * Writes what is said during a recording beside it, line by line. There is no file before the first line. Nothing here
 * waits, throws or slows anything.
 */
export class DanmuWriter {
  readonly #options: DanmuWriterOptions;
  #file: FileHandle | undefined;
  #position = 0;
  #lines: string[] = [];
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  #isClosed = false;
  /** Lines that found no room. */
  lost = 0;

  constructor(options: DanmuWriterOptions) {
    this.#options = options;
  }

  /** Without its line feed. */
  write(line: string): void {
    if (this.#hasFailed || this.#isClosed) return;
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#pendingBytes + bytes > maxPendingBytes) {
      this.lost += 1;
      return;
    }
    this.#lines.push(line);
    this.#pendingBytes += bytes;
    this.#timer ??= setTimeout(() => this.#flush(), batchMs);
  }

  /** Writes what is left and closes the file. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#lines.length > 0 && !this.#hasFailed) {
      this.#flush();
      await this.#writing;
    }
    await this.#writing;
    try {
      // Before its name is final: a power cut must not leave a name without content.
      await this.#file?.datasync();
      await this.#file?.close();
    } catch (error) {
      this.#fail(error);
    }
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#writing !== undefined || this.#lines.length === 0) return;
    const text = Buffer.from(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#writing = this.#append(text)
      .catch((error: unknown) => this.#fail(error))
      .then(() => {
        this.#pendingBytes -= text.length;
        this.#writing = undefined;
        if (this.#lines.length > 0 && !this.#isClosed) this.#timer ??= setTimeout(() => this.#flush(), batchMs);
      });
  }

  async #append(text: Buffer): Promise<void> {
    const file = this.#file ?? (await this.#open());
    this.#file = file;
    for (let from = 0; from < text.length; ) {
      const { bytesWritten } = await file.write(text, from, text.length - from, this.#position);
      from += bytesWritten;
      this.#position += bytesWritten;
    }
  }

  async #open(): Promise<FileHandle> {
    const { recording, isAppended } = this.#options;
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    if (!isAppended) return await open(danmuPartOf(recording), flags | constants.O_TRUNC, 0o644);
    const file = await open(danmuFileOf(recording), flags, 0o644);
    try {
      this.#position = await endOfLines(file);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#lines = [];
    this.#options.onError(error);
  }
}

/** Where to go on: behind the last line, which is ended where its writer died within it. */
async function endOfLines(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  if (size === 0) return 0;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer[0] === lineFeed) return size;
  await file.write('\n', size);
  return size + 1;
}
