import type { FileTag, MediaReader } from '../media-file/index.js';
import type { TagBlock, TagBlocks } from './tag-blocks.js';

/** The tags of an MP4 file one after another, with one block of them in memory. */
export class Mp4TagReader implements MediaReader {
  readonly #blocks: TagBlocks;
  #tags: TagBlock['tags'] = [];
  #index = 0;
  /** Of the block to read next; `undefined`: there is none. */
  #next: number | undefined;

  constructor(blocks: TagBlocks, position: number) {
    this.#blocks = blocks;
    this.#next = position;
  }

  peek(): FileTag | 'fill' | undefined {
    return this.#tags[this.#index] ?? (this.#next === undefined ? undefined : 'fill');
  }

  skip(): void {
    if (this.#index < this.#tags.length) this.#index += 1;
  }

  /** Reads what `peek` wants. Rejects with the system's errors. */
  async fill(): Promise<void> {
    if (this.#next === undefined || this.#index < this.#tags.length) return;
    // Not two blocks at once.
    this.#tags = [];
    const { tags, next } = await this.#blocks.read(this.#next);
    this.#tags = tags;
    this.#index = 0;
    this.#next = next;
  }
}
