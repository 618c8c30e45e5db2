import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NetConnection, type NetStreamEvent } from '@millrace/client';
import { type AmfInput, AmfObject } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineApp } from '../src/app/index.js';
import { encodeSample, sampleTags } from './flv-sample.js';
import { audioTrack, encodeMp4, videoTrack } from './mp4-sample.js';
import type { WireMessage } from './wire/chunk-reader.js';
import { avcKey } from './wire/media-samples.js';
import { playWordOf } from './wire/play-words.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { TestPublisher } from './wire/test-publisher.js';
import { concat, u16, u32 } from './wire/wire-bytes.js';
import { statusOf, type WireClient } from './wire/wire-client.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-vod-'));
const mediaDir = join(folder, 'media');
let server: TestServer;

beforeAll(async () => {
  mkdirSync(join(mediaDir, 'live', 'sub'), { recursive: true });
  const write = (name: string, bytes: Uint8Array): void => writeFileSync(join(mediaDir, 'live', name), bytes);
  write('two.flv', encodeSample(sampleTags(2000)));
  write('long.flv', encodeSample(sampleTags(60_000)));
  write('other.flv', encodeSample(sampleTags(60_000, 50)));
  write('sub/deep.flv', encodeSample(sampleTags(1000)));
  write('empty.flv', new Uint8Array());
  write('text.flv', Buffer.from('this is no film'));
  write('text.mp4', Buffer.from('this is no film'));
  write('film.mp4', encodeMp4([videoTrack(100), audioTrack(180)]));
  write('cut.flv', encodeSample(sampleTags(2000)).subarray(0, 3000));
  writeFileSync(join(folder, 'secret.flv'), encodeSample(sampleTags(1000)));
  symlinkSync(join(folder, 'secret.flv'), join(mediaDir, 'live', 'link.flv'));
  symlinkSync(folder, join(mediaDir, 'live', 'out'));
  mkdirSync(join(mediaDir, 'live', 'folder.flv'));
  server = await startTestServer(['live.maxWindowMs=0', `media.dir=${mediaDir}`]);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As `playWordOf`, and data handlers by their names. */
function wordOf(message: WireMessage): string | undefined {
  return playWordOf(message) ?? (message.type === 18 ? String(message.values[0]) : undefined);
}

/** The words, with a run of media as one. */
function storyOf(messages: readonly WireMessage[]): string[] {
  const story: string[] = [];
  for (const message of messages) {
    const word = message.type === 8 || message.type === 9 ? 'media' : wordOf(message);
    if (word !== undefined && !(word === 'media' && story.at(-1) === 'media')) story.push(word);
  }
  return story;
}

/** A client with a stream, which buffers more than any file is long. */
async function watcher(bufferMs = 3_600_000, at = server): Promise<{ client: WireClient; id: number }> {
  const client = await at.connected();
  const id = await client.createStream();
  client.sendMessage({ type: 4, payload: concat(u16(3), u32(id), u32(bufferMs)) });
  return { client, id };
}

async function until(client: WireClient, word: string): Promise<void> {
  await client.nextMessage((message) => wordOf(message) === word);
}

function timesOf(messages: readonly WireMessage[], type: number): number[] {
  return messages.filter((one) => one.type === type && one.payload[1] === 1).map(({ timestamp }) => timestamp);
}

const wholePlay = ['recorded', 'begin', 'NetStream.Play.Reset', 'NetStream.Play.Start', '|RtmpSampleAccess'];
const theEnd = ['NetStream.Play.Complete', 'eof', 'NetStream.Play.Stop'];

describe('a recording', () => {
  it.each(['two', 'flv:two', 'two.flv', 'two?token=1', 'sub/deep'])(
    'is played from its begin to its end: %s',
    async (name) => {
      const { client, id } = await watcher();
      const before = client.received.length;
      client.sendCommand('play', 0, [null, name], id);
      await until(client, 'NetStream.Play.Stop');
      expect(storyOf(client.received.slice(before))).toEqual([...wholePlay, 'onMetaData', 'media', ...theEnd]);
    },
  );

  it('is begun with NetStream.Data.Start where that is wanted', async () => {
    const told = await startTestServer(['rtmp.dataStart=true', `media.dir=${mediaDir}`]);
    const { client, id } = await watcher(3_600_000, told);
    const before = client.received.length;
    client.sendCommand('play', 0, [null, 'two'], id);
    await until(client, 'NetStream.Play.Stop');
    const said = client.received.slice(before).flatMap(({ type, values: [name, info] }) => {
      return type === 18 && name === 'onStatus' && info instanceof AmfObject ? [info.get('code')] : [];
    });
    expect(said).toEqual(['NetStream.Data.Start']);
    await told.close();
  });

  it('has its frames in order, and its length in the metadata and at the end', async () => {
    const { client, id } = await watcher();
    client.sendCommand('play', 0, [null, 'two', 0], id);
    await until(client, 'NetStream.Play.Stop');
    const data = client.received.filter(({ type }) => type === 18);
    expect(data.find(({ values }) => values[0] === 'onMetaData')?.values[1]).toHaveProperty('properties');
    const complete = data.find(({ values }) => values[0] === 'onPlayStatus')?.values[1];
    expect(complete instanceof AmfObject && complete.get('duration')).toBe(1.905);
    expect(timesOf(client.received, 9)).toEqual(Array.from({ length: 20 }, (_, i) => i * 100));
    expect(timesOf(client.received, 8)).toEqual(Array.from({ length: 20 }, (_, i) => i * 100 + 5));
  });

  it.each([
    ['none', 0],
    ['../secret', 0],
    ['link', 0],
    ['out/secret', 0],
    ['folder', 0],
    ['mp4:two', 0],
    ['/two', 0],
    ['sub', 0],
    ['none', 5000],
    ['../secret', -2],
    ['/etc/passwd', -2],
    ['sub/../../secret', -2],
    ['flv:../secret', -2],
    ['link', -2],
    ['out/secret', -2],
  ])('is not found: %s from %d', async (name, start) => {
    const { client, id } = await watcher();
    client.sendCommand('play', 0, [null, name, start], id);
    const status = await client.status('NetStream.Play.StreamNotFound');
    expect(status.get('level')).toBe('error');
    await client.barrier();
    expect(client.received.some(({ type }) => type === 9 || type === 18)).toBe(false);
  });

  it('in MP4 is played, sought and ends', async () => {
    const { client, id } = await watcher();
    client.sendCommand('play', 0, [null, 'mp4:film', 0], id);
    await until(client, 'NetStream.Play.Stop');
    const video = timesOf(client.received, 9);
    expect(video).toEqual(Array.from({ length: 100 }, (_, i) => i * 40));
    const before = client.received.length;
    client.sendCommand('seek', 0, [null, 2500], id);
    await until(client, 'NetStream.Play.Stop');
    expect(timesOf(client.received.slice(before), 9)).toEqual(Array.from({ length: 50 }, (_, i) => 2000 + i * 40));
  });

  it.each(['empty', 'text', 'text.mp4', 'mp4:text'])('is refused where it is no film: %s', async (name) => {
    const { client, id } = await watcher();
    const before = client.received.length;
    client.sendCommand('play', 0, [null, name], id);
    await until(client, 'NetStream.Play.Failed');
    expect(storyOf(client.received.slice(before))).toEqual([
      'NetStream.Play.FileStructureInvalid',
      'NetStream.Play.Failed',
    ]);
  });

  it('that was cut off is played as far as it goes', async () => {
    const { client, id } = await watcher();
    client.sendCommand('play', 0, [null, 'cut'], id);
    await until(client, 'NetStream.Play.Stop');
    expect(timesOf(client.received, 9).length).toBeGreaterThan(10);
  });

  it('gives way to a live stream of its name, unless a place is asked for', async () => {
    const publisher = await TestPublisher.open(server, 'two');
    publisher.video(0, avcKey(1));
    await publisher.client.barrier();
    const story = async (start: number): Promise<string[]> => {
      const { client, id } = await watcher();
      const before = client.received.length;
      client.sendCommand('play', 0, [null, 'two', start], id);
      await client.status('NetStream.Play.Start');
      return storyOf(client.received.slice(before));
    };
    expect(await story(-2)).not.toContain('recorded');
    expect(await story(-1)).not.toContain('recorded');
    expect(await story(0)).toContain('recorded');
    publisher.deleteStream();
    await publisher.client.barrier();
    expect(await story(-2)).toContain('recorded');
    expect(await story(-1)).not.toContain('recorded');
  });

  it('is paced by what the client buffers', async () => {
    const { client, id } = await watcher(2000);
    client.sendCommand('play', 0, [null, 'long'], id);
    await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 2000);
    await client.barrier();
    expect(Math.max(...timesOf(client.received, 9))).toBeLessThan(10_000);
  });

  it('is found by seek, which may not lead out', async () => {
    const { client, id } = await watcher();
    client.sendCommand('play', 0, [null, 'two'], id);
    await until(client, 'NetStream.Play.Stop');
    const before = client.received.length;
    client.sendCommand('seek', 0, [null, 1500], id);
    await until(client, 'NetStream.Play.Stop');
    const after = client.received.slice(before);
    expect(storyOf(after)).toEqual([
      ...['eof', 'recorded', 'begin', 'NetStream.Seek.Notify', 'NetStream.Play.Start', 'media'],
      ...theEnd,
    ]);
    expect(timesOf(after, 9)[0]).toBe(1000);
    client.sendCommand('seek', 7, [null, 5000], id);
    const status = await client.status('NetStream.Seek.InvalidTime');
    expect(status.get('level')).toBe('error');
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [-1], ['500'], [null]])(
    'is not sought in for what is no time: %s',
    async (time) => {
      const { client, id } = await watcher(1000);
      client.sendCommand('play', 0, [null, 'two'], id);
      await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 500);
      client.sendCommand('seek', 7, [null, time], id);
      await client.status('NetStream.Seek.InvalidTime');
      await client.barrier();
      expect(storyOf(client.received)).not.toContain('NetStream.Seek.Notify');
    },
  );

  it('has its metadata first, also for who seeks at once', async () => {
    const { client, id } = await watcher();
    client.sendCommand('play', 0, [null, 'two'], id);
    client.sendCommand('seek', 0, [null, 1500], id);
    await until(client, 'NetStream.Play.Stop');
    const media = storyOf(client.received).filter((word) => word === 'onMetaData' || word === 'media');
    expect(media).toEqual(['onMetaData', 'media']);
  });

  it('pauses and goes on', async () => {
    const { client, id } = await watcher(1000);
    client.sendCommand('play', 0, [null, 'long'], id);
    await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 1000);
    client.sendCommand('pause', 0, [null, true, 500], id);
    await client.status('NetStream.Pause.Notify');
    const before = client.received.length;
    client.sendCommand('pause', 0, [null, false, 500], id);
    await client.status('NetStream.Unpause.Notify');
    await expect.poll(() => timesOf(client.received.slice(before), 9)).toContain(600);
    const after = client.received.slice(before);
    expect(storyOf(after).slice(0, 4)).toEqual(['recorded', 'begin', 'NetStream.Unpause.Notify', 'media']);
    expect(timesOf(after, 8)[0]).toBe(505);
  });

  it('says its length, of which others know nothing', async () => {
    const { client } = await watcher();
    const length = async (...args: AmfInput[]): Promise<unknown> =>
      (await client.call('getStreamLength', [null, ...args])).values[3];
    expect(await length('two')).toBe(1.905);
    expect(await length('flv:two?x')).toBe(1.905);
    for (const name of ['none', '../secret', 'link', 'text', 5]) expect(await length(name)).toBe(0);
  });

  it('is let go with its client, at any time', async () => {
    for (const name of ['closeStream', 'deleteStream', 'destroy']) {
      const { client, id } = await watcher(1000);
      client.sendCommand('play', 0, [null, 'long'], id);
      if (name === 'destroy') client.destroy();
      else client.sendCommand(name, 0, [null, id], name === 'closeStream' ? id : 0);
    }
    const { client, id } = await watcher();
    client.sendCommand('play', 0, [null, 'two'], id);
    await until(client, 'NetStream.Play.Stop');
  });
});

describe('vod.accurateSeek', () => {
  it('marks what leads to a place, and gives it the time of the place', async () => {
    const accurate = await startTestServer(['live.maxWindowMs=0', 'vod.accurateSeek=true', `media.dir=${mediaDir}`]);
    try {
      const { client, id } = await watcher(3_600_000, accurate);
      client.sendCommand('play', 0, [null, 'two', 0], id);
      await until(client, 'NetStream.Play.Stop');
      const before = client.received.length;
      client.sendCommand('seek', 0, [null, 1250], id);
      await until(client, 'NetStream.Play.Stop');
      const video = client.received.slice(before).filter(({ type }) => type === 9);
      expect(video.slice(0, 7).map(({ timestamp, payload }) => [timestamp, payload[0], payload[1]])).toEqual([
        [1250, 0x17, 0],
        [1250, 0x57, 0],
        [1250, 0x17, 1],
        [1250, 0x27, 1],
        [1250, 0x27, 1],
        [1250, 0x57, 1],
        [1300, 0x27, 1],
      ]);
    } finally {
      await accurate.close();
    }
  });
});

describe('players of recordings', () => {
  it('are counted, and what they were given', async () => {
    const own = await startTestServer([`media.dir=${mediaDir}`]);
    const figure = async (name: string): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${own.httpPort}/metrics`)).text();
      const line = text.split('\n').find((one) => one.startsWith(`${name} `));
      return Number(line?.split(' ')[1]);
    };
    try {
      const { client, id } = await watcher(3_600_000, own);
      client.sendCommand('play', 0, [null, 'two', 0], id);
      await until(client, 'NetStream.Play.Stop');
      expect(await figure('millrace_recording_players{transport="rtmp"}')).toBe(1);
      const bytes = await figure('millrace_recording_rtmp_sent_bytes_total');
      expect(bytes).toBeGreaterThan(2500);
      client.sendCommand('closeStream', 0, [null], id);
      await client.barrier();
      expect(await figure('millrace_recording_players{transport="rtmp"}')).toBe(0);
      expect(await figure('millrace_recording_rtmp_sent_bytes_total')).toBe(bytes);
    } finally {
      await own.close();
    }
  });
});

describe('our client', () => {
  it('plays a place of a recording, seeks and plays to the end', async () => {
    const connection = await NetConnection.connect(`rtmp://127.0.0.1:${server.port}/live`);
    try {
      const stream = await connection.createStream();
      await stream.play('two', { startMs: 1000, bufferMs: 60_000 });
      const next = async (isWanted: (event: NetStreamEvent) => boolean): Promise<NetStreamEvent[]> => {
        const seen: NetStreamEvent[] = [];
        for await (const event of stream) {
          seen.push(event);
          if (isWanted(event)) return seen;
        }
        throw new Error('the stream ended');
      };
      const isStop = (event: NetStreamEvent): boolean =>
        event.type === 'status' && event.status.code === 'NetStream.Play.Stop';
      const isFrame = (event: NetStreamEvent): boolean => event.type === 'video' && event.payload[1] === 1;
      expect((await next(isStop)).filter(isFrame)).toHaveLength(10);
      stream.seek(0);
      expect((await next(isStop)).filter(isFrame)).toHaveLength(20);
    } finally {
      await connection.close();
    }
  });
});

describe('a play list', () => {
  it('goes from one to the next without a gap', async () => {
    const { client, id } = await watcher(1000);
    const before = client.received.length;
    client.sendCommand('play', 0, [null, 'long', 0, 2000], id);
    client.sendCommand('play', 0, [null, 'two', 0, 1000, false], id);
    await client.barrier();
    client.sendMessage({ type: 4, payload: concat(u16(3), u32(id), u32(3_600_000)) });
    await until(client, 'NetStream.Play.Stop');
    const times = timesOf(client.received.slice(before), 9);
    expect(storyOf(client.received.slice(before)).filter((word) => /Complete|Switch|Stop/.test(word))).toEqual([
      'NetStream.Play.Switch',
      'NetStream.Play.Complete',
      'NetStream.Play.Stop',
    ]);
    expect(times).toHaveLength(30);
    times.forEach((time, i) => {
      if (i > 0) expect(time - (times[i - 1] ?? 0)).toBeLessThanOrEqual(110);
      if (i > 0) expect(time).toBeGreaterThan(times[i - 1] ?? 0);
    });
  });

  it('leaves out what is not there', async () => {
    const { client, id } = await watcher();
    client.sendCommand('play', 0, [null, 'two'], id);
    client.sendCommand('play', 0, [null, 'none', 0, -1, false], id);
    client.sendCommand('play', 0, [null, 'two', 0, -1, false], id);
    await client.status('NetStream.Play.StreamNotFound');
    await until(client, 'NetStream.Play.Switch');
    await until(client, 'NetStream.Play.Complete');
  });

  it('can end with a live stream', async () => {
    const publisher = await TestPublisher.open(server, 'finale');
    publisher.video(0, avcKey(9));
    await publisher.client.barrier();
    const { client, id } = await watcher();
    client.sendCommand('play', 0, [null, 'two'], id);
    client.sendCommand('play', 0, [null, 'finale', -1, -1, false], id);
    await client.nextMessage(({ type, payload }) => type === 9 && Buffer.from(payload).equals(avcKey(9)));
  });
});

describe('play2', () => {
  it('changes to another recording at a key frame', async () => {
    const { client, id } = await watcher(1000);
    client.sendCommand('play', 0, [null, 'long'], id);
    await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 500);
    client.sendCommand('play2', 0, [null, { streamName: 'other', oldStreamName: 'long', transition: 'switch' }], id);
    const status = await client.status('NetStream.Play.Transition');
    expect(status.get('reason')).toBe('NetStream.Transition.Success');
    client.sendMessage({ type: 4, payload: concat(u16(3), u32(id), u32(3_600_000)) });
    await until(client, 'NetStream.Play.Stop');
    const video = client.received.filter(({ type, payload }) => type === 9 && payload[1] === 1);
    const changed = video.findIndex(({ payload }) => payload.length === 55);
    expect(video[changed]?.payload[0]).toBe(0x17);
    expect(video.slice(changed).every(({ payload }) => payload.length === 55)).toBe(true);
    expect(timesOf(client.received, 9)).toEqual(Array.from({ length: 600 }, (_, i) => i * 100));
    expect(storyOf(client.received)).toContain('NetStream.Play.TransitionComplete');
  });

  it('fails where there is nothing to change to', async () => {
    const { client, id } = await watcher(1000);
    client.sendCommand('play', 0, [null, 'long'], id);
    await client.status('NetStream.Play.Start');
    client.sendCommand('play2', 0, [null, { streamName: 'none', transition: 'switch', start: 0 }], id);
    await client.status('NetStream.Play.StreamNotFound');
    client.sendCommand('play2', 0, [null, { streamName: 'other', transition: 'switch', offset: 600 }], id);
    await client.status('NetStream.Play.Failed');
    await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 500);
  });

  it('has changed where the client seeks past the place of the change', async () => {
    const { client, id } = await watcher(1000);
    client.sendCommand('play', 0, [null, 'long'], id);
    await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 500);
    client.sendCommand('play2', 0, [null, { streamName: 'other', transition: 'switch', offset: 10 }], id);
    await client.status('NetStream.Play.Transition');
    const before = client.received.length;
    client.sendCommand('seek', 0, [null, 30_500], id);
    await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 31_000);
    const after = client.received.slice(before);
    expect(storyOf(after).slice(-5)).toEqual([
      ...['NetStream.Seek.Notify', 'NetStream.Play.Start', 'NetStream.Play.TransitionComplete', 'onMetaData', 'media'],
    ]);
    expect(timesOf(after, 9)[0]).toBe(30_000);
    const frames = after.filter(({ type, payload }) => type === 9 && payload[1] === 1);
    expect(frames.every(({ payload }) => payload.length === 55)).toBe(true);
  });

  it('lets go of what was to take over, and does not any more', async () => {
    const ended: string[] = [];
    const app = defineApp({ onStop: (_client, stream) => void ended.push(stream.name) });
    const watched = await startTestServer([`media.dir=${mediaDir}`], app);
    try {
      const { client, id } = await watcher(1000, watched);
      client.sendCommand('play', 0, [null, 'long', 0], id);
      await client.nextMessage(({ type, timestamp }) => type === 9 && timestamp === 500);
      for (const streamName of ['other', 'long']) {
        client.sendCommand('play2', 0, [null, { streamName, transition: 'switch', offset: 30, start: 0 }], id);
        await client.status('NetStream.Play.Transition');
      }
      client.sendCommand('closeStream', 0, [null], id);
      await client.barrier();
      await expect.poll(() => ended.sort()).toEqual(['long', 'long', 'other']);
    } finally {
      await watched.close();
    }
  });

  it('builds a list that waits', async () => {
    const { client, id } = await watcher();
    client.sendCommand('play2', 0, [null, { streamName: 'two', transition: 'appendAndWait' }], id);
    await client.status('NetStream.Play.Start');
    await client.barrier();
    expect(timesOf(client.received, 9)).toEqual([]);
    client.sendCommand('play2', 0, [null, { streamName: 'sub/deep', transition: 'append' }], id);
    await until(client, 'NetStream.Play.Stop');
    expect(timesOf(client.received, 9)).toHaveLength(30);
  });

  it('swaps what waits, stops, and resumes at a place', async () => {
    const { client, id } = await watcher(1000);
    client.sendCommand('play', 0, [null, 'long', 0, 1500], id);
    client.sendCommand('play', 0, [null, 'other', 0, -1, false], id);
    client.sendCommand('play2', 0, [null, { streamName: 'two', oldStreamName: 'other', transition: 'swap' }], id);
    await client.status('NetStream.Play.Transition');
    client.sendMessage({ type: 4, payload: concat(u16(3), u32(id), u32(3_600_000)) });
    await until(client, 'NetStream.Play.Complete');
    expect(timesOf(client.received, 9)).toHaveLength(35);
    client.sendCommand('play2', 0, [null, { streamName: 'two', transition: 'stop' }], id);
    await client.status('NetStream.Play.Stop');
    const before = client.received.length;
    client.sendCommand('play2', 0, [null, { streamName: 'two', transition: 'resume', offset: 1 }], id);
    await until(client, 'NetStream.Play.Complete');
    expect(timesOf(client.received.slice(before), 9)).toHaveLength(10);
  });
});

describe('an application', () => {
  it('is asked for recordings as for live streams, and answers getStreamLength itself', async () => {
    const asked: string[] = [];
    const app = defineApp({
      onPlay(_client, stream) {
        asked.push(stream.name);
        if (stream.name === 'long') throw new Error('no');
      },
    });
    const guarded = await startTestServer([`media.dir=${mediaDir}`], app);
    try {
      const { client, id } = await watcher(3_600_000, guarded);
      client.sendCommand('play', 0, [null, 'long', 0], id);
      await client.nextMessage((message) => statusOf(message)?.get('level') === 'error');
      client.sendCommand('play', 0, [null, 'two', 0], id);
      await until(client, 'NetStream.Play.Complete');
      expect(asked).toEqual(['long', 'two']);
      expect((await client.call('getStreamLength', [null, 'long'])).values[3]).toBe(0);
    } finally {
      await guarded.close();
    }
  });
});
