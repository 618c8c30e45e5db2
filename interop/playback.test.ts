import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { within } from './harness/deadline.js';
import {
  captureHttpFlv,
  captureWebSocketFlv,
  differenceFromTail,
  type FlvCapture,
  mediaLines,
  tagsOf,
} from './harness/flv-capture.js';
import { type MediaName, mediaFile } from './harness/media.js';
import {
  differenceFromSent,
  hashedPackets,
  hashingPlayerArgs,
  only,
  type Packet,
  packetsOfFile,
  probedPackets,
  startProbe,
} from './harness/packets.js';
import { findPeer, requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { TestServer } from './harness/server.js';

// One publication per medium with every player at once: four RTMP players that wait before it begins, and four
// over HTTP and WebSocket that join when it runs. Each player's result is a test of its own.
const media: readonly MediaName[] = ['plain', 'bFrames', 'videoOnly', 'audioOnly'];

describe.each(media)('what ffmpeg publishes (%s) reaches', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-playback-'));
  const file = (base: string): string => join(folder, base);
  const players = new Map<string, Program>();
  let server: TestServer;
  let source: string;
  let sent: Packet[];
  let http: FlvCapture;
  let webSocket: FlvCapture;
  let publisher: Program;

  function startPlayer(peer: 'ffmpeg' | 'ffprobe' | 'rtmpdump' | 'gst-launch-1.0', as: string, args: string[]): void {
    const path = findPeer(peer);
    if (path) players.set(as, Program.start(path, args));
  }

  beforeAll(async () => {
    if (!findPeer('ffmpeg')) return;
    source = await mediaFile(name);
    sent = await packetsOfFile(source);
    server = await TestServer.start();
    const url = server.rtmpUrl('show');
    startPlayer('ffmpeg', 'ffmpeg', hashingPlayerArgs(url));
    players.set('ffprobe', startProbe(url));
    startPlayer('rtmpdump', 'rtmpdump', ['-q', '--live', '-r', url, '-o', file('rtmpdump.flv')]);
    startPlayer('gst-launch-1.0', 'gstreamer', [
      ...['-q', 'rtmp2src', `location=${url}`, '!', 'filesink', `location=${file('gstreamer.flv')}`],
    ]);
    await server.connected(players.size);
    publisher = publishWithFfmpeg(source, url);
    await server.published('show');
    http = await captureHttpFlv(server.httpUrl('/live/show.flv'));
    webSocket = await captureWebSocketFlv(server.wsUrl('/live/show.flv'));
    startPlayer('ffmpeg', 'ffmpeg over HTTP', hashingPlayerArgs(server.httpUrl('/live/show.flv')));
    players.set('ffprobe over HTTP', startProbe(server.httpUrl('/live/show.flv')));
    await publisher.succeed();
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function ended(as: string): Promise<Program> {
    const player = players.get(as);
    if (!player) throw new Error(`${as} was not started`);
    await player.waitForExit(15_000);
    return player;
  }

  /** ffmpeg interleaves anew what it copies, so its output is compared stream by stream. */
  function expectEachStream(received: readonly Packet[]): void {
    for (const kind of new Set(sent.map((packet) => packet.media))) {
      const expected = only(kind, sent);
      const got = only(kind, received);
      const start = expected.findIndex((packet) => packet.hash === got[0]?.hash && packet.dts === got[0]?.dts);
      expect(start, `${kind} begins with a packet that was sent`).toBeGreaterThanOrEqual(0);
      expect(differenceFromSent(got, expected.slice(start))).toBeUndefined();
    }
  }

  it('ffmpeg over RTMP, waiting before the start', async (test) => {
    requirePeer('ffmpeg', test);
    const player = await ended('ffmpeg');
    const received = hashedPackets(player.stdout);
    expectEachStream(received);
    expect(received).toHaveLength(sent.length);
  });

  it('ffprobe over RTMP, waiting before the start, in the order sent', async (test) => {
    requirePeer('ffprobe', test);
    const received = probedPackets(await ended('ffprobe'));
    expect(differenceFromSent(received, sent)).toBeUndefined();
    expect(received).toHaveLength(sent.length);
  });

  it('rtmpdump, waiting before the start', async (test) => {
    requirePeer('rtmpdump', test);
    await ended('rtmpdump');
    const received = await packetsOfFile(file('rtmpdump.flv'));
    expect(differenceFromSent(received, sent)).toBeUndefined();
    expect(received).toHaveLength(sent.length);
  });

  it('GStreamer rtmp2src, waiting before the start', async (test) => {
    requirePeer('gst-launch-1.0', test);
    await ended('gstreamer');
    const received = await packetsOfFile(file('gstreamer.flv'));
    // rtmp2src (1.22) hands packets on one by one from another thread, and drops the one that still waits when it is
    // told of the end: the last packet may be missing.
    expect(received.length).toBeGreaterThanOrEqual(sent.length - 1);
    expect(differenceFromSent(received, sent.slice(0, received.length))).toBeUndefined();
  });

  it('ffmpeg over HTTP-FLV, joining late', async (test) => {
    requirePeer('ffmpeg', test);
    const player = await ended('ffmpeg over HTTP');
    expect(player.exit).toEqual({ code: 0, signal: null });
    expectEachStream(hashedPackets(player.stdout));
  });

  it('ffprobe over HTTP-FLV, joining late, in the order sent', async (test) => {
    requirePeer('ffprobe', test);
    expect(differenceFromSent(probedPackets(await ended('ffprobe over HTTP')), sent)).toBeUndefined();
  });

  it.for(['HTTP', 'WebSocket'])('an FLV reader over %s, byte for byte', async (kind, test) => {
    requirePeer('ffmpeg', test);
    const capture = kind === 'HTTP' ? http : webSocket;
    await within(15_000, 'the end of the stream', capture.ended);
    expect(differenceFromTail(mediaLines(capture.tags), mediaLines(tagsOf(readFileSync(source))))).toBeUndefined();
    const copy = file(`${kind}.flv`);
    writeFileSync(copy, capture.bytes());
    expect(differenceFromSent(await packetsOfFile(copy), sent)).toBeUndefined();
  });
});
