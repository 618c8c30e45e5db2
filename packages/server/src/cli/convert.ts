import { rmSync } from 'node:fs';
import { type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises';
import { type ConvertReport, flvToMp4, mp4ToFlv } from '../convert/index.js';
import { namingTarget, runOnFile, temporaryOf } from './file-error.js';
import { fileProgress } from './file-progress.js';
import { formatBytes, formatTime } from './info.js';
import { openSource } from './open-source.js';
import { StartError } from './start-error.js';

export interface ConvertOptions {
  /** Replaces the target. */
  readonly force: boolean;
}

type Conversion = typeof flvToMp4;

/** `millrace convert`. Exit code 0: all is in the target; 1: there is no target; 2: some of the source is not in it. */
export async function convert(source: string, target: string, options: ConvertOptions): Promise<void> {
  await runOnFile(source, async () => {
    const suffix = targetSuffix(target);
    const file = await openSource(source);
    try {
      const conversion = await conversionFor(file, source, suffix);
      const report = await convertInto(file, target, options, conversion);
      process.stdout.write(convertText(target, report));
      const { lost, damagedBytes, missingFrames } = report;
      return lost.size > 0 || damagedBytes > 0 || missingFrames > 0 ? 2 : 0;
    } finally {
      await file.close();
    }
  });
}

function targetSuffix(target: string): 'flv' | 'mp4' {
  const suffix = /\.(flv|mp4)$/i.exec(target)?.[1]?.toLowerCase();
  if (suffix === 'flv' || suffix === 'mp4') return suffix;
  throw new StartError(`${target}: the name must end in .flv or .mp4: it says what the file is to be`);
}

/** What the source is, its first bytes say, and not its name. */
async function conversionFor(file: FileHandle, source: string, suffix: 'flv' | 'mp4'): Promise<Conversion> {
  const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
  const isFlv = buffer.toString('latin1', 0, 3) === 'FLV';
  const isMp4 = buffer.toString('latin1', 4, 8) === 'ftyp';
  if (isFlv && suffix === 'mp4') return flvToMp4;
  if (isMp4 && suffix === 'flv') return mp4ToFlv;
  if (isFlv) throw new StartError(`${source} is an FLV file already; millrace repair writes such a file anew`);
  if (isMp4) throw new StartError(`${source} is an MP4 file already`);
  throw new StartError(`${source} is neither an FLV nor an MP4 file`);
}

async function convertInto(
  source: FileHandle,
  target: string,
  { force }: ConvertOptions,
  conversion: Conversion,
): Promise<ConvertReport> {
  const { size, mode } = await source.stat();
  if (!force && (await isThere(target))) throw new StartError(`${target} is there already; --force replaces it`);
  const temporary = temporaryOf(target);
  const file = await open(temporary, 'wx+', mode & 0o777);
  const leave = (): never => {
    rmSync(temporary, { force: true });
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
  const progress = fileProgress('converting', size, process.stderr);
  try {
    const report = await conversion(source, file, progress.update).finally(progress.clear);
    await file.datasync();
    await file.close();
    if (force) await rename(temporary, target);
    else await putInPlace(temporary, target);
    return report;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw namingTarget(error, target);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, leave);
  }
}

/** Rejects where a file has come there meanwhile. */
async function putInPlace(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
    await rm(temporary);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw error;
    // File systems without second names.
    await rename(temporary, target);
  }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** What `convert` prints. */
export function convertText(target: string, report: ConvertReport): string {
  const { durationMs, frames, bytes, lost, damagedBytes, missingFrames } = report;
  const lines = [`${target}: ${formatTime(durationMs)}, ${frames} frames, ${formatBytes(bytes)}`];
  for (const [what, count] of lost) lines.push(`left out, for the format has no place for it: ${what}, ${count} times`);
  if (damagedBytes > 0)
    lines.push(`left out, for it is damaged: ${formatBytes(damagedBytes)}; millrace info says where`);
  if (missingFrames > 0)
    lines.push(`left out, for the source lists them and has not got them: ${missingFrames} frames`);
  return `${lines.join('\n')}\n`;
}
