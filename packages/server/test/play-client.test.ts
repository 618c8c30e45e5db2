import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NetConnection, type NetStream, type NetStreamEvent } from '@millrace/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeSample, sampleTags } from './flv-sample.js';
import { avcHeader, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { TestPublisher } from './wire/test-publisher.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-play-client-'));
const opened: NetConnection[] = [];
let server: TestServer;

beforeAll(async () => {
  mkdirSync(join(folder, 'live'));
  writeFileSync(join(folder, 'live', 'short.flv'), encodeSample(sampleTags(2000)));
  writeFileSync(join(folder, 'live', 'low.flv'), encodeSample(sampleTags(60_000, 100)));
  writeFileSync(join(folder, 'live', 'high.flv'), encodeSample(sampleTags(60_000, 300)));
  server = await startTestServer(['live.maxWindowMs=0', `media.dir=${folder}`]);
});

afterAll(async () => {
  for (const connection of opened) await connection.close();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function stream(): Promise<NetStream> {
  const connection = await NetConnection.connect(`rtmp://127.0.0.1:${server.port}/live`);
  opened.push(connection);
  return await connection.createStream();
}

/** All up to an event that is wanted. */
async function until(from: NetStream, isWanted: (event: NetStreamEvent) => boolean): Promise<NetStreamEvent[]> {
  const seen: NetStreamEvent[] = [];
  for await (const event of from) {
    seen.push(event);
    if (isWanted(event)) return seen;
  }
  throw new Error('the stream ended');
}

const isStatus =
  (code: string) =>
  (event: NetStreamEvent): boolean =>
    event.type === 'status' && event.status.code === code;
const isPlayStatus =
  (code: string) =>
  (event: NetStreamEvent): boolean =>
    event.type === 'playStatus' && event.status.code === code;

function videoOf(events: readonly NetStreamEvent[]): { timestamp: number; bytes: number }[] {
  return events.flatMap((event) =>
    event.type === 'video' && event.payload[1] === 1
      ? [{ timestamp: event.timestamp, bytes: event.payload.length }]
      : [],
  );
}

describe('our client', () => {
  it('plays a part, and a play list, and is told of their ends', async () => {
    const playing = await stream();
    await playing.play('short', { startMs: 0, durationMs: 1500, bufferMs: 1000 });
    expect((await playing.play('short', { startMs: 0, reset: false })).code).toBe('');
    playing.bufferMs = 60_000;
    const events = await until(playing, isPlayStatus('NetStream.Play.Complete'));
    expect(videoOf(events)).toHaveLength(15 + 20);
    expect(events.filter(isPlayStatus('NetStream.Play.Switch'))).toHaveLength(1);
    const last = events.at(-1);
    expect(last?.type === 'playStatus' && last.status).toMatchObject({ level: 'status', duration: 1.905 });
    expect(last?.type === 'playStatus' && last.status.bytes).toBeGreaterThan(2000);
  });

  it('hears as a status that there is nothing to append', async () => {
    const playing = await stream();
    await playing.play('short', { startMs: 0 });
    await playing.play('none', { startMs: 0, reset: false });
    await until(playing, isStatus('NetStream.Play.StreamNotFound'));
  });

  it('changes to another rendition at a key frame, once it is agreed', async () => {
    const playing = await stream();
    await playing.play('low', { startMs: 0, bufferMs: 1000 });
    const status = await playing.play2('high', { transition: 'switch', oldStreamName: 'low' });
    expect(status.code).toBe('NetStream.Play.Transition');
    playing.bufferMs = 60_000;
    expect(playing.bufferMs).toBe(60_000);
    const before = await until(playing, isPlayStatus('NetStream.Play.TransitionComplete'));
    const after = await until(playing, isStatus('NetStream.Play.Stop'));
    const [old, fresh] = [videoOf(before), videoOf(after)];
    expect(new Set(old.map(({ bytes }) => bytes))).toEqual(new Set([105]));
    expect(new Set(fresh.map(({ bytes }) => bytes))).toEqual(new Set([305]));
    expect([...old, ...fresh].map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 600 }, (_, i) => i * 100),
    );
  });

  it('plays on where a change is refused', async () => {
    const playing = await stream();
    await playing.play('low', { startMs: 0, bufferMs: 1000 });
    await expect(playing.play2('none', { transition: 'switch', startMs: 0 })).rejects.toMatchObject({
      status: { code: 'NetStream.Play.StreamNotFound' },
    });
    await until(playing, (event) => event.type === 'video' && event.timestamp === 1000);
  });

  it('appends, stops and resumes at a place', async () => {
    const playing = await stream();
    await playing.play2('short', { transition: 'appendAndWait' });
    await playing.play2('short', { transition: 'append' });
    playing.bufferMs = 60_000;
    expect(videoOf(await until(playing, isPlayStatus('NetStream.Play.Complete')))).toHaveLength(40);
    await playing.play2('', { transition: 'stop' });
    await playing.play2('short', { transition: 'resume', offsetMs: 1000 });
    const resumed = await until(playing, isPlayStatus('NetStream.Play.Complete'));
    expect(videoOf(resumed)).toHaveLength(10);
    expect(resumed.some(isStatus('NetStream.Play.Reset'))).toBe(false);
  });

  it('pauses, resumes and seeks', async () => {
    const playing = await stream();
    await playing.play('low', { startMs: 0, bufferMs: 1000 });
    await until(playing, (event) => event.type === 'video' && event.timestamp === 1000);
    playing.pause(true, 400);
    await until(playing, isStatus('NetStream.Pause.Notify'));
    playing.resume(400);
    await until(playing, isStatus('NetStream.Unpause.Notify'));
    const resumed = await until(playing, (event) => event.type === 'audio');
    expect(resumed.at(-1)).toMatchObject({ timestamp: 405 });
    playing.seek(30_500);
    await until(playing, isStatus('NetStream.Seek.Notify'));
    const sought = videoOf(await until(playing, (event) => event.type === 'audio' && event.payload[1] === 1));
    expect(sought[0]?.timestamp).toBe(30_000);
    playing.seek(90_000);
    await until(playing, isStatus('NetStream.Seek.InvalidTime'));
  });

  it('changes between live streams', async () => {
    const publish = async (name: string): Promise<TestPublisher> => {
      const publisher = await TestPublisher.open(server, name);
      publisher.video(0, avcHeader());
      publisher.video(0, avcKey(1, name.length));
      await publisher.client.barrier();
      return publisher;
    };
    await publish('camera');
    const other = await publish('other-camera');
    const playing = await stream();
    await playing.play('camera', { startMs: -1 });
    await playing.play2('other-camera', { transition: 'switch', startMs: -1 });
    other.video(40, avcKey(2, 12));
    const events = await until(
      playing,
      (event) => event.type === 'video' && event.timestamp === 40 && event.payload[1] === 1,
    );
    expect(events.some(isPlayStatus('NetStream.Play.TransitionComplete'))).toBe(true);
  });
});
