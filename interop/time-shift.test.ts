import { beforeAll, describe, expect, it } from 'vitest';
import { mediaFile } from './harness/media.js';
import { hashedPackets, type Packet, packetsOfFile, probedPackets, startProbe } from './harness/packets.js';
import { findPeer, requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { TestServer } from './harness/server.js';

/** By kind of media: each has its order, and how they are mixed is another's business. */
function hashesOf(packets: readonly Packet[], media: string): string[] {
  return packets.filter((packet) => packet.media === media).map(({ hash }) => hash);
}

describe('a live stream with a window', () => {
  let server: TestServer;
  let source: readonly Packet[];

  beforeAll(async () => {
    if (!findPeer('ffmpeg')) return;
    const file = await mediaFile('bFrames');
    source = await packetsOfFile(file);
    server = await TestServer.start({ settings: ['dvr.streams=live/show', 'dvr.segmentMs=1000'] });
    publishWithFfmpeg(file, server.rtmpUrl('show'), { loop: true });
    await server.published('show', ({ dvr }) => dvr !== null && dvr.toMs > 4000);
  });

  /** What `probe` has seen of the source's first round: from the key frame at 2 s on, nothing left out, nothing twice. */
  async function expectFromSecondTwo(probe: Program): Promise<void> {
    const packets = await probe.waitFor('eight seconds', () => {
      const seen = probedPackets(probe);
      return seen.length > 0 && Math.max(...seen.map(({ dts }) => dts)) > 10_000 ? seen : undefined;
    });
    probe.signal('SIGKILL');
    for (const media of ['video', 'audio']) {
      const seen = hashesOf(packets, media);
      const round = hashesOf(source, media);
      const first = round.indexOf(seen[0] ?? '');
      const dts = packets.find((packet) => packet.media === media)?.dts ?? 0;
      expect(Math.abs(dts - 2000), media).toBeLessThan(100);
      expect(seen.length, media).toBeGreaterThan(round.length);
      const expected = [...round, ...round, ...round].slice(first, first + seen.length);
      // The last may still have been on its way through the pipe.
      expect(seen.slice(0, -1), media).toEqual(expected.slice(0, -1));
    }
  }

  it('is read from a place in it, and on to live, over HTTP-FLV', async (test) => {
    requirePeer('ffprobe', test);
    await expectFromSecondTwo(startProbe(server.httpUrl('/live/show.flv?start=2.5')));
  });

  it('begins as many seconds ago as is wanted', async (test) => {
    requirePeer('ffprobe', test);
    const { dvr } = await server.published('show', (stream) => stream.dvr !== null);
    const probe = startProbe(server.httpUrl('/live/show.flv?start=-3'));
    const [first] = await probe.waitFor('a packet', () => {
      const seen = probedPackets(probe);
      return seen.length > 0 ? seen : undefined;
    });
    probe.signal('SIGKILL');
    const behindMs = (dvr?.toMs ?? 0) - (first?.dts ?? 0);
    expect(behindMs).toBeGreaterThan(1000);
    expect(behindMs).toBeLessThan(4500);
  });

  it('is sought in by ffmpeg over RTMP, and goes on live', async (test) => {
    const ffmpeg = requirePeer('ffmpeg', test);
    const player = Program.start(ffmpeg, [
      ...['-v', 'error', '-seek_timestamp', '1', '-ss', '2.6', '-i', server.rtmpUrl('show')],
      ...['-map', '0:v', '-c', 'copy', '-t', '8', '-f', 'framehash', '-hash', 'md5', '-'],
    ]);
    await player.succeed();
    const seen = hashedPackets(player.stdout).map(({ hash }) => hash);
    const round = hashesOf(source, 'video');
    const keyFrame = source.find(({ media, isKey, dts }) => media === 'video' && isKey === true && dts >= 1900);
    const first = round.indexOf(keyFrame?.hash ?? '');
    expect(seen.length).toBeGreaterThan(240);
    expect(seen).toEqual([...round, ...round, ...round].slice(first, first + seen.length));
  });
});
