import { Program } from './program.js';

/** ffmpeg publishes a file at its own speed, packets unchanged. */
export function publishWithFfmpeg(file: string, url: string, options: { readonly loop?: boolean } = {}): Program {
  const loop = options.loop ? ['-stream_loop', '-1'] : [];
  return Program.start('ffmpeg', [
    ...['-v', 'error', '-nostdin', '-re'],
    ...loop,
    ...['-i', file, '-map', '0', '-c', 'copy', '-f', 'flv', '-flvflags', 'no_duration_filesize', url],
  ]);
}
