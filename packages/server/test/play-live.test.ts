import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeSample, sampleTags } from './flv-sample.js';
import type { WireMessage } from './wire/chunk-reader.js';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { playWordOf } from './wire/play-words.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { settle, TestPublisher } from './wire/test-publisher.js';
import type { WireClient } from './wire/wire-client.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-play-live-'));
let server: TestServer;

beforeAll(async () => {
  mkdirSync(join(folder, 'live'));
  writeFileSync(join(folder, 'live', 'film.flv'), encodeSample(sampleTags(1000)));
  server = await startTestServer(['live.maxWindowMs=0', `media.dir=${folder}`]);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Frames by kind and time, and what is said between them. */
function storyOf(messages: readonly WireMessage[]): string[] {
  return messages.flatMap((message) => {
    const { type, timestamp, payload } = message;
    if (type === 8) return payload[1] === 1 ? [`a${timestamp}`] : [];
    if (type === 9) return [`${payload[1] === 0 ? 'h' : payload[0] === 0x17 ? 'K' : 'v'}${timestamp}`];
    return playWordOf(message) ?? [];
  });
}

async function until(client: WireClient, word: string): Promise<void> {
  await client.nextMessage((message) => playWordOf(message) === word);
}

/** A rendition: headers, and a key frame at once. */
async function rendition(name: string, fromMs = 0): Promise<TestPublisher> {
  const publisher = await TestPublisher.open(server, name);
  publisher.video(fromMs, avcHeader(name.length));
  publisher.audio(fromMs, aacHeader());
  publisher.video(fromMs, avcKey(1));
  return publisher;
}

function frames(publisher: TestPublisher, fromMs: number, toMs: number, keyMs?: number): void {
  for (let timeMs = fromMs; timeMs < toMs; timeMs += 40) {
    publisher.video(timeMs, timeMs === keyMs ? avcKey(timeMs % 200) : avcInter(timeMs % 200));
    publisher.audio(timeMs + 10, aacFrame(timeMs % 200));
  }
}

async function player(name: string, ...args: number[]): Promise<{ client: WireClient; id: number }> {
  const client = await server.connected();
  const id = await client.createStream();
  client.sendCommand('play', 0, [null, name, ...args], id);
  await client.status('NetStream.Play.Start');
  return { client, id };
}

function play2(client: WireClient, id: number, streamName: string, transition: string, more: object = {}): void {
  client.sendCommand('play2', 0, [null, { streamName, transition, ...more }], id);
}

describe('a live stream that is wanted for a time', () => {
  it('ends after it, by the times of the stream', async () => {
    const publisher = await rendition('timed', 1000);
    const { client, id } = await player('timed', -1, 100);
    frames(publisher, 1040, 1400);
    await until(client, 'NetStream.Play.Stop');
    await settle(publisher, client);
    const story = storyOf(client.received);
    expect(story.filter((word) => /^[Kva]/.test(word))).toEqual(['K1000', 'v1040', 'a1050', 'v1080', 'a1090']);
    expect(story.slice(-3)).toEqual(['NetStream.Play.Complete', 'eof', 'NetStream.Play.Stop']);
    client.sendCommand('play', 0, [null, 'timed', -1], id);
    await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 1000);
  });

  it('counts from where the publisher comes, and over the next publication', async () => {
    const { client } = await player('late', -1, 200);
    const first = await rendition('late', 50_000);
    frames(first, 50_040, 50_100);
    await settle(first, client);
    first.deleteStream();
    await until(client, 'NetStream.Play.UnpublishNotify');
    const second = await rendition('late', 10);
    frames(second, 50, 500);
    await until(client, 'NetStream.Play.Stop');
    expect(storyOf(client.received).filter((word) => /^[Kv]/.test(word))).toEqual([
      ...['K50000', 'v50040', 'v50080', 'K10', 'v50', 'v90'],
    ]);
  });

  it('is followed by what was appended: recordings, and live streams', async () => {
    const publisher = await rendition('first', 0);
    const finale = await rendition('finale', 70_000);
    const { client, id } = await player('first', -1, 100);
    client.sendCommand('play', 0, [null, 'film', 0, -1, false], id);
    client.sendCommand('play', 0, [null, 'finale', -1, -1, false], id);
    client.sendCommand('play', 0, [null, 'nowhere', 0, -1, false], id);
    await client.status('NetStream.Play.StreamNotFound');
    frames(publisher, 40, 300);
    await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 70_000);
    const story = storyOf(client.received);
    const video = story.filter((word) => /^[Kv]/.test(word));
    expect(video.slice(0, 3)).toEqual(['K0', 'v40', 'v80']);
    expect(video[3]).toBe('K91');
    expect(video).toHaveLength(3 + 10 + 1);
    expect(story.filter((word) => /Switch|Complete|Stop/.test(word))).toEqual([
      'NetStream.Play.Switch',
      'NetStream.Play.Switch',
    ]);
    await settle(finale);
  });

  it('can be appended to when it is over', async () => {
    const publisher = await rendition('over', 0);
    const { client, id } = await player('over', -1, 50);
    frames(publisher, 40, 300);
    await until(client, 'NetStream.Play.Stop');
    play2(client, id, 'film', 'append', { start: 0 });
    await until(client, 'NetStream.Play.Switch');
    await until(client, 'NetStream.Play.Complete');
  });

  it.each(['append', 'appendAndWait'])('without a time is not followed by anything: %s', async (transition) => {
    await rendition(`endless${transition}`);
    const { client, id } = await player(`endless${transition}`, -1);
    play2(client, id, 'film', transition, { start: 0 });
    await client.status('NetStream.Play.Failed');
  });
});

describe('a switch between live streams', () => {
  const media = (client: WireClient, kind: RegExp): string[] =>
    storyOf(client.received).filter((word) => kind.test(word));

  it.each(['switch', 'swap'])('%s: happens at a key frame, without a gap', async (transition) => {
    const [low, high] = [await rendition(`low${transition}`), await rendition(`high${transition}`)];
    const { client, id } = await player(`low${transition}`);
    play2(client, id, `high${transition}`, transition, { oldStreamName: `low${transition}` });
    await client.status('NetStream.Play.Transition');
    for (let timeMs = 40; timeMs < 400; timeMs += 40) {
      frames(low, timeMs, timeMs + 40, 200);
      frames(high, timeMs, timeMs + 40, 200);
      await settle(low, client);
      await settle(high, client);
    }
    const story = storyOf(client.received);
    const place = story.indexOf('NetStream.Play.TransitionComplete');
    expect(place).toBeGreaterThan(0);
    const before = story.slice(0, place).filter((word) => /^[Kv]/.test(word));
    const after = story.slice(place + 1);
    // This one is ahead: what the other repeats leads up to where it was.
    expect(before.at(-1)).toBe('K200');
    expect(after.slice(0, 2)).toEqual(['h210', 'K210']);
    expect(after.filter((word) => /^[Kv]/.test(word))).toEqual(['K210', 'v240', 'v280', 'v320', 'v360']);
    expect(after.filter((word) => word.startsWith('a'))).toEqual(['a250', 'a290', 'a330', 'a370']);
    const sound = media(client, /^a/);
    expect(sound).toEqual([...new Set(sound)]);
    low.deleteStream();
    await settle(low, client);
    expect(storyOf(client.received)).not.toContain('NetStream.Play.UnpublishNotify');
    high.deleteStream();
    await until(client, 'NetStream.Play.UnpublishNotify');
  });

  it('sends the old one up to the place where the new one begins', async () => {
    const [low, high] = [await rendition('behind'), await rendition('ahead')];
    const { client, id } = await player('behind');
    play2(client, id, 'ahead', 'switch');
    await client.status('NetStream.Play.Transition');
    for (let timeMs = 40; timeMs < 400; timeMs += 40) {
      frames(high, timeMs, timeMs + 40, 200);
      await settle(high, client);
      frames(low, timeMs, timeMs + 40, 200);
      await settle(low, client);
    }
    expect(media(client, /^[Kv]/)).toEqual([
      'K0',
      'v40',
      'v80',
      'v120',
      'v160',
      'K200',
      'v240',
      'v280',
      'v320',
      'v360',
    ]);
    expect(media(client, /^a/)).toEqual(['a50', 'a90', 'a130', 'a170', 'a210', 'a250', 'a290', 'a330', 'a370']);
  });

  it('moves the times of a stream that has others', async () => {
    const [one, other] = [await rendition('one', 1_000_000), await rendition('other', 5)];
    const { client, id } = await player('one');
    play2(client, id, 'other', 'switch');
    await client.status('NetStream.Play.Transition');
    frames(one, 1_000_040, 1_000_100);
    await settle(one, client);
    other.video(45, avcKey(3));
    frames(other, 85, 150);
    await settle(other, client);
    expect(media(client, /^[Kv]/)).toEqual(['K1000000', 'v1000040', 'v1000080', 'K1000091', 'v1000131', 'v1000171']);
    play2(client, id, 'one', 'switch');
    await until(client, 'NetStream.Play.Transition');
    one.video(1_000_300, avcKey(4));
    await settle(one, client);
    expect(media(client, /^[K]/).at(-1)).toMatch(/^K10001\d\d$/);
  });

  it('is left by a newer one, and by a stream that ends', async () => {
    const [a, b, c] = [await rendition('a1'), await rendition('b1'), await rendition('c1')];
    const { client, id } = await player('a1');
    play2(client, id, 'b1', 'switch');
    await until(client, 'NetStream.Play.Transition');
    play2(client, id, 'c1', 'switch');
    await client.barrier();
    b.video(40, avcKey(40));
    await settle(b, client);
    c.deleteStream();
    await client.status('NetStream.Play.Failed');
    frames(a, 40, 120);
    await settle(a, client);
    expect(media(client, /^[Kv]/)).toEqual(['K0', 'v40', 'v80']);
  });

  it.each([
    ['nobody', {}],
    ['film', { start: 0 }],
    ['low3', { oldStreamName: 'else', transition: 'swap' }],
  ])('fails where there is none: %s', async (name, more) => {
    const publisher = await rendition('stays');
    const low = await rendition('low3');
    const { client, id } = await player('stays');
    play2(client, id, name, 'switch', more);
    await client.status('NetStream.Play.Failed');
    frames(publisher, 40, 80);
    await settle(publisher, client);
    expect(media(client, /^[Kv]/)).toEqual(['K0', 'v40']);
    for (const each of [publisher, low]) each.deleteStream();
    await settle(publisher, client);
    await low.client.barrier();
  });

  it('from a recording fails', async () => {
    await rendition('target');
    const { client, id } = await player('film', 0);
    play2(client, id, 'target', 'switch', { start: -1 });
    await client.status('NetStream.Play.Failed');
  });

  it('waits with a player that is paused', async () => {
    const [a, b] = [await rendition('a2'), await rendition('b2')];
    const { client, id } = await player('a2');
    play2(client, id, 'b2', 'switch');
    await until(client, 'NetStream.Play.Transition');
    client.sendCommand('pause', 0, [null, true, 0], id);
    await client.status('NetStream.Pause.Notify');
    b.video(40, avcKey(40));
    await settle(b, client);
    expect(media(client, /^[Kv]/)).toEqual(['K0']);
    client.sendCommand('pause', 0, [null, false, 0], id);
    await client.status('NetStream.Unpause.Notify');
    b.video(80, avcKey(80));
    await settle(b, client);
    expect(media(client, /^[Kv]/).at(-1)).toBe('K80');
    await settle(a);
  });

  it('ends with its client', async () => {
    const [a, b] = [await rendition('a3'), await rendition('b3')];
    const { client, id } = await player('a3');
    play2(client, id, 'b3', 'switch');
    await until(client, 'NetStream.Play.Transition');
    client.sendCommand('deleteStream', 0, [null, id]);
    await client.barrier();
    frames(b, 40, 80, 40);
    await settle(b, client);
    expect(media(client, /^[Kv]/)).toEqual(['K0']);
    play2(client, id, 'b3', 'stop');
    await settle(a);
  });
});
