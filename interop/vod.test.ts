import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashedPackets, hashingPlayerArgs, only, type Packet, packetsOfFile } from './harness/packets.js';
import { findPeer, requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { repository, TestServer } from './harness/server.js';

// The demo: 8 seconds, a key frame every 2.
const demo = join(repository, 'packages/server/assets/demo.flv');

describe('a recording is played by', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-vod-'));
  const file = (base: string): string => join(folder, base);
  let server: TestServer;
  let whole: Packet[];

  beforeAll(async () => {
    mkdirSync(file('media/live'), { recursive: true });
    copyFileSync(demo, file('media/live/demo.flv'));
    server = await TestServer.start({ settings: [`media.dir=${file('media')}`] });
    if (findPeer('ffprobe')) whole = await packetsOfFile(demo);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('rtmpdump, which ends by itself', async (test) => {
    requirePeer('ffprobe', test);
    const rtmpdump = Program.start(requirePeer('rtmpdump', test), [
      '-r',
      server.rtmpUrl('demo'),
      '-o',
      file('all.flv'),
    ]);
    await rtmpdump.succeed();
    expect(rtmpdump.stderr).toContain('Download complete');
    expect(await packetsOfFile(file('all.flv'))).toEqual(whole);
  });

  it('rtmpdump from a place to a place', async (test) => {
    requirePeer('ffprobe', test);
    const path = requirePeer('rtmpdump', test);
    const args = ['-q', '-r', server.rtmpUrl('demo'), '-A', '3', '-B', '5', '-o', file('part.flv')];
    // It calls everything incomplete that is shorter than the whole: exit code 2.
    expect((await Program.start(path, args).waitForExit(15_000)).code).toBe(2);
    const video = only('video', await packetsOfFile(file('part.flv')));
    const second = 1000;
    // The second before is there to decode what follows.
    const wanted = only('video', whole).filter(({ dts }) => dts >= 2 * second && dts < 5 * second);
    expect(video.map(({ hash }) => hash)).toEqual(wanted.map(({ hash }) => hash));
    expect(video.map(({ dts }) => dts)).toEqual(wanted.map(({ dts }) => Math.max(dts, 3 * second)));
  });

  it('rtmpdump, which resumes what was cut off', async (test) => {
    const path = requirePeer('rtmpdump', test);
    await Program.start(path, ['-q', '-r', server.rtmpUrl('demo'), '-o', file('resumed.flv')]).succeed();
    const complete = readFileSync(file('resumed.flv'));
    let end = 13;
    while (end < complete.length / 2) end += 15 + complete.readUIntBE(end + 1, 3);
    writeFileSync(file('resumed.flv'), complete.subarray(0, end));
    await Program.start(path, ['-q', '-e', '-r', server.rtmpUrl('demo'), '-o', file('resumed.flv')]).succeed();
    expect(readFileSync(file('resumed.flv')).equals(complete)).toBe(true);
  });

  it('ffmpeg to its end', async (test) => {
    const ffmpeg = Program.start(requirePeer('ffmpeg', test), hashingPlayerArgs(server.rtmpUrl('demo')));
    await ffmpeg.succeed();
    const received = hashedPackets(ffmpeg.stdout);
    for (const media of ['audio', 'video']) {
      expect(only(media, received).map(({ hash }) => hash)).toEqual(only(media, whole).map(({ hash }) => hash));
    }
  });

  it('ffmpeg from a place that it seeks, with the right frames', async (test) => {
    const path = requirePeer('ffmpeg', test);
    const frames = async (input: string): Promise<string[]> => {
      const args = ['-v', 'error', '-ss', '5', '-i', input, '-an', '-f', 'framehash', '-hash', 'md5', '-'];
      const ffmpeg = Program.start(path, args);
      await ffmpeg.succeed();
      return hashedPackets(ffmpeg.stdout).map(({ hash }) => hash);
    };
    const expected = await frames(demo);
    expect(expected.length).toBeGreaterThan(70);
    expect(await frames(server.rtmpUrl('demo'))).toEqual(expected);
  });
});
