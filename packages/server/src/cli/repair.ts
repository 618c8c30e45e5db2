import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { type RewriteReport, rewriteFlv } from '../flv-file/index.js';
import { repairMp4 } from '../mp4-muxer/index.js';
import { namingTarget, runOnFile } from './file-error.js';
import { formatOf } from './file-format.js';
import { fileProgress } from './file-progress.js';
import { formatBytes, formatDamage, formatTime } from './info.js';
import { openSource } from './open-source.js';
import { StartError } from './start-error.js';

export interface RepairOptions {
  /** Where the repaired file goes. Absent: in the place of the damaged one, once it is complete. */
  readonly out?: string;
}

const shownDamages = 20;

/**
 * `millrace repair`: keeps what is sound of an FLV file, with duration, size and an index; of an MP4 file in fragments
 * what stands before a torn one. Exit code 1 where it cannot.
 */
export async function repair(file: string, options: RepairOptions): Promise<void> {
  await runOnFile(file, async () => {
    const source = await openSource(file);
    try {
      const report = await repairInto(source, file, options.out);
      process.stdout.write(repairText(options.out ?? file, report));
      return 0;
    } finally {
      await source.close();
    }
  });
}

async function repairInto(source: FileHandle, file: string, out: string | undefined): Promise<RewriteReport> {
  const path = out ?? `${file}.repaired`;
  const { size, mode } = await source.stat();
  const target = await open(path, 'wx+', mode & 0o777);
  const progress = fileProgress('repairing', size, process.stderr);
  try {
    const isFlv = (await formatOf(file, source)) === 'flv';
    const repairing = isFlv ? rewriteFlv(source, target, progress.update) : repairMp4(source, target);
    const report = await repairing.finally(progress.clear);
    if (report === undefined) {
      throw new StartError(
        `${file}: an MP4 file without fragments cannot be repaired; what is sound of it plays as it is`,
      );
    }
    if (report.keptTags === 0) throw new StartError(`${file}: there is nothing to save in it`);
    await target.datasync();
    await target.close();
    if (out === undefined) await rename(path, file);
    return report;
  } catch (error) {
    await target.close().catch(() => undefined);
    await rm(path, { force: true });
    throw namingTarget(error, path);
  }
}

/** What `repair` prints. */
export function repairText(file: string, report: RewriteReport): string {
  const { keptTags, durationMs, keyFrameCount, damages, lostBytes, mendedTrailers, bytes } = report;
  const lines = [
    `${file}: ${formatTime(durationMs)}, ${keptTags} tags, ${keyFrameCount} key frames, ${formatBytes(bytes)}`,
    lostBytes === 0 ? 'nothing was lost' : `left out, with ${formatBytes(lostBytes)}:`,
    ...damages.slice(0, shownDamages).map((damage) => `  ${formatDamage(damage)}`),
  ];
  if (damages.length > shownDamages) lines.push(`  … and ${damages.length - shownDamages} more`);
  if (mendedTrailers > 0) lines.push(`mended ${mendedTrailers} wrong or missing sizes behind tags`);
  return `${lines.join('\n')}\n`;
}
