import { beforeAll, describe, expect, it } from 'vitest';
import { within } from './harness/deadline.js';
import { captureHttpFlv, captureWebSocketFlv, describeTag, tagsOf } from './harness/flv-capture.js';
import { mediaFile } from './harness/media.js';
import { startProbe } from './harness/packets.js';
import { findPeer, requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { TestServer } from './harness/server.js';

const beginning = ['metadata', 'video sequence header', 'audio sequence header', 'key frame'];

/** The order of the two sequence headers is the publisher's. */
function sortedBeginning(tags: readonly string[]): string[] {
  const [metadata = '', first = '', second = '', key = ''] = tags;
  return [metadata, ...[first, second].sort().reverse(), key];
}

describe('joining a stream that runs', () => {
  let server: TestServer;
  let publisher: Program;

  beforeAll(async () => {
    if (!findPeer('ffmpeg')) return;
    server = await TestServer.start();
    publisher = publishWithFfmpeg(await mediaFile('bFrames'), server.rtmpUrl('show'), { loop: true });
    // Past its first second: a whole group of pictures has gone by.
    await server.published('show', (stream) => stream.uptimeMs > 1_500 && stream.video !== null);
  });

  it('over RTMP starts with metadata, sequence headers and a key frame', async (test) => {
    requirePeer('ffmpeg', test);
    const rtmpdump = requirePeer('rtmpdump', test);
    const player = Program.start(rtmpdump, ['-q', '--live', '-r', server.rtmpUrl('show'), '-o', '-']);
    const tags = await player.waitFor('four FLV tags', () => {
      const received = tagsOf(player.stdoutBytes);
      return received.length >= 4 ? received : undefined;
    });
    expect(sortedBeginning(tags.map(describeTag))).toEqual(beginning);
  });

  it.for(['HTTP', 'WebSocket'])('over %s-FLV starts the same way', async (kind, test) => {
    requirePeer('ffmpeg', test);
    const capture =
      kind === 'HTTP'
        ? await captureHttpFlv(server.httpUrl('/live/show.flv'))
        : await captureWebSocketFlv(server.wsUrl('/live/show.flv'));
    await within(10_000, 'four FLV tags', capture.tagCount(4));
    capture.close();
    expect(sortedBeginning(capture.tags.map(describeTag))).toEqual(beginning);
  });

  it('counts its viewers by kind, and again when they leave', async (test) => {
    requirePeer('ffprobe', test);
    const players = [startProbe(server.rtmpUrl('show')), startProbe(server.rtmpUrl('show'))];
    const http = await captureHttpFlv(server.httpUrl('/live/show.flv'));
    const webSocket = await captureWebSocketFlv(server.wsUrl('/live/show.flv'));
    await server.published('show', ({ viewers }) => {
      return viewers.rtmp === 2 && viewers.httpFlv === 1 && viewers.wsFlv === 1 && viewers.total === 4;
    });
    for (const player of players) player.signal('SIGKILL');
    http.close();
    webSocket.close();
    await server.published('show', ({ viewers }) => viewers.total === 0);
  });

  it('is described by the API', async (test) => {
    requirePeer('ffmpeg', test);
    const stream = await server.published('show', ({ bitrateKbps }) => bitrateKbps > 0);
    expect(stream).toMatchObject({
      app: 'live',
      path: '/live/show',
      video: { codec: 'H.264', width: 320, height: 180 },
      audio: { codec: 'AAC', sampleRate: 48_000, channels: 1 },
      warnings: [],
    });
    expect(publisher.exit).toBeUndefined();
  });

  it('works for eight players at once, each from a key frame on', async (test) => {
    requirePeer('ffprobe', test);
    const captures = await Promise.all(
      Array.from({ length: 8 }, () => captureHttpFlv(server.httpUrl('/live/show.flv'))),
    );
    await within(10_000, 'sixty tags each', Promise.all(captures.map((capture) => capture.tagCount(60))));
    for (const capture of captures) {
      capture.close();
      expect(sortedBeginning(capture.tags.map(describeTag))).toEqual(beginning);
      const times = capture.tags.slice(3).map((tag) => tag.timestamp);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });
});
