import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFrames, isFrame, Show } from './time-shift-scene.js';
import { FlvClient } from './wire/flv-client.js';
import { avcHeader, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { digestsOf, TestPublisher } from './wire/test-publisher.js';

const stateDir = mkdtempSync(join(tmpdir(), 'millrace-shift-'));
let server: TestServer;

const settings = ['live.maxWindowMs=0', `state.dir=${stateDir}`, 'dvr.segmentMs=1000', 'dvr.windowMs=20000'];

beforeAll(async () => {
  server = await startTestServer([...settings, 'dvr.streams=live/shift*']);
});

afterAll(async () => {
  await server.close();
  expect(readdirSync(join(stateDir, 'dvr'))).toEqual([]);
  rmSync(stateDir, { recursive: true, force: true });
});

describe('a live stream with a window', () => {
  it('is said to have places', async () => {
    const show = await Show.open(server);
    await show.send(0, 1000);
    const player = await show.player();
    expect(player.words().slice(1, 5)).toEqual(['recorded', 'begin', 'NetStream.Play.Reset', 'NetStream.Play.Start']);
  });

  it('goes on behind the time of a pause, and then live: each frame once', async () => {
    const show = await Show.open(server);
    await show.send(0, 2000);
    const player = await show.player();
    await player.pause(1450);
    await show.send(2000, 6000);
    await player.unpause(1450);
    await expectFrames(player, () => show.framesFrom(1451));
    await show.send(6000, 8000);
    await expectFrames(player, () => show.framesFrom(1451));
  });

  it.each([0, 1e9])('goes on where it was for a client that says that it is at %d', async (timeMs) => {
    const show = await Show.open(server);
    await show.send(0, 2000);
    const player = await show.player();
    await player.pause(timeMs);
    await show.send(2000, 4000);
    await player.unpause(timeMs);
    await expectFrames(player, () => show.framesFrom(2000));
    await show.send(4000, 5000);
    await expectFrames(player, () => show.framesFrom(2000));
  });

  it('is sought back: from the key frame before, then live', async () => {
    const show = await Show.open(server);
    await show.send(0, 8000);
    const player = await show.player();
    await player.seek(3700);
    expect(player.words()).toEqual(['eof', 'recorded', 'begin', 'NetStream.Seek.Notify', 'NetStream.Play.Start']);
    await expectFrames(player, () => show.framesFrom(3000));
    expect(player.headers().map(({ timestamp }) => timestamp)).toEqual([3000, 3000]);
    await show.send(8000, 9500);
    await expectFrames(player, () => show.framesFrom(3000));
    // The live stream's headers are not said again.
    expect(player.headers()).toHaveLength(2);
  });

  it('is handed over while it is published', async () => {
    const show = await Show.open(server);
    await show.send(0, 8000);
    const player = await show.player();
    await player.seek(2000);
    for (let time = 8000; time < 20_000; time += 500) await show.send(time, time + 500);
    await expectFrames(player, () => show.framesFrom(2000));
  });

  it.each([1, 2, 3])('gives each frame once, whatever the pauses (%d)', async (seed) => {
    const show = await Show.open(server);
    await show.send(0, 1000);
    const player = await show.player();
    let state = seed;
    const random = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    let time = 1000;
    let isPaused = false;
    for (let step = 0; step < 60; step += 1) {
      if (random(2) === 0) {
        const next = time + 100 * (1 + random(9));
        // Not awaited each time: pauses come in the middle of what is sent.
        const sending = show.send(time, next);
        if (random(2) === 0) await sending;
        time = next;
      } else {
        isPaused = !isPaused;
        player.client.sendCommand('pause', 0, [null, isPaused, 0], player.id);
        if (random(3) === 0) await player.client.barrier();
      }
    }
    if (isPaused) player.client.sendCommand('pause', 0, [null, false, 0], player.id);
    await show.send(time, time + 1000);
    await expectFrames(player, () => show.framesFrom(0));
  });

  it('is paced by what the client buffers, and returns to live when it is asked for the newest', async () => {
    const show = await Show.open(server);
    await show.send(0, 18_000);
    const player = await show.player(1000);
    await player.seek(2000);
    await expect.poll(() => player.frames().length).toBeGreaterThan(10);
    await show.send(18_000, 18_500);
    expect(Math.max(...player.frames().map(({ timestamp }) => timestamp))).toBeLessThan(12_000);
    await player.seek(18_400);
    await expectFrames(player, () => show.framesFrom(18_000));
    await show.send(18_500, 19_500);
    await expectFrames(player, () => show.framesFrom(18_000));
  });

  it('begins at its oldest place for times before', async () => {
    const show = await Show.open(server);
    await show.send(60_000, 65_000);
    const player = await show.player();
    await player.seek(1000);
    await expectFrames(player, () => show.framesFrom(60_000));
  });

  it('is sought in while it is paused', async () => {
    const show = await Show.open(server);
    await show.send(0, 6000);
    const player = await show.player();
    await player.pause(5000);
    await player.seek(2500);
    await show.send(6000, 7000);
    await player.client.barrier();
    expect(player.frames()).toEqual([]);
    await player.unpause(2000);
    await expectFrames(player, () => show.framesFrom(2000));
    await player.pause(6500);
    await player.seek(1e9);
    await show.send(7000, 8500);
    expect(player.frames()).toEqual([]);
    await player.unpause(6500);
    await expectFrames(player, () => show.framesFrom(8000));
  });

  it('is played to its end by who is behind, and then is over', async () => {
    const show = await Show.open(server);
    await show.send(0, 5000);
    const player = await show.player();
    await player.pause(3000);
    await show.send(5000, 7000);
    show.publisher.deleteStream();
    await show.publisher.client.barrier();
    await player.client.barrier();
    expect(player.words()).toEqual([]);
    await player.unpause(3000);
    await player.client.status('NetStream.Play.UnpublishNotify');
    expect(digestsOf(player.frames())).toEqual(show.framesFrom(3001));
    player.client.sendCommand('seek', 0, [null, 1000], player.id);
    await player.client.status('NetStream.Seek.Failed');
  });

  it('goes on with the next publication behind the rest of this one', async () => {
    const show = await Show.open(server);
    await show.send(0, 5000);
    const player = await show.player();
    await player.pause(3000);
    show.publisher.deleteStream();
    const next = await TestPublisher.open(server, show.name);
    next.video(0, avcHeader(7));
    next.video(0, avcKey(9999));
    await next.client.barrier();
    await player.unpause(3000);
    await player.client.status('NetStream.Play.PublishNotify');
    await expectFrames(player, () => [...show.framesFrom(3001), ...digestsOf(next.sent.slice(1))]);
    expect(player.words()).toEqual([
      ...['NetStream.Unpause.Notify', 'NetStream.Play.UnpublishNotify', 'eof'],
      ...['begin', 'NetStream.Play.PublishNotify'],
    ]);
  });

  it('gives what is wanted of it: no video, then video from a key frame on', async () => {
    const show = await Show.open(server);
    await show.send(0, 5000);
    const player = await show.player();
    player.client.sendCommand('receiveVideo', 0, [null, false], player.id);
    await player.seek(1000);
    await expect.poll(() => player.frames().length).toBe(40);
    expect(player.frames().every(({ type }) => type === 8)).toBe(true);
    player.client.sendCommand('receiveVideo', 0, [null, true], player.id);
    await player.client.barrier();
    await show.send(5000, 7000);
    await player.client.barrier();
    expect(player.frames().find(({ type }) => type === 9)?.timestamp).toBe(5000);
  });

  it('has times beyond 32 bits', async () => {
    const show = await Show.open(server);
    const wrap = 2 ** 32;
    const begin = wrap - 4296;
    await show.send(begin, begin + 8000);
    const player = await show.player();
    await player.seek(begin + 500);
    await expect.poll(() => player.frames().length).toBeGreaterThanOrEqual(100);
    expect(new Set(digestsOf(player.frames())).size).toBe(player.frames().length);
    await player.seek(1000);
    await expect.poll(() => player.frames()[0]?.timestamp).toBeLessThan(1001);
  });

  it('is seen by the API', async () => {
    const show = await Show.open(server);
    await show.send(0, 5000);
    const viewer = await FlvClient.http(server.httpPort, `/live/${show.name}.flv?start=1`);
    await viewer.until(60);
    const response = await fetch(`http://127.0.0.1:${server.httpPort}/api/v1/streams`);
    const { streams } = (await response.json()) as {
      streams: { name: string; bytesOut: number; dvr: unknown }[];
    };
    const row = streams.find(({ name }) => name === show.name);
    expect(row?.bytesOut).toBeGreaterThan(5000);
    const players = await fetch(`http://127.0.0.1:${server.httpPort}/api/v1/streams/live/${show.name}/players`);
    expect(await players.json()).toMatchObject({ players: [{ paused: false, transport: 'httpFlv' }] });
    expect(row?.dvr).toEqual({ fromMs: 0, toMs: 4905, bytes: expect.any(Number) });
    viewer.close();
  });
});

describe('a live stream without a window', () => {
  it('has one place only, as ever', async () => {
    const show = await Show.open(server, 'plain');
    await show.send(0, 2000);
    const player = await show.player();
    expect(player.words()).not.toContain('recorded');
    player.client.sendCommand('seek', 0, [null, 500], player.id);
    await player.client.status('NetStream.Seek.Failed');
    await player.pause(1000);
    await show.send(2000, 3500);
    await player.unpause(1000);
    await expectFrames(player, () => show.framesFrom(3000));
  });
});

describe('HTTP-FLV', () => {
  it.each(['http', 'webSocket'] as const)('begins in the window, and goes on live, over %s', async (kind) => {
    const show = await Show.open(server);
    await show.send(0, 6000);
    const viewer = await FlvClient[kind](server.httpPort, `/live/${show.name}.flv?key=x&start=-2.4`);
    await expect.poll(() => viewer.tags.filter(isFrame).length, { timeout: 5000 }).toBeGreaterThanOrEqual(60);
    const [metadata, video, audio] = viewer.tags;
    expect([metadata, video, audio].map((tag) => tag?.type)).toEqual([18, 9, 8]);
    expect(metadata?.timestamp).toBe(0);
    await show.send(6000, 7000);
    await viewer.until(3 + 80);
    expect(digestsOf(viewer.tags.filter(isFrame))).toEqual(show.framesFrom(3000));
    expect(viewer.tags).toHaveLength(83);
    show.publisher.deleteStream();
    await viewer.ended;
    expect(viewer.fault).toBeUndefined();
  });

  it('takes times of the stream', async () => {
    const show = await Show.open(server);
    await show.send(0, 6000);
    const viewer = await FlvClient.http(server.httpPort, `/live/${show.name}.flv?start=4.2&video=0`);
    await viewer.until(22);
    expect(viewer.tags.filter(isFrame)[0]?.timestamp).toBe(4005);
    viewer.close();
  });

  it.each(['plain', 'shift'])('is live where there is no such place: %s', async (prefix) => {
    const show = await Show.open(server, prefix);
    await show.send(0, 6500);
    const viewer = await FlvClient.http(server.httpPort, `/live/${show.name}.flv?start=${prefix === 'plain' ? 1 : 99}`);
    await viewer.until(4);
    expect(viewer.tags.filter(isFrame)[0]?.timestamp).toBe(6000);
    viewer.close();
  });
});

describe('a window whose disk fails', () => {
  it('sends who is behind back to live', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-shift-'));
    const failing = await startTestServer([...settings, `state.dir=${folder}`, 'dvr.streams=*']);
    const show = await Show.open(failing);
    await show.send(0, 19_000);
    const player = await show.player(1000);
    await player.seek(2000);
    await expect.poll(() => player.frames().length).toBeGreaterThan(10);
    rmSync(join(folder, 'dvr'), { recursive: true });
    writeFileSync(join(folder, 'dvr'), 'a file in the place of the folder');
    show.publisher.video(19_000, avcKey(1, 300_000));
    await show.send(20_000, 21_500);
    await expect.poll(() => player.frames().at(-1)?.timestamp, { timeout: 5000 }).toBe(21_405);
    expect(digestsOf(player.frames().slice(-10))).toEqual(show.framesFrom(21_000));
    await failing.close();
    rmSync(folder, { recursive: true });
  });
});
