import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/** Programs from Debian's packages: what `.ci/run` installs. */
const programs = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  rtmpdump: 'rtmpdump',
  'gst-launch-1.0': 'gstreamer1.0-tools with gstreamer1.0-plugins-good and -bad',
  chromium: 'chromium',
  obs: 'obs-studio',
  Xvfb: 'xvfb',
} as const;

/** Packages from npm: installed in interop/, not with the workspaces. */
const modules = ['playwright-core', 'node-av'] as const;

export type PeerProgram = keyof typeof programs;
export type PeerModule = (typeof modules)[number];

interface SkippableTest {
  skip(note?: string): void;
}

function isProgram(name: PeerProgram | PeerModule): name is PeerProgram {
  return Object.hasOwn(programs, name);
}

function findProgram(name: PeerProgram): string | undefined {
  const chosen = name === 'chromium' ? process.env.CHROMIUM : undefined;
  if (chosen) return existsSync(chosen) ? chosen : undefined;
  return (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

function findModule(name: PeerModule): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

/** Where the peer is, or undefined: for set-up code that leaves the verdict to the tests themselves. */
export function findPeer(name: PeerProgram | PeerModule): string | undefined {
  return isProgram(name) ? findProgram(name) : findModule(name);
}

/**
 * The path of a real program or module this test needs. Without it the test is skipped with the reason; under CI=true
 * it fails, so that a missing package cannot hide a broken feature.
 */
export function requirePeer(name: PeerProgram | PeerModule, test: SkippableTest): string {
  const path = findPeer(name);
  if (path !== undefined) return path;
  const reason = isProgram(name)
    ? `${name} is not installed (Debian: ${programs[name]})`
    : `${name} is not installed (npm ci --prefix interop)`;
  if (process.env.CI !== 'true') test.skip(reason);
  throw new Error(reason);
}
