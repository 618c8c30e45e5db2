import { lstat, opendir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { danmuPartSuffix, dropDanmuPart, recordingOfDanmuPart, settleDanmu } from '../danmu-file/index.js';
import type { Logger } from '../log/index.js';
import type { FileClaims } from './file-claims.js';
import { errorCodeOf } from './recording-error.js';
import { finishUnfinished } from './recording-file.js';
import { placeOfPart, temporarySuffix } from './recording-place.js';
import { leased, type ServerLease } from './server-lease.js';

/**
 * Completes what servers before were recording when they were killed. One file after the other: it is not urgent. A
 * file that cannot be completed is logged and left. Returns how many belong to another server, which may be alive.
 */
export async function finishAllUnfinished(
  mediaDir: string,
  claims: FileClaims,
  lease: ServerLease,
  log: Logger,
): Promise<number> {
  let left = 0;
  for await (const path of filesIn(resolve(mediaDir))) {
    if (path.endsWith(temporarySuffix)) await rm(path, { force: true });
    await settleLeftDanmu(path, claims, log);
    const place = placeOfPart(mediaDir, path);
    if (place === undefined) continue;
    const taken = claims.take(place.file);
    // It is new, and being recorded.
    if (taken === undefined) continue;
    const claimed = await leased({ place, claim: taken }, lease);
    if (claimed === undefined) {
      left += 1;
      continue;
    }
    const { claim } = claimed;
    claim.finishing();
    try {
      await claim.ready;
      const isKept = await finishUnfinished(place);
      log.info({ file: place.name, isKept }, 'finished a recording that was cut short');
    } catch (error) {
      if (errorCodeOf(error) !== 'ENOENT') log.warn({ file: place.name, err: error }, 'cannot finish a recording');
    } finally {
      claim.release();
    }
  }
  return left;
}

/** What was said goes with its recording, which the server that was killed had completed already. */
async function settleLeftDanmu(path: string, claims: FileClaims, log: Logger): Promise<void> {
  const recording = recordingOfDanmuPart(path);
  // With a part of its own, it is settled when that is completed.
  if (recording === undefined || claims.has(recording) || (await isThere(`${recording}.part`))) return;
  try {
    if (await isThere(recording)) await settleDanmu(recording, false);
    else await dropDanmuPart(recording);
  } catch (err) {
    log.warn({ err }, 'cannot keep what was said during a recording');
  }
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}

/** The recordings in a folder and the folders in it, complete or not. Links are not followed. */
export async function* filesIn(folder: string): AsyncGenerator<string> {
  let entries: Awaited<ReturnType<typeof opendir>>;
  try {
    entries = await opendir(folder);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT' || errorCodeOf(error) === 'EACCES') return;
    throw error;
  }
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile() && suffixes.some((suffix) => entry.name.endsWith(suffix))) yield path;
  }
}

const suffixes = ['.flv', '.mp4', '.flv.part', '.mp4.part', temporarySuffix, danmuPartSuffix];
