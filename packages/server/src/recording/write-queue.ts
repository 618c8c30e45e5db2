import type { FileHandle } from 'node:fs/promises';
import { writeAll } from '../flv-file/index.js';

/** What has gathered is written once there is this much of it, or after this long. */
const batchBytes = 256 * 1024;
const batchMs = 250;

/** Appends to a file in batches, one after the other. Does not copy what it is given. */
export class WriteQueue {
  readonly #file: FileHandle | Promise<FileHandle>;
  readonly #onError: (error: unknown) => void;
  #position: number;
  #parts: Uint8Array[] = [];
  #gatheredBytes = 0;
  /** What is being written. */
  #writingParts: Uint8Array[] = [];
  #writingBytes = 0;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;

  /**
   * `file`: may still be opened, and what comes meanwhile is kept. `onError`: told of the first write that fails, or that
   * there is no file; nothing is written after that.
   */
  constructor(file: FileHandle | Promise<FileHandle>, position: number, onError: (error: unknown) => void) {
    this.#file = file;
    // Told with the first write.
    if (file instanceof Promise) file.catch(() => undefined);
    this.#position = position;
    this.#onError = onError;
  }

  /** Bytes that are not in the file yet. */
  get pendingBytes(): number {
    return this.#gatheredBytes + this.#writingBytes;
  }

  /** Where what is in the file ends. */
  get writtenEnd(): number {
    return this.#position;
  }

  /** Copies what is not in the file yet, from `position` of the file on, which is at or after `writtenEnd`. */
  copyPending(target: Uint8Array, position: number): void {
    let partStart = this.#position;
    for (const parts of [this.#writingParts, this.#parts]) {
      for (const part of parts) {
        const at = partStart - position;
        partStart += part.length;
        if (at >= target.length) return;
        if (at + part.length <= 0) continue;
        const from = Math.max(0, -at);
        target.set(part.subarray(from, from + target.length - Math.max(0, at)), Math.max(0, at));
      }
    }
  }

  push(...parts: readonly Uint8Array[]): void {
    if (this.#failed) return;
    for (const part of parts) {
      this.#parts.push(part);
      this.#gatheredBytes += part.length;
    }
    if (this.#gatheredBytes >= batchBytes) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), batchMs);
  }

  /** Writes everything. Resolves also where that fails: `onError` was told. */
  async drain(): Promise<void> {
    while (this.pendingBytes > 0 && !this.#failed) {
      this.#write();
      await this.#writing;
    }
  }

  /** Forgets what is not in the file yet. Resolves when nothing is being written any more. */
  async abandon(): Promise<void> {
    this.#failed = true;
    clearTimeout(this.#timer);
    this.#parts = [];
    this.#gatheredBytes = 0;
    await this.#writing;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing !== undefined || this.#gatheredBytes === 0) return;
    const parts = this.#parts;
    this.#writingBytes = this.#gatheredBytes;
    this.#parts = [];
    this.#gatheredBytes = 0;
    this.#writingParts = parts;
    this.#writing = this.#writeOut(parts).then(
      () => this.#written(),
      (error) => this.#fail(error),
    );
  }

  async #writeOut(parts: readonly Uint8Array[]): Promise<void> {
    const file = this.#file instanceof Promise ? await this.#file : this.#file;
    await writeAll(file, parts, this.#position);
  }

  #written(): void {
    this.#position += this.#writingBytes;
    this.#writingParts = [];
    this.#writingBytes = 0;
    this.#writing = undefined;
    if (this.#failed || this.#gatheredBytes === 0) return;
    if (this.#gatheredBytes >= batchBytes) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), batchMs);
  }

  #fail(error: unknown): void {
    this.#writing = undefined;
    this.#writingParts = [];
    this.#writingBytes = 0;
    if (this.#failed) return;
    void this.abandon();
    this.#onError(error);
  }
}
