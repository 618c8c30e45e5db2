import type { FileHandle } from 'node:fs/promises';
import { isMp4 } from '../mp4-file/index.js';

const suffixes = /\.(?:mp4|f4v|m4v|m4a|mov)(?:\.part)?$/i;

/** What a file is: as it begins, or, where that tells nothing, as it is called. Rejects with the system's errors. */
export async function formatOf(path: string, file: FileHandle): Promise<'flv' | 'mp4'> {
  const bytes = Buffer.alloc(8);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  const begin = bytes.subarray(0, bytesRead);
  if (begin.toString('latin1', 0, 3) === 'FLV') return 'flv';
  return isMp4(begin) || suffixes.test(path) ? 'mp4' : 'flv';
}
