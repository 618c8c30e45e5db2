import { audioCodecNames, videoCodecNames } from '@millrace/protocol';
import { type FlvDamage, type FlvReport, inspectFlv } from '../flv-file/index.js';
import { inspectMp4 } from '../mp4-file/index.js';
import { runOnFile } from './file-error.js';
import { formatOf } from './file-format.js';
import { fileProgress } from './file-progress.js';
import { openSource } from './open-source.js';

export interface InfoOptions {
  /** One object instead of lines. */
  readonly json: boolean;
}

const shownDamages = 20;

/** `millrace info`: says what is in an FLV or MP4 file. Exit code 1 where it cannot be read, 2 where it is damaged. */
export async function info(file: string, options: InfoOptions): Promise<void> {
  await runOnFile(file, async () => {
    const opened = await openSource(file);
    try {
      const format = await formatOf(file, opened);
      const progress = fileProgress('reading', (await opened.stat()).size, process.stderr);
      const inspecting = format === 'flv' ? inspectFlv(opened, progress.update) : inspectMp4(opened);
      const report = await inspecting.finally(progress.clear);
      process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : infoText(file, report, format));
      return report.damageCount > 0 ? 2 : 0;
    } finally {
      await opened.close();
    }
  });
}

/** What `info` prints for people. */
export function infoText(file: string, report: FlvReport, format: 'flv' | 'mp4' = 'flv'): string {
  const { video, audio, metadata, durationMs } = report;
  const size = metadata?.video[0];
  const width = video.config?.width ?? size?.width;
  const height = video.config?.height ?? size?.height;
  const unit = format === 'flv' ? 'tag' : 'sample';
  const lines: [string, string][] = [
    ['file', `${file}, ${formatBytes(report.bytes)}`],
    ['duration', formatTime(durationMs) + statedText(report, format)],
    ['bitrate', formatRate(report.bytes, durationMs)],
  ];
  if (video.tags > 0) {
    const parts = [
      videoCodecNames[video.codec ?? 'unknown'] + profileText(video.config),
      width === undefined || height === undefined ? '' : `${width} x ${height}`,
      size?.frameRate === undefined ? '' : `${Math.round(size.frameRate * 100) / 100} frames a second`,
      formatRate(video.bytes, durationMs),
      count(video.tags, unit),
    ];
    lines.push(['video', join(parts)]);
    const longest = report.keyFrameCount === 0 ? '' : `at most ${formatTime(report.longestGopMs)} apart`;
    lines.push(['key frames', join([String(report.keyFrameCount), longest])]);
  }
  if (audio.tags > 0) {
    const { sampleRate, channels } = audio.config ?? metadata?.audio[0] ?? {};
    const parts = [
      audioCodecNames[audio.codec ?? 'unknown'],
      sampleRate === undefined ? '' : `${sampleRate} Hz`,
      channels === undefined ? '' : count(channels, 'channel'),
      formatRate(audio.bytes, durationMs),
      count(audio.tags, unit),
    ];
    lines.push(['audio', join(parts)]);
  }
  if (format === 'flv') lines.push(['data', count(report.dataTags, unit)]);
  if (metadata?.encoder !== undefined) lines.push(['made by', JSON.stringify(metadata.encoder.slice(0, 200))]);
  lines.push(['damage', damageText(report)]);
  for (const damage of report.damages.slice(0, shownDamages)) lines.push(['', formatDamage(damage)]);
  if (report.damageCount > shownDamages) lines.push(['', `… and ${report.damageCount - shownDamages} more`]);
  return lines.map(([name, text]) => `${`${name}${name === '' ? '' : ':'}`.padEnd(12)}${text}\n`).join('');
}

export function formatDamage({ offset, end, reason }: FlvDamage): string {
  return `at ${offset}, ${formatBytes(end - offset)}: ${reason}`;
}

export function formatTime(ms: number): string {
  const seconds = Math.round(ms / 10) / 100;
  if (seconds < 60) return `${seconds} s`;
  const whole = Math.floor(seconds);
  const digits = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return digits.map((digit) => String(digit).padStart(2, '0')).join(':');
}

export function formatBytes(bytes: number): string {
  if (bytes < 10_000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'] as const;
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

function statedText({ statedDurationMs, durationMs }: FlvReport, format: 'flv' | 'mp4'): string {
  if (statedDurationMs === undefined && format === 'mp4') return '';
  if (statedDurationMs === undefined) return ' (the file does not say; millrace repair makes it do so)';
  return Math.abs(statedDurationMs - durationMs) < 1000 ? '' : ` (the file says ${formatTime(statedDurationMs)})`;
}

function damageText({ damageCount, lostBytes, wrongTrailers, backwardSteps, skippedTags }: FlvReport): string {
  const parts = [
    damageCount === 0 ? 'none' : `${count(damageCount, 'place')}, ${formatBytes(lostBytes)}`,
    wrongTrailers === 0 ? '' : `${count(wrongTrailers, 'tag')} with a wrong size behind`,
    backwardSteps === 0 ? '' : `time goes back ${count(backwardSteps, 'time')}`,
    skippedTags === 0 ? '' : `${count(skippedTags, 'tag')} of no known type`,
  ];
  return join(parts);
}

function profileText(config: { readonly profile?: string; readonly level?: string } | undefined): string {
  const parts = [config?.profile, config?.level].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

export function formatRate(bytes: number, durationMs: number): string {
  return durationMs === 0 ? 'no duration' : `${Math.round((bytes * 8) / durationMs)} kbit/s`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(', ');
}
