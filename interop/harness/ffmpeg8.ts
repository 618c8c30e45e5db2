import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Packet } from './packets.js';
import { Program } from './program.js';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'ffmpeg8');
const nodeArgs = ['--import', join(folder, 'with-resolvers.mjs')];

/** A stream as FFmpeg 8 sees it: its codec and the hash of its configuration (sequence header). */
export interface StreamLine {
  readonly stream: number;
  readonly codec: string;
  readonly extradata: string;
}

/** FFmpeg 8 (node-av: knows Enhanced RTMP) copies a file into an FLV file or to an RTMP server. */
export function copyWithFfmpeg8(input: string, output: string, mode: 'realtime' | 'atOnce'): Program {
  return Program.start(process.execPath, [...nodeArgs, join(folder, 'copy.mjs'), input, output, mode]);
}

/** FFmpeg 8 plays a file or URL; `playedStreams` and `playedPackets` read what it has seen. */
export function playWithFfmpeg8(input: string): Program {
  return Program.start(process.execPath, [...nodeArgs, join(folder, 'packets.mjs'), input]);
}

function lines(player: Program): (Packet | StreamLine)[] {
  return player.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Packet | StreamLine);
}

export function playedStreams(player: Program): StreamLine[] {
  return lines(player).filter((line) => 'codec' in line);
}

export function playedPackets(player: Program): Packet[] {
  return lines(player).filter((line) => 'media' in line);
}
