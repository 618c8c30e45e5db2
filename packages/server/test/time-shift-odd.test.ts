import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFrames, isFrame, Show } from './time-shift-scene.js';
import { FlvClient } from './wire/flv-client.js';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { digestsOf, mediaOf, settle, TestPublisher } from './wire/test-publisher.js';

const stateDir = mkdtempSync(join(tmpdir(), 'millrace-shift-odd-'));
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer([
    ...['live.maxWindowMs=0', `state.dir=${stateDir}`, 'publish.takeover=replace'],
    ...['dvr.streams=*', 'dvr.segmentMs=1000', 'dvr.windowMs=20000'],
  ]);
});

afterAll(async () => {
  await server.close();
  rmSync(stateDir, { recursive: true, force: true });
});

const hourMs = 3_600_000;

describe('a clock that is set back by an hour', () => {
  it('loses nothing of what is left for who was paused', async () => {
    const show = await Show.open(server);
    await show.send(hourMs, hourMs + 4000);
    const player = await show.player();
    await player.pause(hourMs + 3500);
    await show.send(0, 3500);
    await player.unpause(hourMs + 3500);
    await show.send(3500, 4500);
    const left = show.framesFrom(0).filter((line) => !/ at 36\d{5},/.test(line));
    await expectFrames(player, () => left);
  });

  it('loses nothing of what is left for who is behind, or paused there', async () => {
    for (const isPaused of [false, true]) {
      const show = await Show.open(server);
      await show.send(hourMs, hourMs + 15_000);
      const player = await show.player(500);
      await player.seek(hourMs + 3000);
      await expect.poll(() => player.frames().length).toBeGreaterThan(5);
      if (isPaused) await player.pause(hourMs + 3200);
      player.client.sendMessage({ type: 4, payload: Uint8Array.of(0, 3, 0, 0, 0, player.id, 0, 0x36, 0xee, 0x80) });
      if (!isPaused) await player.client.barrier();
      player.mark();
      await show.send(0, 3500);
      if (isPaused) await player.unpause(hourMs + 3200);
      await show.send(3500, 4500);
      await expect.poll(() => player.frames().at(-1)?.timestamp, { timeout: 5000 }).toBe(4405);
      const after = player.frames().filter(({ timestamp }) => timestamp < hourMs);
      expect(digestsOf(after)).toEqual(show.framesFrom(0).filter((line) => !/ at 36\d{5},/.test(line)));
    }
  });
});

describe('odd times', () => {
  it.each([
    [-1, 0],
    [-1e12, 0],
    [2500.7, 2000],
    [2 ** 31, 7000],
    [3e9, 7000],
    [2 ** 32 - 1, 7000],
    [1e15, 7000],
  ])('a seek to %d begins at %d', async (timeMs, expected) => {
    const show = await Show.open(server);
    await show.send(0, 8000);
    const player = await show.player();
    await player.seek(timeMs);
    await expectFrames(player, () => show.framesFrom(expected));
  });

  it('are numbers where the stream has times that are far from 0', async () => {
    const show = await Show.open(server);
    await show.send(3e9, 3e9 + 5000);
    const player = await show.player();
    await player.seek(0);
    await expectFrames(player, () => show.framesFrom(3e9));
  });

  it('are those of a stream that comes to 2^32', async () => {
    const show = await Show.open(server);
    const begin = 2 ** 32 - 1296;
    await show.send(begin, begin + 6000);
    const player = await show.player();
    for (const [asked, first] of [
      [0, 2 ** 32 - 296],
      [2 ** 32 - 500, begin],
      [2 ** 32 - 5000, begin],
      [3500, 2704],
      [100_000, 3704],
    ] as const) {
      await player.seek(asked);
      await expect.poll(() => player.frames()[0]?.timestamp, { message: `${asked}` }).toBe(first);
    }
  });

  it.each([
    ['3000000', 5000],
    ['999999999999', 5000],
    ['-999999999999', 0],
  ])('?start=%s', async (start, expected) => {
    const show = await Show.open(server);
    await show.send(0, 6000);
    const viewer = await FlvClient.http(server.httpPort, `/live/${show.name}.flv?start=${start}`);
    await viewer.until(4);
    expect(viewer.tags.filter(isFrame)[0]?.timestamp).toBe(expected);
    viewer.close();
  });
});

describe('without a picture', () => {
  it('each frame of sound is a place, also when the picture comes later', async () => {
    const show = await Show.openEmpty(server);
    const { publisher } = show;
    publisher.audio(0, aacHeader());
    // Announced, as encoders do whose camera is off.
    publisher.video(0, avcHeader());
    for (let time = 0; time < 6000; time += 100) publisher.audio(time, aacFrame(time));
    await publisher.client.barrier();
    const player = await show.player();
    await player.seek(3250);
    await expectFrames(player, () => show.framesFrom(3200));
    for (let time = 6000; time < 9000; time += 100) {
      publisher.video(time, time % 1000 === 0 ? avcKey(time) : avcInter(time));
      publisher.audio(time + 5, aacFrame(time));
    }
    await publisher.client.barrier();
    await player.seek(3250);
    await expectFrames(player, () => show.framesFrom(3200));
  });

  it('nor sound, there is nothing to go back to, and what comes after a pause is sent', async () => {
    const show = await Show.openEmpty(server);
    show.publisher.data(0, 'onCue', 0);
    const player = await show.player();
    show.publisher.data(100, 'onCue', 1);
    await settle(show.publisher, player.client);
    await player.pause(0);
    show.publisher.data(200, 'onCue', 2);
    await show.publisher.client.barrier();
    await player.unpause(0);
    await expect
      .poll(async () => {
        show.publisher.data(300, 'onCue', 3);
        await settle(show.publisher, player.client);
        return mediaOf(player.client).at(-1)?.timestamp;
      })
      .toBe(300);
  });
});

describe('a viewer over HTTP that is behind', () => {
  it.each(['http', 'webSocket'] as const)('goes on with who takes the name over: %s', async (kind) => {
    const show = await Show.open(server);
    await show.send(0, 2000);
    const viewer = await FlvClient[kind](server.httpPort, `/live/${show.name}.flv?start=0`);
    const next = await TestPublisher.open(server, show.name);
    next.video(0, avcHeader(7));
    next.video(0, avcKey(9999));
    next.video(40, avcInter(9999));
    await next.client.barrier();
    const expected = [...show.framesFrom(0), ...digestsOf(next.sent.slice(1))];
    await expect.poll(() => viewer.tags.filter(isFrame).length, { timeout: 5000 }).toBe(expected.length);
    expect(digestsOf(viewer.tags.filter(isFrame))).toEqual(expected);
    next.deleteStream();
    await viewer.ended;
    expect(viewer.fault).toBeUndefined();
  });

  it('ends with the publication, although another one has begun', async () => {
    const show = await Show.open(server);
    await show.send(0, 2000);
    const viewer = await FlvClient.http(server.httpPort, `/live/${show.name}.flv?start=0`);
    show.publisher.deleteStream();
    await show.publisher.client.barrier();
    const next = await TestPublisher.open(server, show.name);
    next.video(0, avcKey(9999));
    await next.client.barrier();
    await viewer.ended;
    expect(digestsOf(viewer.tags.filter(isFrame))).toEqual(show.framesFrom(0));
  });
});
