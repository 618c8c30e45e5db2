import type { AmfInput } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aacFrame,
  aacHeader,
  audioPackets,
  avcHeader,
  avcInter,
  avcKey,
  exAudio,
  exAudioTracks,
  exVideo,
  exVideoNanos,
  exVideoTracks,
  frameTypes,
  multitrack,
  videoPackets,
} from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { dataMessage, type MediaMessage, mediaOf, settle, TestPublisher } from './wire/test-publisher.js';
import { bytes, pattern } from './wire/wire-bytes.js';

const { key, inter, command } = frameTypes;
const { sequenceStart, codedFrames, codedFramesX, sequenceEnd, metadata } = videoPackets;

let server: TestServer;
let names = 0;
beforeAll(async () => {
  server = await startTestServer(['live.maxWindowMs=0']);
});
afterAll(() => server.close());

function publish(on = server): Promise<TestPublisher> {
  names += 1;
  return TestPublisher.open(on, `late-${names}`);
}

/** What a player that joins now is given at once; the publisher sends nothing meanwhile. */
async function joinNow(publisher: TestPublisher, on = server): Promise<MediaMessage[]> {
  await publisher.client.barrier();
  const player = await on.connected();
  await player.play(`late-${names}`);
  await player.barrier();
  const media = mediaOf(player);
  player.destroy();
  return media;
}

function at(timestamp: number, ...messages: readonly MediaMessage[]): MediaMessage[] {
  return messages.map((message) => ({ ...message, timestamp }));
}

const setMetadata = (publisher: TestPublisher, values: AmfInput): MediaMessage =>
  publisher.data(0, '@setDataFrame', 'onMetaData', values);

describe('a late joiner gets at once', () => {
  it('metadata, sequence headers and everything from the key frame on', async () => {
    const publisher = await publish();
    setMetadata(publisher, { width: 640 });
    const video = publisher.video(0, avcHeader());
    const audio = publisher.audio(0, aacHeader());
    for (let i = 0; i < 10; i += 1) {
      publisher.video(i * 40, i % 4 === 0 ? avcKey(i) : avcInter(i));
      publisher.audio(i * 40 + 5, aacFrame(i));
    }
    const fromKey = publisher.sent.slice(-4);
    expect(await joinNow(publisher)).toEqual([
      dataMessage(0, 'onMetaData', { width: 640 }),
      ...at(320, video, audio),
      ...fromKey,
    ]);
  });

  it('the newest metadata and headers', async () => {
    const publisher = await publish();
    setMetadata(publisher, { width: 1 });
    publisher.video(0, avcHeader(1));
    publisher.audio(0, aacHeader());
    publisher.video(0, avcKey(1));
    setMetadata(publisher, { width: 2 });
    const video = publisher.video(40, avcHeader(2));
    const audio = publisher.audio(40, aacHeader([0x12, 0x10]));
    const start = publisher.video(40, avcKey(2));
    expect(await joinNow(publisher)).toEqual([
      dataMessage(0, 'onMetaData', { width: 2 }),
      ...at(40, video, audio),
      start,
    ]);
  });

  it('the headers that its key frame needs, where newer ones came after the key frame', async () => {
    const publisher = await publish();
    setMetadata(publisher, { width: 1 });
    const video = publisher.video(0, avcHeader(1));
    const audio = publisher.audio(0, aacHeader());
    publisher.video(0, avcKey(0));
    const start = publisher.video(40, avcKey(1));
    publisher.audio(45, aacFrame(1));
    setMetadata(publisher, { width: 2 });
    publisher.audio(60, aacHeader([0x12, 0x10]));
    publisher.audio(65, aacFrame(2));
    publisher.video(80, avcHeader(2));
    publisher.video(80, avcHeader(3));
    const media = await joinNow(publisher);
    expect(media.slice(0, 4)).toEqual([dataMessage(0, 'onMetaData', { width: 1 }), ...at(40, video, audio), start]);
    expect(media.slice(5)).toEqual([dataMessage(0, 'onMetaData', { width: 2 }), ...publisher.sent.slice(-4)]);
    const next = publisher.video(120, avcKey(2));
    expect(await joinNow(publisher)).toEqual([
      dataMessage(0, 'onMetaData', { width: 2 }),
      ...at(120, { ...audio, payload: aacHeader([0x12, 0x10]) }, { ...video, payload: avcHeader(3) }),
      next,
    ]);
  });

  it('no metadata after @clearDataFrame, and nothing else is cleared', async () => {
    const publisher = await publish();
    setMetadata(publisher, { width: 1 });
    publisher.data(0, '@setDataFrame', 'onOther', { a: 1 });
    publisher.data(0, '@clearDataFrame', 'onMetaData');
    const start = publisher.video(40, avcKey(1));
    expect(await joinNow(publisher)).toEqual([dataMessage(0, 'onOther', { a: 1 }), start]);
    setMetadata(publisher, { width: 2 });
    publisher.video(80, avcKey(2));
    expect((await joinNow(publisher)).map(({ type }) => type)).toEqual([18, 18, 9]);
  });

  it('metadata that was sent without @setDataFrame', async () => {
    const publisher = await publish();
    publisher.data(0, 'onMetaData', { width: 3 });
    publisher.data(0, 'onTextData', { text: 'not kept' });
    const start = publisher.video(40, avcKey(1));
    expect(await joinNow(publisher)).toEqual([dataMessage(0, 'onMetaData', { width: 3 }), start]);
  });

  it('metadata and header of an audio stream, before the next frame comes', async () => {
    const publisher = await publish();
    setMetadata(publisher, { audiocodecid: 10 });
    const header = publisher.audio(0, aacHeader());
    for (let i = 0; i < 5; i += 1) publisher.audio(i * 20, aacFrame(i));
    expect(await joinNow(publisher)).toEqual([dataMessage(0, 'onMetaData', { audiocodecid: 10 }), ...at(80, header)]);
  });

  it('metadata of a stream of data alone', async () => {
    const publisher = await publish();
    setMetadata(publisher, { title: 'x' });
    publisher.data(10, 'onTextData', { text: 'gone' });
    expect(await joinNow(publisher)).toEqual([dataMessage(0, 'onMetaData', { title: 'x' })]);
  });

  it('metadata and headers where no key frame has come yet', async () => {
    const publisher = await publish();
    setMetadata(publisher, { width: 1 });
    const header = publisher.video(0, avcHeader());
    expect(await joinNow(publisher)).toEqual([dataMessage(0, 'onMetaData', { width: 1 }), header]);
  });

  it('what it got at the beginning only once', async () => {
    const publisher = await publish();
    setMetadata(publisher, { width: 1 });
    publisher.audio(0, aacHeader());
    publisher.audio(20, aacFrame(1));
    await publisher.client.barrier();
    const player = await server.connected();
    await player.play(`late-${names}`);
    await player.barrier();
    const next = publisher.audio(40, aacFrame(2));
    await settle(publisher, player);
    expect(mediaOf(player)).toHaveLength(3);
    expect(mediaOf(player).at(-1)).toEqual(next);
  });

  it('video without key frames where it stands', async () => {
    const publisher = await publish();
    publisher.video(0, avcHeader());
    publisher.video(0, avcInter(1));
    await publisher.client.barrier();
    const player = await server.connected();
    await player.play(`late-${names}`);
    const next = publisher.video(40, avcInter(2));
    await settle(publisher, player);
    expect(mediaOf(player).map(({ payload }) => payload)).toEqual([avcHeader(), next.payload]);
  });

  it('the key frame at which the end of a sequence, a command and an empty message came between', async () => {
    const publisher = await publish();
    const header = publisher.video(0, avcHeader());
    const start = publisher.video(10, avcKey(1));
    const rest = [
      publisher.video(20, bytes(0x57, 0)),
      publisher.video(30, new Uint8Array(0)),
      publisher.video(40, bytes(0x17, 2, 0, 0, 0)),
      publisher.video(50, exVideo(key, sequenceEnd, 'hvc1', new Uint8Array(0))),
      publisher.video(60, bytes(0x80 | (command << 4), 1)),
    ];
    expect(await joinNow(publisher)).toEqual([...at(10, header), start, ...rest]);
  });
});

describe('a late joiner of Enhanced RTMP gets', () => {
  it.each(['hvc1', 'av01', 'vp09', 'vp08', 'avc1', 'vvc1'])('the sequence start of %s', async (fourCc) => {
    const publisher = await publish();
    const header = publisher.video(0, exVideo(key, sequenceStart, fourCc, pattern(30)));
    publisher.video(0, exVideo(key, codedFramesX, fourCc, pattern(90, 1)));
    publisher.video(40, exVideo(inter, codedFramesX, fourCc, pattern(90, 2)));
    const start = publisher.video(80, exVideo(key, codedFrames, fourCc, pattern(90, 3)));
    const last = publisher.video(120, exVideo(inter, codedFrames, fourCc, pattern(90, 4)));
    expect(await joinNow(publisher)).toEqual([...at(80, header), start, last]);
  });

  it.each(['Opus', 'fLaC', 'ac-3', 'ec-3', 'mp4a', '.mp3'])('the sequence start of %s', async (fourCc) => {
    const publisher = await publish();
    const header = publisher.audio(0, exAudio(audioPackets.sequenceStart, fourCc, pattern(30)));
    publisher.audio(20, exAudio(audioPackets.codedFrames, fourCc, pattern(90, 1)));
    expect(await joinNow(publisher)).toEqual(at(20, header));
  });

  it('the multichannel configuration', async () => {
    const publisher = await publish();
    const header = publisher.audio(0, exAudio(audioPackets.sequenceStart, 'Opus', pattern(19)));
    const channels = publisher.audio(0, exAudio(audioPackets.multichannelConfig, 'Opus', bytes(1, 6, 0, 0, 0, 0x3f)));
    publisher.audio(20, exAudio(audioPackets.codedFrames, 'Opus', pattern(90, 1)));
    expect(await joinNow(publisher)).toEqual(at(20, header, channels));
  });

  it('video metadata (HDR)', async () => {
    const publisher = await publish();
    const header = publisher.video(0, exVideo(key, sequenceStart, 'hvc1', pattern(30)));
    const colour = publisher.video(0, exVideo(command, metadata, 'hvc1', pattern(40)));
    const start = publisher.video(80, exVideo(key, codedFrames, 'hvc1', pattern(90, 3)));
    expect(await joinNow(publisher)).toEqual([...at(80, header, colour), start]);
  });

  it('headers and key frames behind ModEx', async () => {
    const publisher = await publish();
    const header = publisher.video(0, exVideoNanos(key, sequenceStart, 'av01', pattern(30)));
    publisher.video(0, exVideoNanos(key, codedFrames, 'av01', pattern(90, 1)));
    const start = publisher.video(40, exVideoNanos(key, codedFrames, 'av01', pattern(90, 2), 999_999));
    const last = publisher.video(80, exVideoNanos(inter, codedFrames, 'av01', pattern(90, 3)));
    expect(await joinNow(publisher)).toEqual([...at(40, header), start, last]);
  });

  it.each([
    ['one message for all tracks', multitrack.many],
    ['one message for all tracks of several codecs', multitrack.manyCodecs],
  ])('every track of %s', async (_title, kind) => {
    const publisher = await publish();
    const tracks = (seed: number) => [
      { id: 0, body: pattern(30, seed), fourCc: 'hvc1' },
      { id: 1, body: pattern(20, seed + 1), fourCc: 'av01' },
      { id: 7, body: pattern(25, seed + 2), fourCc: 'vp09' },
    ];
    const header = publisher.video(0, exVideoTracks(key, sequenceStart, kind, 'hvc1', tracks(1)));
    publisher.video(0, exVideoTracks(key, codedFrames, kind, 'hvc1', tracks(5)));
    const start = publisher.video(40, exVideoTracks(key, codedFrames, kind, 'hvc1', tracks(10)));
    const last = publisher.video(80, exVideoTracks(inter, codedFrames, kind, 'hvc1', tracks(20)));
    expect(await joinNow(publisher)).toEqual([...at(40, header), start, last]);
  });

  it('every track of messages of one track each, from the first of its key frames on', async () => {
    const publisher = await publish();
    const one = (frameType: number, packet: number, id: number, seed: number): Uint8Array =>
      exVideoTracks(frameType, packet, multitrack.one, 'av01', [{ id, body: pattern(40, seed) }]);
    const headers = [0, 1, 2].map((id) => publisher.video(0, one(key, sequenceStart, id, id)));
    for (const id of [0, 1, 2]) publisher.video(0, one(key, codedFrames, id, 10 + id));
    for (const id of [0, 1, 2]) publisher.video(40, one(inter, codedFrames, id, 20 + id));
    const rest = [
      ...[0, 1, 2].map((id) => publisher.video(80, one(key, codedFrames, id, 30 + id))),
      ...[0, 1, 2].map((id) => publisher.video(120, one(inter, codedFrames, id, 40 + id))),
    ];
    expect(await joinNow(publisher)).toEqual([...at(80, ...headers), ...rest]);
  });

  it('the key frame of the default track where other tracks have theirs at other times', async () => {
    const publisher = await publish();
    const one = (frameType: number, packet: number, id: number, seed: number): Uint8Array =>
      id === 0
        ? exVideo(frameType, packet, 'av01', pattern(40, seed))
        : exVideoTracks(frameType, packet, multitrack.one, 'av01', [{ id, body: pattern(40, seed) }]);
    const headers = [0, 1].map((id) => publisher.video(0, one(key, sequenceStart, id, id)));
    const rest = [
      publisher.video(0, one(key, codedFrames, 0, 1)),
      publisher.video(0, one(inter, codedFrames, 1, 2)),
      publisher.video(40, one(inter, codedFrames, 0, 3)),
      publisher.video(40, one(key, codedFrames, 1, 4)),
      publisher.video(80, one(inter, codedFrames, 0, 5)),
      publisher.video(80, one(inter, codedFrames, 1, 6)),
    ];
    expect(await joinNow(publisher)).toEqual([...at(0, ...headers), ...rest]);
  });

  it('key frames of other tracks that stand before that of the default track', async () => {
    const publisher = await publish();
    const one = (frameType: number, id: number, seed: number): Uint8Array =>
      exVideoTracks(frameType, codedFrames, multitrack.one, 'av01', [{ id, body: pattern(40, seed) }]);
    for (const time of [0, 80]) {
      publisher.video(time, one(key, 1, time + 1));
      publisher.video(time, one(key, 0, time + 2));
      publisher.video(time + 40, one(inter, 1, time + 3));
      publisher.video(time + 40, one(inter, 0, time + 4));
    }
    expect(await joinNow(publisher)).toEqual(publisher.sent.slice(4));
  });

  it('every audio track, with the newest configuration of each', async () => {
    const publisher = await publish();
    const start = (ids: readonly number[], seed: number): MediaMessage =>
      publisher.audio(
        0,
        exAudioTracks(
          audioPackets.sequenceStart,
          multitrack.many,
          'Opus',
          ids.map((id) => ({ id, body: pattern(19, seed + id) })),
        ),
      );
    start([1], 1);
    const both = start([0, 1], 10);
    const newer = start([1], 20);
    publisher.audio(
      20,
      exAudioTracks(audioPackets.codedFrames, multitrack.many, 'Opus', [{ id: 0, body: pattern(9) }]),
    );
    expect(await joinNow(publisher)).toEqual(at(20, both, newer));
  });
});

describe('live.gopCache: false', () => {
  it('gives the headers at once, and media from the next key frame on', async () => {
    const without = await startTestServer(['live.maxWindowMs=0', 'live.gopCache=false']);
    try {
      const publisher = await publish(without);
      setMetadata(publisher, { width: 1 });
      publisher.video(0, avcHeader(1));
      publisher.video(0, avcKey(1));
      await publisher.client.barrier();
      const player = await without.connected();
      await player.play(`late-${names}`);
      await player.barrier();
      expect(mediaOf(player).map(({ type }) => type)).toEqual([18, 9]);
      publisher.video(40, avcInter(1));
      publisher.audio(50, aacFrame(1));
      const header = publisher.video(80, avcHeader(2));
      const start = publisher.video(80, avcKey(2));
      const last = publisher.video(120, avcInter(2));
      await settle(publisher, player);
      const media = mediaOf(player).filter(({ type }) => type === 9);
      expect(media.slice(-3)).toEqual([header, start, last]);
      expect(media.map(({ payload }) => payload)).not.toContainEqual(avcInter(1));
    } finally {
      await without.close();
    }
  });
});
