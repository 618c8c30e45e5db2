import type { FileHandle } from 'node:fs/promises';

/** Writes all of `parts` one behind the other, however little the system takes at a time. Rejects with its error. */
export async function writeAll(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  let rest = parts.filter(({ length }) => length > 0);
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at);
    at += bytesWritten;
    rest = without(rest, bytesWritten);
  }
}

function without(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  let toSkip = count;
  return parts.flatMap((part) => {
    const skipped = Math.min(toSkip, part.length);
    toSkip -= skipped;
    return skipped === part.length ? [] : [part.subarray(skipped)];
  });
}
