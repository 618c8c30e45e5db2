import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './harness/deadline.js';
import { copyWithFfmpeg8, playedPackets, playedStreams, playWithFfmpeg8, type StreamLine } from './harness/ffmpeg8.js';
import { type MediaName, mediaFile } from './harness/media.js';
import { hashedPackets, hashingPlayerArgs, only, type Packet, packetsOfFile } from './harness/packets.js';
import { findPeer, requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { TestServer } from './harness/server.js';

/** How ffmpeg writes the same packets, 6 s of H.264 with B-frames and AAC, a key frame each second. */
const ways: readonly { file: string; args: readonly string[] }[] = [
  { file: 'plain.mp4', args: [] },
  { file: 'fast.mp4', args: ['-movflags', '+faststart'] },
  { file: 'negative.mp4', args: ['-movflags', '+negative_cts_offsets'] },
  { file: 'fragments.mp4', args: ['-movflags', 'frag_keyframe+empty_moov'] },
  { file: 'cmaf.mp4', args: ['-movflags', 'frag_keyframe+empty_moov+default_base_moof+delay_moov'] },
  { file: 'film.f4v', args: ['-f', 'f4v'] },
  { file: 'quick.mp4', args: ['-f', 'mov'] },
];

/**
 * What differs between what was played and what is in the file: times may differ by as much for all packets of both
 * tracks, for a stream begins with 0, and by a millisecond of rounding.
 */
function difference(played: readonly Packet[], file: readonly Packet[]): string | undefined {
  const shifts: number[] = [];
  for (const media of ['video', 'audio']) {
    const [got, wanted] = [only(media, played), only(media, file)];
    // What is cut off at the end by an edit list FFmpeg may leave out.
    const more = got.length - wanted.length;
    if (more < 0 || more > 1) return `${got.length} packets of ${media} and not ${wanted.length}`;
    for (const [i, packet] of got.entries()) {
      const other = wanted[i];
      if (i >= wanted.length) continue;
      if (packet.hash !== other?.hash) return `${media} packet ${i} has other bytes`;
      if (packet.isKey !== undefined && packet.isKey !== other.isKey) return `${media} packet ${i} is marked otherwise`;
      shifts.push(packet.dts - other.dts, packet.pts - other.pts);
    }
  }
  const spread = Math.max(...shifts) - Math.min(...shifts);
  return spread <= 1 ? undefined : `times are apart by ${spread} ms`;
}

/** Whatever ends before 99.9 % of the duration it calls incomplete: the last frame of a short film is longer than that. */
async function dump(path: string, args: readonly string[]): Promise<void> {
  const { code } = await Program.start(path, ['-q', ...args]).waitForExit(15_000);
  expect([0, 2]).toContain(code);
}

describe('an MP4 file is played by', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-mp4-'));
  const media = (name: string): string => join(folder, 'media/live', name);
  let server: TestServer;

  beforeAll(async () => {
    mkdirSync(join(folder, 'media/live'), { recursive: true });
    server = await TestServer.start({ settings: [`media.dir=${join(folder, 'media')}`] });
    if (findPeer('ffmpeg') === undefined) return;
    const source = await mediaFile('bFrames');
    for (const { file, args } of ways) {
      await Program.start('ffmpeg', ['-v', 'error', '-i', source, '-c', 'copy', ...args, media(file)]).succeed();
    }
    writeFileSync(media('torn.mp4'), readFileSync(media('cmaf.mp4')));
    truncateSync(media('torn.mp4'), readFileSync(media('cmaf.mp4')).length - 20_000);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.for(ways)('rtmpdump: $file', async ({ file }, test) => {
    requirePeer('ffprobe', test);
    const copy = join(folder, `${file}.flv`);
    await dump(requirePeer('rtmpdump', test), ['-r', server.rtmpUrl(file), '-o', copy]);
    const played = await packetsOfFile(copy);
    expect(difference(played, await packetsOfFile(media(file)))).toBeUndefined();
    expect(Math.min(...played.map(({ dts }) => dts))).toBe(0);
  });

  it.for(['plain.mp4', 'cmaf.mp4', 'film.f4v'])('ffmpeg: %s', async (file, test) => {
    const ffmpeg = Program.start(requirePeer('ffmpeg', test), hashingPlayerArgs(server.rtmpUrl(`mp4:${file}`)));
    await ffmpeg.succeed();
    expect(difference(hashedPackets(ffmpeg.stdout), await packetsOfFile(media(file)))).toBeUndefined();
  });

  it('ffmpeg by a name without a format, and as far as it is sound', async (test) => {
    const path = requirePeer('ffmpeg', test);
    const whole = only('video', await packetsOfFile(media('cmaf.mp4')));
    const hashes: string[][] = [];
    for (const name of ['cmaf', 'mp4:torn']) {
      const ffmpeg = Program.start(path, hashingPlayerArgs(server.rtmpUrl(name)));
      await ffmpeg.succeed();
      hashes.push(only('video', hashedPackets(ffmpeg.stdout)).map(({ hash }) => hash));
    }
    expect(hashes[0]).toEqual(whole.map(({ hash }) => hash));
    expect(hashes[1]?.length).toBeGreaterThan(100);
    expect(hashes[0]?.slice(0, hashes[1]?.length)).toEqual(hashes[1]);
    expect(hashes[1]?.length).toBeLessThan(hashes[0]?.length ?? 0);
  });

  it.for(['plain.mp4', 'cmaf.mp4'])(
    'ffmpeg from a place that it seeks, with the right frames: %s',
    async (name, test) => {
      const path = requirePeer('ffmpeg', test);
      const frames = async (input: string, seek: readonly string[]): Promise<string[]> => {
        const args = ['-v', 'error', ...seek, '-i', input, '-an', '-f', 'framehash', '-hash', 'md5', '-'];
        const ffmpeg = Program.start(path, args);
        await ffmpeg.succeed();
        return hashedPackets(ffmpeg.stdout).map(({ hash }) => hash);
      };
      const all = await frames(media(name), []);
      const fromPlace = await frames(server.rtmpUrl(name), ['-ss', '4']);
      // To the place, or a frame beside it: the stream begins when the first frame is decoded, not when it is shown.
      expect(fromPlace.length).toBeGreaterThanOrEqual(57);
      expect(fromPlace.length).toBeLessThanOrEqual(63);
      expect(all.slice(-fromPlace.length)).toEqual(fromPlace);
    },
  );

  it('rtmpdump from a place to a place', async (test) => {
    requirePeer('ffprobe', test);
    const path = requirePeer('rtmpdump', test);
    const copy = join(folder, 'part.flv');
    const whole = join(folder, 'whole.flv');
    await dump(path, ['-r', server.rtmpUrl('mp4:fast'), '-o', whole]);
    await dump(path, ['-r', server.rtmpUrl('mp4:fast'), '-A', '3', '-B', '5', '-o', copy]);
    const video = only('video', await packetsOfFile(copy));
    const wanted = only('video', await packetsOfFile(whole)).filter(({ dts }) => dts >= 3000 && dts < 5000);
    expect(video.slice(-wanted.length).map(({ hash, dts }) => [hash, dts])).toEqual(
      wanted.map(({ hash, dts }) => [hash, dts]),
    );
    expect(video[0]?.isKey).toBe(true);
  });

  it('rtmpdump, which resumes what was cut off', async (test) => {
    const path = requirePeer('rtmpdump', test);
    const copy = join(folder, 'resumed.flv');
    await dump(path, ['-r', server.rtmpUrl('mp4:fast'), '-o', copy]);
    const complete = readFileSync(copy);
    let end = 13;
    while (end < complete.length / 2) end += 15 + complete.readUIntBE(end + 1, 3);
    writeFileSync(copy, complete.subarray(0, end));
    await dump(path, ['-e', '-r', server.rtmpUrl('mp4:fast'), '-o', copy]);
    expect(readFileSync(copy).equals(complete)).toBe(true);
  });

  it('rtmpdump, where it was recorded as MP4 under that name', async (test) => {
    requirePeer('ffmpeg', test);
    const path = requirePeer('rtmpdump', test);
    const mediaDir = join(folder, 'recorded');
    const settings = [`media.dir=${mediaDir}`, 'record.streams=live/*', 'record.file={app}/{name}.mp4'];
    const recorder = await TestServer.start({ settings });
    const source = await mediaFile('bFrames');
    await publishWithFfmpeg(source, recorder.rtmpUrl('show')).succeed();
    await eventually('the recording is complete', () => existsSync(join(mediaDir, 'live/show.mp4')));
    const copy = join(folder, 'recorded.flv');
    await dump(path, ['-r', recorder.rtmpUrl('show'), '-o', copy]);
    expect(difference(await packetsOfFile(copy), await packetsOfFile(source))).toBeUndefined();
  });

  it('GStreamer', async (test) => {
    const path = requirePeer('gst-launch-1.0', test);
    const copy = join(folder, 'gstreamer.flv');
    const source = `rtmp2src location=${server.rtmpUrl('mp4:fast')}`;
    await Program.start(path, ['-q', ...source.split(' '), '!', 'filesink', `location=${copy}`]).succeed();
    expect(difference(await packetsOfFile(copy), await packetsOfFile(media('fast.mp4')))).toBeUndefined();
  });

  // FFmpeg writes FLAC's configuration without its head, and VP9's with that of its box; it reads the others, too.
  const isSame = ['hevc', 'opus', 'av1'];
  const codecs: readonly { media: MediaName; names: readonly string[] }[] = [
    { media: 'hevcOpus', names: ['hevc', 'opus'] },
    { media: 'av1Flac', names: ['av1', 'flac'] },
    { media: 'vp9Opus', names: ['vp9', 'opus'] },
  ];

  it.for(codecs)('FFmpeg 8: $media', async ({ media: name, names }, test) => {
    requirePeer('ffmpeg', test);
    requirePeer('node-av', test);
    const source = await mediaFile(name);
    writeFileSync(media(`${name}.mp4`), readFileSync(source));
    const reference = playWithFfmpeg8(source);
    await reference.succeed();
    const player = playWithFfmpeg8(server.rtmpUrl(`mp4:${name}`));
    await player.succeed();
    expect(playedStreams(player).map(({ codec }) => codec)).toEqual(names);
    // Configurations as FFmpeg itself writes them into FLV.
    const flv = join(folder, `${name}.flv`);
    await copyWithFfmpeg8(source, flv, 'atOnce').succeed();
    const copied = playWithFfmpeg8(flv);
    await copied.succeed();
    const configurations = (streams: readonly StreamLine[]) => streams.filter(({ codec }) => isSame.includes(codec));
    expect(configurations(playedStreams(player))).toEqual(configurations(playedStreams(copied)));
    expect(difference(playedPackets(player), playedPackets(reference))).toBeUndefined();
  });
});
