import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { within } from './harness/deadline.js';
import { copyWithFfmpeg8, playedPackets, playedStreams, playWithFfmpeg8 } from './harness/ffmpeg8.js';
import { captureHttpFlv, differenceFromTail, mediaLines, tagsOf } from './harness/flv-capture.js';
import { type MediaName, mediaFile } from './harness/media.js';
import { differenceFromSent } from './harness/packets.js';
import { requirePeer } from './harness/peers.js';
import { TestServer } from './harness/server.js';

const cases: readonly { media: MediaName; codecs: readonly string[]; video: string; audio: string }[] = [
  { media: 'hevcOpus', codecs: ['hevc', 'opus'], video: 'HEVC', audio: 'Opus' },
  { media: 'av1Flac', codecs: ['av1', 'flac'], video: 'AV1', audio: 'FLAC' },
  { media: 'vp9Opus', codecs: ['vp9', 'opus'], video: 'VP9', audio: 'Opus' },
  { media: 'multitrack', codecs: ['h264', 'h264', 'aac', 'aac'], video: 'H.264', audio: 'AAC' },
];

describe('Enhanced RTMP from FFmpeg 8 (node-av)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-enhanced-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.for(cases)('$media: players over RTMP and HTTP-FLV get every packet', async (expected, test) => {
    requirePeer('ffmpeg', test);
    requirePeer('node-av', test);
    const source = await mediaFile(expected.media);
    // The same muxer writes a file and the RTMP stream, so the file says what is sent.
    const sentFile = join(folder, `${expected.media}.flv`);
    await copyWithFfmpeg8(source, sentFile, 'atOnce').succeed();
    const reference = playWithFfmpeg8(sentFile);
    await reference.succeed();
    const sent = playedPackets(reference);
    expect(
      playedStreams(reference)
        .map((stream) => stream.codec)
        .sort(),
    ).toEqual([...expected.codecs].sort());

    const server = await TestServer.start();
    const url = server.rtmpUrl('show');
    const early = playWithFfmpeg8(url);
    await server.connected(1);
    const publisher = copyWithFfmpeg8(source, url, 'realtime');
    const stream = await server.published('show', ({ video, audio }) => video !== null && audio !== null);
    const late = await captureHttpFlv(server.httpUrl('/live/show.flv'));
    expect(stream).toMatchObject({
      video: { codec: expected.video, width: 320, height: 180 },
      audio: { codec: expected.audio },
    });
    await publisher.succeed();
    await early.waitForExit();
    await within(10_000, 'the end over HTTP', late.ended);

    expect(playedStreams(early)).toEqual(playedStreams(reference));
    expect(differenceFromSent(playedPackets(early), sent)).toBeUndefined();
    expect(playedPackets(early)).toHaveLength(sent.length);

    const lateFile = join(folder, `${expected.media}-late.flv`);
    writeFileSync(lateFile, late.bytes());
    const lateCopy = playWithFfmpeg8(lateFile);
    await lateCopy.succeed();
    expect(playedStreams(lateCopy)).toEqual(playedStreams(reference));
    expect(differenceFromSent(playedPackets(lateCopy), sent)).toBeUndefined();
    const published = mediaLines(tagsOf(readFileSync(sentFile)));
    expect(differenceFromTail(mediaLines(late.tags), published)).toBeUndefined();
  });
});
