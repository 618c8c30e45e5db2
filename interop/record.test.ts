import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from './harness/deadline.js';
import { copyWithFfmpeg8, playedPackets, playedStreams, playWithFfmpeg8 } from './harness/ffmpeg8.js';
import { mediaFile } from './harness/media.js';
import { differenceFromSent, packetsOfFile } from './harness/packets.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { millraceCommand, TestServer } from './harness/server.js';

/** Each kills a server that records two streams. More of them find rarer moments. */
const rounds = Number(process.env.MILLRACE_KILLS ?? 5);

describe('recordings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-recordings-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const settings = [`media.dir=${folder}`, 'record.streams=live/*', 'record.file={app}/{name}.flv'];
  const fileOf = (name: string): string => join(folder, 'live', `${name}.flv`);

  it.for(['bFrames', 'audioOnly'] as const)(
    '%s from ffmpeg: the file has the packets that were sent',
    async (media, test) => {
      requirePeer('ffmpeg', test);
      requirePeer('ffprobe', test);
      const source = await mediaFile(media);
      const server = await TestServer.start({ settings });
      await publishWithFfmpeg(source, server.rtmpUrl(media)).succeed();
      await eventually('the recording is complete', () => existsSync(fileOf(media)));
      await server.stop();
      const received = await packetsOfFile(fileOf(media));
      const sent = await packetsOfFile(source);
      expect(sent.length).toBeGreaterThan(100);
      expect(differenceFromSent(received, sent)).toBeUndefined();
      const info = Program.start(process.execPath, [millraceCommand, 'info', fileOf(media)]);
      await info.succeed();
      expect(info.stdout).toContain('damage:     none');
      const probe = Program.start('ffprobe', [
        '-v',
        'error',
        '-show_entries',
        'format=duration',
        '-of',
        'csv=p=0',
        fileOf(media),
      ]);
      await probe.succeed();
      expect(probe.stderr).toBe('');
      expect(Number(probe.stdout)).toBeGreaterThan(3.5);
    },
  );

  it.for(['hevcOpus', 'av1Flac', 'multitrack'] as const)(
    '%s from FFmpeg 8: it reads the file as what it sent',
    async (media, test) => {
      requirePeer('ffmpeg', test);
      requirePeer('node-av', test);
      const source = await mediaFile(media);
      const sentFile = join(folder, `sent-${media}.flv`);
      await copyWithFfmpeg8(source, sentFile, 'atOnce').succeed();
      const reference = playWithFfmpeg8(sentFile);
      await reference.succeed();
      const server = await TestServer.start({ settings });
      await copyWithFfmpeg8(source, server.rtmpUrl(media), 'realtime').succeed();
      await eventually('the recording is complete', () => existsSync(fileOf(media)));
      await server.stop();
      const player = playWithFfmpeg8(fileOf(media));
      await player.succeed();
      expect(playedStreams(player)).toEqual(playedStreams(reference));
      expect(differenceFromSent(playedPackets(player), playedPackets(reference))).toBeUndefined();
    },
  );

  it('a server leaves alone what another on the same folder records, until that one is gone', async (test) => {
    requirePeer('ffmpeg', test);
    const source = await mediaFile('plain');
    const first = await TestServer.start({ settings });
    const publisher = publishWithFfmpeg(source, first.rtmpUrl('shared'), { loop: true });
    const part = `${fileOf('shared')}.part`;
    await eventually('media is on the disk', () => existsSync(part) && statSync(part).size > 80_000);
    const second = await TestServer.start({ settings });
    await eventually(
      'the second has seen the part',
      () => second.program.stderr.includes('of another server') || second.program.stdout.includes('of another server'),
    );
    const before = statSync(part).size;
    await eventually('it is written on', () => statSync(part).size > before);
    first.program.signal('SIGKILL');
    await first.program.waitForExit();
    await publisher.waitForExit();
    const third = await TestServer.start({ settings });
    await eventually('the next completes it', () => existsSync(fileOf('shared')) && !existsSync(part));
    await second.stop();
    await third.stop();
    expect((await packetsOfFile(fileOf('shared'))).length).toBeGreaterThan(0);
  });

  it('a server killed at any moment leaves files that play, and completes them when it starts again', async (test) => {
    requirePeer('ffmpeg', test);
    requirePeer('ffprobe', test);
    const source = await mediaFile('plain');
    const sent = new Set((await packetsOfFile(source)).map(({ hash }) => hash));
    const names = Array.from({ length: rounds }, (_, round) => [`killed-${round}-a`, `killed-${round}-b`]);
    for (const pair of names) {
      const server = await TestServer.start({ settings });
      const publishers = pair.map((name) => publishWithFfmpeg(source, server.rtmpUrl(name), { loop: true }));
      const parts = pair.map((name) => `${fileOf(name)}.part`);
      // The head is 74 kB; behind it there is media.
      const hasMedia = (part: string): boolean => existsSync(part) && statSync(part).size > 80_000;
      await eventually('media is on the disk', () => parts.every(hasMedia));
      await pause(Math.random() * 400);
      server.program.signal('SIGKILL');
      await server.program.waitForExit();
      for (const publisher of publishers) await publisher.waitForExit();
      expect((await packetsOfFile(parts[0] ?? '')).length).toBeGreaterThan(0);
    }
    const server = await TestServer.start({ settings });
    const isLeft = (name: string): boolean => name.endsWith('.part');
    await eventually('all are complete', () => !readdirSync(join(folder, 'live')).some(isLeft));
    await server.stop();
    for (const name of names.flat()) {
      const info = Program.start(process.execPath, [millraceCommand, 'info', '--json', fileOf(name)]);
      await info.succeed();
      expect(JSON.parse(info.stdout)).toMatchObject({ damageCount: 0, wrongTrailers: 0 });
      expect(JSON.parse(info.stdout).statedDurationMs).toBeGreaterThan(0);
      const packets = await packetsOfFile(fileOf(name));
      expect(packets.length).toBeGreaterThan(5);
      expect(packets.filter(({ hash }) => !sent.has(hash))).toEqual([]);
    }
  });
});
