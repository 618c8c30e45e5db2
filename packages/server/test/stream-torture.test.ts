import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlvClient } from './wire/flv-client.js';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { digestsOf, type MediaMessage, mediaOf, TestPublisher } from './wire/test-publisher.js';
import type { WireClient } from './wire/wire-client.js';

// On a server with its default window: what players get may come late and together, but it must be the same.

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Numbers that look random and are the same in every run. */
function sequenceFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % below;
  };
}

function isKey({ type, payload }: MediaMessage): boolean {
  return type === 9 && payload[0] === 0x17 && payload[1] === 1;
}

/** What a player that joined some time gets: headers, then everything from a key frame on. */
function expectSuffix(got: readonly MediaMessage[], sent: readonly MediaMessage[]): void {
  const first = got.findIndex(isKey);
  const headers = got.slice(0, first);
  expect(headers.map(({ type, payload }) => [type, payload[1]])).toEqual([
    [9, 0],
    [8, 0],
  ]);
  const from = sent.findIndex(
    ({ timestamp, type }) => type === 9 && timestamp === got[first]?.timestamp && timestamp > 0,
  );
  expect(digestsOf(got.slice(first))).toEqual(digestsOf(sent.slice(from)));
}

function sendFrames(publisher: TestPublisher, from: number, count: number, next: (below: number) => number): void {
  for (let i = from; i < from + count; i += 1) {
    publisher.video(10 + i * 40, i % 15 === 0 ? avcKey(i, 2000 + next(20_000)) : avcInter(i, 100 + next(3000)));
    publisher.audio(25 + i * 40, aacFrame(i, 20 + next(300)));
  }
}

describe('players who come at any time', () => {
  it('get headers and everything from a key frame to the end, over RTMP, HTTP and WebSocket', async () => {
    const next = sequenceFrom(7);
    const publisher = await TestPublisher.open(server, 'any-time');
    publisher.video(0, avcHeader());
    publisher.audio(0, aacHeader());
    sendFrames(publisher, 0, 1, next);
    await publisher.client.barrier();
    const players: [WireClient, number][] = [];
    const viewers: FlvClient[] = [];
    for (let step = 0; step < 40; step += 1) {
      sendFrames(publisher, 1 + step * 5, 5, next);
      const choice = next(4);
      if (choice === 0) viewers.push(await FlvClient.http(server.httpPort, '/live/any-time.flv'));
      else if (choice === 1) viewers.push(await FlvClient.webSocket(server.httpPort, '/live/any-time.flv'));
      else {
        const player = await server.connected();
        players.push([player, await player.play('any-time')]);
      }
    }
    publisher.deleteStream();
    for (const [player, id] of players) {
      await player.status('NetStream.Play.UnpublishNotify');
      expectSuffix(mediaOf(player, id), publisher.sent);
    }
    for (const viewer of viewers) {
      await viewer.ended;
      expect(viewer.fault).toBeUndefined();
      expectSuffix(viewer.tags, publisher.sent);
    }
  });

  it('keep in order what they were told and sent, while a name is given up and taken again in one go', async () => {
    const client = await server.connected();
    const player = await server.connected();
    const playId = await player.play('in-one-go');
    const id = await client.createStream();
    const rounds = 20;
    for (let round = 0; round < rounds; round += 1) {
      client.sendCommand('publish', 0, [null, 'in-one-go', 'live'], id);
      const publisher = new TestPublisher(client, id);
      publisher.video(0, avcHeader(round));
      publisher.video(0, avcKey(round));
      client.sendCommand('closeStream', 0, [null], id);
    }
    for (let round = 0; round < rounds; round += 1) await player.status('NetStream.Play.UnpublishNotify');
    const expected = Array.from({ length: rounds }, (_, round) => [avcHeader(round), avcKey(round)]).flat();
    expect(mediaOf(player, playId).map(({ payload }) => payload)).toEqual(expected);
    const statuses = player.received.flatMap(({ type, payload }) => (type === 4 ? [payload[1]] : []));
    const notices = statuses.filter((event) => event === 0 || event === 1).slice(2);
    expect(notices).toEqual(Array.from({ length: rounds }, () => [0, 1]).flat());
  });

  it('may change their minds all the time: time never jumps back, and video always begins with a key frame', async () => {
    const next = sequenceFrom(99);
    const publisher = await TestPublisher.open(server, 'fickle');
    publisher.video(0, avcHeader());
    publisher.audio(0, aacHeader());
    sendFrames(publisher, 0, 1, next);
    await publisher.client.barrier();
    const players = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const player = await server.connected();
        return [player, await player.play('fickle')] as const;
      }),
    );
    for (let step = 0; step < 60; step += 1) {
      sendFrames(publisher, 1 + step * 3, 3, next);
      const [player, id] = players[next(players.length)] ?? players[0] ?? [];
      const command = ['pause', 'receiveAudio', 'receiveVideo'][next(3)] ?? 'pause';
      player?.sendCommand(command, 0, [null, next(2) === 0, 0], id);
      if (step % 10 === 9) await player?.barrier();
    }
    publisher.deleteStream();
    for (const [player, id] of players) {
      await player.status('NetStream.Play.UnpublishNotify');
      const frames = new Set(digestsOf(publisher.sent));
      let lastKey = -1;
      for (const message of mediaOf(player, id)) {
        if (message.payload[1] === 0) continue;
        expect(frames.has(digestsOf([message])[0] ?? '')).toBe(true);
        if (message.type !== 9) continue;
        const index = (message.timestamp - 10) / 40;
        if (isKey(message)) lastKey = index;
        else expect([lastKey, index - lastKey < 15]).toEqual([Math.floor(index / 15) * 15, true]);
      }
    }
  });
});

describe('a name that changes hands', () => {
  it('never shows anything of the publication before, whoever joins when', async () => {
    for (let round = 0; round < 15; round += 1) {
      const publisher = await TestPublisher.open(server, 'hands');
      publisher.video(0, avcHeader(round));
      for (let i = 0; i < 5; i += 1) publisher.video(10 + i, avcKey(round * 10 + i, 5000));
      const player = await server.connected();
      const id = await player.play('hands');
      publisher.video(100, avcKey(round * 10 + 9));
      if (round % 2 === 0) publisher.client.reset();
      else publisher.deleteStream();
      await player.status('NetStream.Play.UnpublishNotify');
      const payloads = publisher.sent.map(({ payload }) => Buffer.from(payload).toString('hex'));
      for (const { payload } of mediaOf(player, id)) expect(payloads).toContain(Buffer.from(payload).toString('hex'));
      player.destroy();
    }
  });
});
