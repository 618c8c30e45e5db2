import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from './program.js';

const video = (seconds: number, extra = ''): string[] => [
  '-f',
  'lavfi',
  '-t',
  String(seconds),
  '-i',
  `testsrc2=size=320x180:rate=30${extra}`,
];
const audio = (seconds: number, frequency = 440): string[] => [
  '-f',
  'lavfi',
  '-t',
  String(seconds),
  '-i',
  `sine=frequency=${frequency}:sample_rate=48000`,
];
const h264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '500k', '-pix_fmt', 'yuv420p', '-g', '30'];
const fixedGop = ['-keyint_min', '30', '-sc_threshold', '0'];
const aac = ['-c:a', 'aac', '-b:a', '96k'];

/** What the tests publish: made by ffmpeg's own sources, key frame each second. */
const recipes = {
  /** 6 s of H.264 without B-frames and AAC. */
  plain: { file: 'plain.flv', args: [...video(6), ...audio(6), ...h264, ...fixedGop, '-bf', '0', ...aac] },
  /** The same with B-frames: decoding and presentation times differ. */
  bFrames: { file: 'b-frames.flv', args: [...video(6), ...audio(6), ...h264, ...fixedGop, '-bf', '3', ...aac] },
  videoOnly: { file: 'video-only.flv', args: [...video(4), ...h264, ...fixedGop, '-bf', '0'] },
  audioOnly: { file: 'audio-only.flv', args: [...audio(4), ...aac] },
  /** Codecs that need Enhanced RTMP, for an FFmpeg new enough to publish them. MP4 keeps decoding times. */
  hevcOpus: {
    file: 'hevc-opus.mp4',
    args: [
      ...video(4),
      ...audio(4),
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:keyint=30:min-keyint=30'],
      ...['-pix_fmt', 'yuv420p', '-c:a', 'libopus', '-b:a', '64k'],
    ],
  },
  av1Flac: {
    file: 'av1-flac.mp4',
    args: [
      ...video(4),
      ...audio(4),
      ...['-c:v', 'libaom-av1', '-cpu-used', '8', '-usage', 'realtime', '-b:v', '400k', '-g', '30'],
      ...['-pix_fmt', 'yuv420p', '-c:a', 'flac', '-sample_fmt', 's16', '-strict', '-2'],
    ],
  },
  vp9Opus: {
    file: 'vp9-opus.mp4',
    args: [
      ...video(4),
      ...audio(4),
      ...['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '400k', '-g', '30'],
      ...['-pix_fmt', 'yuv420p', '-c:a', 'libopus', '-b:a', '64k'],
    ],
  },
  /** Two video and two audio tracks. */
  multitrack: {
    file: 'multitrack.mkv',
    args: [
      ...video(4),
      ...video(4, ',hue=s=0'),
      ...audio(4, 440),
      ...audio(4, 880),
      ...['-map', '0:v', '-map', '1:v', '-map', '2:a', '-map', '3:a'],
      ...h264,
      ...fixedGop,
      '-bf',
      '0',
      ...aac,
    ],
  },
} as const;

export type MediaName = keyof typeof recipes;

/**
 * The path of a media file, made at its first use. Kept in the temporary folder under a name that changes with the
 * recipe, so that the test files of a run, and runs after it, share it.
 */
export async function mediaFile(name: MediaName): Promise<string> {
  const recipe = recipes[name];
  const digest = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `millrace-media-${process.getuid?.() ?? 0}`);
  const path = join(folder, `${digest}-${recipe.file}`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const making = join(mkdtempSync(join(folder, 'making-')), recipe.file);
  // -flags bitexact and one thread: the same bytes on every machine with the same encoders.
  const program = Program.start('ffmpeg', ['-v', 'error', '-y', ...recipe.args, '-flags', '+bitexact', making]);
  await program.succeed(90_000);
  renameSync(making, path);
  return path;
}
