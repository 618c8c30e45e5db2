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

  it.each(['0.4', '2.04', '3.37', '7.5'])('ffmpeg from %s seconds, with the right frames', async (place) => {
    const ffmpeg = findPeer('ffmpeg');
    if (ffmpeg === undefined) return;
    const frames = async (input: string): Promise<string[]> => {
      const args = ['-v', 'error', '-ss', place, '-i', input, '-an', '-f', 'framehash', '-hash', 'md5', '-'];
      const program = Program.start(ffmpeg, args);
      await program.succeed();
      return hashedPackets(program.stdout).map(({ hash }) => hash);
    };
    const expected = await frames(demo);
    expect(expected.length).toBeGreaterThan(5);
    expect(await frames(server.rtmpUrl('demo'))).toEqual(expected);
  });

  it('ffmpeg behind a place where the picture gets another size', async (test) => {
    const path = requirePeer('ffmpeg', test);
    const small = file('small.flv');
    const source = ['-f', 'lavfi', '-i', 'testsrc=size=160x90:rate=25:duration=8'];
    const encoder = ['-c:v', 'libx264', '-g', '50', '-bf', '0', '-pix_fmt', 'yuv420p'];
    await Program.start(path, ['-v', 'error', ...source, ...encoder, small]).succeed();
    writeFileSync(file('media/live/joined.flv'), joined(readFileSync(demo), readFileSync(small), 8000));
    const args = ['-v', 'error', '-ss', '13.2', '-i', server.rtmpUrl('joined'), '-an', '-f', 'framehash', '-'];
    const ffmpeg = Program.start(path, args);
    await ffmpeg.succeed();
    // Its parser still has the first size in mind, and complains; its decoder does not.
    expect(ffmpeg.stderr).not.toMatch(/\[h264 @|decod/i);
    expect(ffmpeg.stdout).toContain('#dimensions 0: 160x90');
    expect(hashedPackets(ffmpeg.stdout).length).toBeGreaterThan(60);
  });

  it('rtmpdump as before where places are marked for players that know that', async (test) => {
    const path = requirePeer('rtmpdump', test);
    const marking = await TestServer.start({ settings: [`media.dir=${file('media')}`, 'vod.accurateSeek=true'] });
    const part = async (from: TestServer, output: string): Promise<Buffer> => {
      const args = ['-q', '-r', from.rtmpUrl('demo'), '-A', '3.2', '-B', '5', '-o', file(output)];
      expect((await Program.start(path, args).waitForExit(15_000)).code).toBe(2);
      return readFileSync(file(output));
    };
    const marked = await part(marking, 'marked.flv');
    expect(marked.length).toBeGreaterThan(1000);
    expect(marked.equals(await part(server, 'plain.flv'))).toBe(true);
  });
});

/** The tags of one file behind those of another, that much later. */
function joined(first: Buffer, second: Buffer, atMs: number): Buffer {
  const shifted = Buffer.from(second.subarray(13));
  for (let at = 0; at < shifted.length; at += 15 + shifted.readUIntBE(at + 1, 3)) {
    shifted.writeUIntBE(shifted.readUIntBE(at + 4, 3) + atMs, at + 4, 3);
  }
  // The second's metadata would say the length of the second.
  const [type] = shifted;
  return Buffer.concat([first, type === 18 ? shifted.subarray(15 + shifted.readUIntBE(1, 3)) : shifted]);
}
