import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './harness/deadline.js';
import { mediaFile } from './harness/media.js';
import { differenceFromSent, packetsOfFile, probedPackets, startProbe } from './harness/packets.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { TestServer } from './harness/server.js';

describe('publishers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-publishers-'));
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('GStreamer rtmp2sink: ffprobe gets the packets that the sink was given', async (test) => {
    requirePeer('ffprobe', test);
    const gst = requirePeer('gst-launch-1.0', test);
    const sentFile = join(folder, 'gstreamer-sent.flv');
    const before = (await server.info()).connections;
    const player = startProbe(server.rtmpUrl('gst'));
    await server.connected(before + 1);
    // A tee behind the muxer keeps exactly what goes to the sink: GStreamer rounds timestamps in its own way.
    const pipeline = [
      `filesrc location=${await mediaFile('bFrames')} ! flvdemux name=demux`,
      'demux.video ! queue ! h264parse ! identity sync=true ! mux.video',
      'demux.audio ! queue ! aacparse ! identity sync=true ! mux.audio',
      'flvmux name=mux streamable=true ! tee name=sent',
      `sent. ! queue ! filesink location=${sentFile}`,
      `sent. ! queue ! rtmp2sink location=${server.rtmpUrl('gst')}`,
    ].join(' ');
    const publisher = Program.start(gst, ['-q', ...pipeline.split(' ')]);
    await publisher.succeed();
    await player.waitForExit();
    const received = probedPackets(player);
    const sent = await packetsOfFile(sentFile);
    expect(sent.length).toBeGreaterThan(300);
    expect(differenceFromSent(received, sent)).toBeUndefined();
  });

  it('a killed publisher frees its name at once, its players are told, and the name can be published again', async (test) => {
    requirePeer('ffmpeg', test);
    const source = await mediaFile('plain');
    const url = server.rtmpUrl('killed');
    const first = publishWithFfmpeg(source, url, { loop: true });
    await server.published('killed');
    const player = startProbe(url);
    await player.waitFor('packet', () => (probedPackets(player).length > 0 ? true : undefined));
    first.signal('SIGKILL');
    await player.waitForExit(10_000);
    await server.gone('killed');
    const second = publishWithFfmpeg(source, url, { loop: true });
    await server.published('killed', (stream) => stream.uptimeMs < 5_000 && stream.bytesIn > 50_000);
    expect(second.exit).toBeUndefined();
  });

  it('a publisher that says goodbye frees its name, and its players end', async (test) => {
    requirePeer('ffmpeg', test);
    const url = server.rtmpUrl('goodbye');
    const publisher = publishWithFfmpeg(await mediaFile('plain'), url, { loop: true });
    await server.published('goodbye');
    const player = startProbe(url);
    await server.published('goodbye', (stream) => stream.viewers.rtmp === 1);
    publisher.signal('SIGINT');
    await player.waitForExit(10_000);
    await server.gone('goodbye');
  });

  it('a second publisher of a name is refused and the first goes on', async (test) => {
    requirePeer('ffmpeg', test);
    const source = await mediaFile('plain');
    const url = server.rtmpUrl('taken');
    const first = publishWithFfmpeg(source, url, { loop: true });
    const { bytesIn, publishedAt } = await server.published('taken');
    const second = publishWithFfmpeg(source, url, { loop: true });
    const exit = await second.waitForExit(10_000);
    expect(exit.code).not.toBe(0);
    await server.published(
      'taken',
      (stream) => stream.publishedAt === publishedAt && stream.bytesIn > bytesIn + 20_000,
    );
    expect(first.exit).toBeUndefined();
  });

  it('a client that went silent gets its name back on a new connection after the grace time', async (test) => {
    requirePeer('ffmpeg', test);
    const forgiving = await TestServer.start({ settings: ['publish.graceMs=300'] });
    const source = await mediaFile('plain');
    const url = forgiving.rtmpUrl('show');
    const first = publishWithFfmpeg(source, url, { loop: true });
    const { publishedAt } = await forgiving.published('show');
    // Stopped, not ended: its connection stays open, as after a power cut.
    first.signal('SIGSTOP');
    await eventually('the client is let in again', async () => {
      const again = publishWithFfmpeg(source, url, { loop: true });
      await eventually('accepted or refused', async () => {
        const stream = await forgiving.stream('show');
        return again.exit !== undefined || (stream !== undefined && stream.publishedAt > publishedAt);
      });
      return again.exit === undefined;
    });
    await forgiving.published('show', (stream) => stream.publishedAt > publishedAt && stream.bytesIn > 20_000);
    first.signal('SIGKILL');
  });

  it('with publish.takeover=replace the second publisher takes over', async (test) => {
    requirePeer('ffmpeg', test);
    const replacing = await TestServer.start({ settings: ['publish.takeover=replace'] });
    const source = await mediaFile('plain');
    const url = replacing.rtmpUrl('show');
    const first = publishWithFfmpeg(source, url, { loop: true });
    const { publishedAt } = await replacing.published('show');
    const second = publishWithFfmpeg(source, url, { loop: true });
    await first.waitForExit(10_000);
    await replacing.published('show', (stream) => stream.publishedAt > publishedAt && stream.bytesIn > 20_000);
    expect(second.exit).toBeUndefined();
  });

  it('publishes and plays several names side by side', async (test) => {
    requirePeer('ffmpeg', test);
    const source = await mediaFile('plain');
    const sent = await packetsOfFile(source);
    const names = ['one', 'two', 'three'];
    const before = (await server.info()).connections;
    const players = names.map((name) => startProbe(server.rtmpUrl(name)));
    await server.connected(before + names.length);
    const publishers = names.map((name) => publishWithFfmpeg(source, server.rtmpUrl(name)));
    await Promise.all(publishers.map((publisher) => publisher.succeed()));
    await Promise.all(players.map((player) => player.waitForExit()));
    for (const player of players) expect(differenceFromSent(probedPackets(player), sent)).toBeUndefined();
  });
});
