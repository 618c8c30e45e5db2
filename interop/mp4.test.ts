import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from './harness/deadline.js';
import { playedPackets, playedStreams, playWithFfmpeg8 } from './harness/ffmpeg8.js';
import { mediaFile } from './harness/media.js';
import { differenceFromSent, durationOfFile, only, type Packet, packetsOfFile } from './harness/packets.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { recordFromFfmpeg, recordFromFfmpeg8 } from './harness/recorded.js';
import { millraceCommand, TestServer } from './harness/server.js';

/** Files keep the frames of each track in order; how tracks follow each other is the format's business. */
function expectSameTracks(received: readonly Packet[], sent: readonly Packet[]): void {
  expect(sent.length).toBeGreaterThan(100);
  expect(received).toHaveLength(sent.length);
  for (const media of ['video', 'audio']) {
    if (only(media, sent).length === 0) continue;
    expect(differenceFromSent(only(media, received), only(media, sent))).toBeUndefined();
  }
}

/** Resolves with the exit code and what was written. */
async function convert(...args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = Program.start(process.execPath, [millraceCommand, 'convert', ...args]);
  const { code } = await program.waitForExit();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

describe('MP4', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-mp4-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const settings = [`media.dir=${folder}`, 'record.streams=live/*', 'record.file={app}/{name}.mp4'];
  const fileOf = (name: string): string => join(folder, 'live', `${name}.mp4`);

  it.for(['bFrames', 'audioOnly', 'videoOnly'] as const)(
    '%s from ffmpeg: the recording has the packets that were sent, with both their times',
    async (media, test) => {
      requirePeer('ffmpeg', test);
      requirePeer('ffprobe', test);
      const source = await mediaFile(media);
      await recordFromFfmpeg({ source, name: media, settings, file: fileOf(media) });
      expectSameTracks(await packetsOfFile(fileOf(media)), await packetsOfFile(source));
      expect(await durationOfFile(fileOf(media))).toBeGreaterThan(3.5);
      const decoder = Program.start('ffmpeg', ['-v', 'warning', '-i', fileOf(media), '-f', 'null', '-']);
      await decoder.succeed();
      expect(decoder.stderr).toBe('');
    },
  );

  it.for(['hevcOpus', 'av1Flac', 'vp9Opus', 'multitrack'] as const)(
    '%s from FFmpeg 8: recorded and converted, it is what was sent',
    async (media, test) => {
      requirePeer('ffmpeg', test);
      requirePeer('node-av', test);
      const source = await mediaFile(media);
      const sentFile = join(folder, `sent-${media}.flv`);
      const reference = await recordFromFfmpeg8({ source, name: media, settings, file: fileOf(media) }, sentFile);
      const converted = join(folder, `converted-${media}.mp4`);
      expect((await convert(sentFile, converted)).stderr).toBe('');
      for (const file of [fileOf(media), converted]) {
        const player = playWithFfmpeg8(file);
        await player.succeed();
        expect(playedStreams(player).map(({ codec }) => codec)).toEqual(
          playedStreams(reference).map(({ codec }) => codec),
        );
        for (const track of new Set(playedPackets(reference).map((packet) => packet.track))) {
          const ofTrack = (packets: readonly Packet[]): Packet[] => packets.filter((packet) => packet.track === track);
          const received = ofTrack(playedPackets(player));
          expect(received.length).toBe(ofTrack(playedPackets(reference)).length);
          expect(differenceFromSent(received, ofTrack(playedPackets(reference)))).toBeUndefined();
        }
      }
    },
  );

  it.for(['bFrames', 'plain', 'audioOnly'] as const)(
    'millrace convert takes %s to MP4 and back, and changes nothing',
    async (media, test) => {
      requirePeer('ffmpeg', test);
      requirePeer('ffprobe', test);
      const source = await mediaFile(media);
      const [mp4, back] = [join(folder, `c-${media}.mp4`), join(folder, `c-${media}.flv`)];
      expect(await convert(source, mp4)).toMatchObject({ code: 0, stderr: '' });
      expectSameTracks(await packetsOfFile(mp4), await packetsOfFile(source));
      const bytes = readFileSync(mp4);
      expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
      expect(await convert(mp4, back)).toMatchObject({ code: 0, stderr: '' });
      expectSameTracks(await packetsOfFile(back), await packetsOfFile(source));
      const info = Program.start(process.execPath, [millraceCommand, 'info', '--json', back]);
      await info.succeed();
      expect(JSON.parse(info.stdout)).toMatchObject({ damageCount: 0, wrongTrailers: 0, backwardSteps: 0 });
      expect(JSON.parse(info.stdout).statedDurationMs).toBeGreaterThan(3500);
    },
  );

  it('millrace convert says what it will not do', async (test) => {
    requirePeer('ffmpeg', test);
    const source = await mediaFile('plain');
    const there = join(folder, 'there.mp4');
    writeFileSync(there, 'a letter');
    const cases: [string[], RegExp][] = [
      [[source, there], /there\.mp4 is there already; --force replaces it\n$/],
      [[source, join(folder, 'x.avi')], /x\.avi: the name must end in \.flv or \.mp4/],
      [[source, join(folder, 'x.flv')], /is an FLV file already; millrace repair/],
      [[there, join(folder, 'x.flv')], /there\.mp4 is neither an FLV nor an MP4 file/],
      [[join(folder, 'none.flv'), join(folder, 'x.mp4')], /none\.flv: there is no such file or folder/],
      [[source, join(folder, 'no-folder', 'x.mp4')], /no-folder.*there is no such file or folder/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await convert(...args);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    }
    expect(readFileSync(there, 'utf8')).toBe('a letter');
    expect(await convert('--force', source, there)).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp') || name.startsWith('x.'))).toEqual([]);
  });

  it('a server killed at any moment leaves MP4 files that play, and completes them when it starts again', async (test) => {
    requirePeer('ffmpeg', test);
    requirePeer('ffprobe', test);
    const source = await mediaFile('plain');
    const sent = new Set((await packetsOfFile(source)).map(({ hash }) => hash));
    const rounds = Number(process.env.MILLRACE_KILLS ?? 3);
    const names = Array.from({ length: rounds }, (_, round) => `killed-${round}`);
    for (const name of names) {
      const server = await TestServer.start({ settings });
      const publisher = publishWithFfmpeg(source, server.rtmpUrl(name), { loop: true });
      const part = `${fileOf(name)}.part`;
      const hasMedia = (): boolean => existsSync(part) && statSync(part).size > 80_000;
      await eventually('media is on the disk', hasMedia);
      await pause(Math.random() * 1500);
      server.program.signal('SIGKILL');
      await server.program.waitForExit();
      await publisher.waitForExit();
      expect((await packetsOfFile(part)).length).toBeGreaterThan(0);
    }
    const server = await TestServer.start({ settings });
    const isLeft = (name: string): boolean => name.endsWith('.part');
    await eventually('all are complete', () => !readdirSync(join(folder, 'live')).some(isLeft));
    await server.stop();
    for (const name of names) {
      expect(await durationOfFile(fileOf(name))).toBeGreaterThan(0.5);
      const packets = await packetsOfFile(fileOf(name));
      expect(packets.length).toBeGreaterThan(30);
      expect(packets.filter(({ hash }) => !sent.has(hash))).toEqual([]);
    }
  });
});
