import type { FileHandle } from 'node:fs/promises';

/** A file, as far as it is read. */
export interface ByteSource {
  /** As it was when it was opened: what is written after that is not read. */
  readonly size: number;
  /** Reads from `position` on until `target` is full or the source ends. Resolves with the number of bytes. */
  read(target: Uint8Array, position: number): Promise<number>;
}

export function fileSource(file: FileHandle, size: number): ByteSource {
  return {
    size,
    async read(target, position) {
      const wanted = Math.min(target.length, size - position);
      let filled = 0;
      while (filled < wanted) {
        const { bytesRead } = await file.read(target, filled, wanted - filled, position + filled);
        // Somebody cut the file in the meantime.
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
  };
}
