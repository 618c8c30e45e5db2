import { rename, rm } from 'node:fs/promises';

const suffix = '.danmu.jsonl';
/** What is being written for a recording that is to take the place of an older one. */
export const danmuPartSuffix = `${suffix}.part`;

/** Where what was said during a recording is kept: `NAME.danmu.jsonl` for `NAME.flv`, beside it; of others, all of their name. */
export function danmuFileOf(recording: string): string {
  return recording.replace(/\.flv$/, '') + suffix;
}

/** Where that is while a recording is written that may replace another. */
export function danmuPartOf(recording: string): string {
  return `${danmuFileOf(recording)}.part`;
}

/** The recording that a part belongs to; `undefined`: it is no such part. */
export function recordingOfDanmuPart(path: string): string | undefined {
  if (!path.endsWith(danmuPartSuffix)) return undefined;
  const base = path.slice(0, -danmuPartSuffix.length);
  return base.endsWith('.mp4') ? base : `${base}.flv`;
}

/**
 * A new recording has taken its place: what was said during it goes with it; what was said during one that it has
 * replaced is gone. Rejects with the system's errors.
 */
export async function settleDanmu(recording: string, hasReplaced: boolean): Promise<void> {
  try {
    await rename(danmuPartOf(recording), danmuFileOf(recording));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    if (hasReplaced) await rm(danmuFileOf(recording), { force: true });
  }
}

/** The recording has come to nothing. Rejects with the system's errors. */
export async function dropDanmuPart(recording: string): Promise<void> {
  await rm(danmuPartOf(recording), { force: true });
}

/** The recording was deleted. Rejects with the system's errors. */
export async function deleteDanmu(recording: string): Promise<void> {
  await rm(danmuFileOf(recording), { force: true });
}
