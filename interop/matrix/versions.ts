import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPeer } from '../harness/peers.js';
import { repository } from '../harness/server.js';
import type { PeerId } from './matrix.js';

/** What the programs of this machine say of themselves. */
export function versionsOfPeers(): ReadonlyMap<PeerId, string> {
  const manifest = readFileSync(join(repository, 'interop/node_modules/node-av/package.json'), 'utf8');
  const { version: nodeAv } = JSON.parse(manifest) as { version: string };
  return new Map<PeerId, string>([
    ['ffmpeg', said('ffmpeg', ['-version'], /version (\S+)/)],
    ['ffmpeg8', `node-av ${nodeAv}`],
    ['rtmpdump', said('rtmpdump', ['--help'], /RTMPDump (v\S+)/)],
    ['gstreamer', said('gst-launch-1.0', ['--version'], /version (\S+)/)],
    ['chromium', said('chromium', ['--version'], /Chromium (\S+)/)],
    ['client', process.version],
  ]);
}

function said(program: 'ffmpeg' | 'rtmpdump' | 'gst-launch-1.0' | 'chromium', args: string[], pattern: RegExp): string {
  const path = findPeer(program);
  if (path === undefined) return '';
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' });
  return pattern.exec(stdout + stderr)?.[1] ?? '';
}
