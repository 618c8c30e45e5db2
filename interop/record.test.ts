import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NetConnection, publishFlv, RtmpConnectionError } from '@millrace/client';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from './harness/deadline.js';
import { playedPackets, playedStreams, playWithFfmpeg8 } from './harness/ffmpeg8.js';
import { mediaFile } from './harness/media.js';
import { differenceFromSent, durationOfFile, packetsOfFile } from './harness/packets.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { recordFromFfmpeg, recordFromFfmpeg8 } from './harness/recorded.js';
import { millraceCommand, TestServer } from './harness/server.js';

/** Each kills a server that records two streams. More of them find rarer moments. */
const rounds = Number(process.env.MILLRACE_KILLS ?? 50);

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
      await recordFromFfmpeg({ source, name: media, settings, file: fileOf(media) });
      const received = await packetsOfFile(fileOf(media));
      const sent = await packetsOfFile(source);
      expect(sent.length).toBeGreaterThan(100);
      expect(differenceFromSent(received, sent)).toBeUndefined();
      const info = Program.start(process.execPath, [millraceCommand, 'info', fileOf(media)]);
      await info.succeed();
      expect(info.stdout).toContain('damage:     none');
      expect(await durationOfFile(fileOf(media))).toBeGreaterThan(3.5);
    },
  );

  it.for(['hevcOpus', 'av1Flac', 'multitrack'] as const)(
    '%s from FFmpeg 8: it reads the file as what it sent',
    async (media, test) => {
      requirePeer('ffmpeg', test);
      requirePeer('node-av', test);
      const source = await mediaFile(media);
      const sentFile = join(folder, `sent-${media}.flv`);
      const reference = await recordFromFfmpeg8({ source, name: media, settings, file: fileOf(media) }, sentFile);
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
    requirePeer('ffprobe', test);
    const source = await mediaFile('plain');
    const media = await readFile(source);
    const sent = new Set((await packetsOfFile(source)).map(({ hash }) => hash));
    const moments = Array.from({ length: rounds }, (_, round) => round);
    await inParallel(moments, async (round) => {
      // Two servers for one folder would complete each other's.
      const own = join(folder, `killed-${round}`);
      const server = await TestServer.start({ settings: [...settings, `media.dir=${own}`] });
      const parts = ['a', 'b'].map((name) => join(own, 'live', `${name}.flv.part`));
      const publishing = ['a', 'b'].map((name) => publishUntilKilled(server.rtmpUrl(name), media));
      // The head is 74 kB; behind it there is media.
      const hasMedia = (part: string): boolean => existsSync(part) && statSync(part).size > 80_000;
      await eventually('media is on the disk', () => parts.every(hasMedia));
      await pause(Math.random() * 400);
      server.program.signal('SIGKILL');
      await server.program.waitForExit();
      await Promise.all(publishing);
      expect((await packetsOfFile(parts[0] ?? '')).length).toBeGreaterThan(0);
    });
    const all = join(folder, 'killed');
    mkdirSync(join(all, 'live'), { recursive: true });
    for (const round of moments) {
      for (const name of ['a', 'b']) {
        const left = join(folder, `killed-${round}`, 'live', `${name}.flv.part`);
        renameSync(left, join(all, 'live', `${round}-${name}.flv.part`));
      }
    }
    const server = await TestServer.start({ settings: [...settings, `media.dir=${all}`] });
    const files = (): string[] => readdirSync(join(all, 'live'));
    await eventually('all are complete', () => !files().some((name) => name.endsWith('.part')));
    await server.stop();
    expect(files()).toHaveLength(rounds * 2);
    await inParallel(files(), async (name) => {
      const file = join(all, 'live', name);
      const packets = await packetsOfFile(file);
      expect(packets.length).toBeGreaterThan(5);
      expect(packets.filter(({ hash }) => !sent.has(hash))).toEqual([]);
      // A process for each would take longer than all the rest.
      if (!/[05]-a\.flv$/.test(name)) return;
      const info = Program.start(process.execPath, [millraceCommand, 'info', '--json', file]);
      await info.succeed();
      expect(JSON.parse(info.stdout)).toMatchObject({ damageCount: 0, wrongTrailers: 0 });
      expect(JSON.parse(info.stdout).statedDurationMs).toBeGreaterThan(0);
    });
  }, 180_000);
});

/** Ends when the server does. */
async function publishUntilKilled(url: string, media: Uint8Array): Promise<void> {
  const connection = await NetConnection.connect(url);
  try {
    const stream = await connection.createStream();
    await stream.publish(connection.url.streamName ?? '');
    await publishFlv(stream, media, { loop: true });
  } catch (error) {
    if (!(error instanceof RtmpConnectionError)) throw error;
  } finally {
    await connection.close();
  }
}

/** As many at a time as a small machine has room for. */
async function inParallel<Item>(items: readonly Item[], task: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await task(item);
  };
  await Promise.all(Array.from({ length: 3 }, work));
}
