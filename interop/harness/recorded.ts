import { existsSync } from 'node:fs';
import { eventually } from './deadline.js';
import { copyWithFfmpeg8, playWithFfmpeg8 } from './ffmpeg8.js';
import type { Program } from './program.js';
import { publishWithFfmpeg } from './publisher.js';
import { TestServer } from './server.js';

export interface Recorded {
  /** What is published. */
  readonly source: string;
  /** The stream's name. */
  readonly name: string;
  readonly settings: readonly string[];
  /** The file that a server with these settings makes of the stream. */
  readonly file: string;
}

/** ffmpeg publishes to a server of its own until the recording is complete. */
export async function recordFromFfmpeg(recorded: Recorded): Promise<void> {
  await record(recorded, publishWithFfmpeg);
}

/**
 * FFmpeg 8 publishes to a server of its own until the recording is complete, and writes to `sentFile` (FLV) what it
 * sends. Resolves with its player of that file: the recording is to be played alike.
 */
export async function recordFromFfmpeg8(recorded: Recorded, sentFile: string): Promise<Program> {
  await copyWithFfmpeg8(recorded.source, sentFile, 'atOnce').succeed();
  const reference = playWithFfmpeg8(sentFile);
  await reference.succeed();
  await record(recorded, (source, url) => copyWithFfmpeg8(source, url, 'realtime'));
  return reference;
}

async function record(
  { source, name, settings, file }: Recorded,
  publish: (source: string, url: string) => Program,
): Promise<void> {
  const server = await TestServer.start({ settings });
  await publish(source, server.rtmpUrl(name)).succeed();
  await eventually('the recording is complete', () => existsSync(file));
  await server.stop();
}
