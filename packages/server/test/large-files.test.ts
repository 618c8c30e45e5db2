import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFlvTag, flvTagTypes } from '@millrace/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/index.js';
import { FlvFile } from '../src/flv-file/flv-file.js';
import { encodeOpenHead, newHead } from '../src/flv-file/flv-head.js';
import { finishFlv, inspectFlv, surveyFlv } from '../src/flv-file/index.js';
import { silentLogger } from '../src/log/index.js';
import { fileSource } from '../src/media-file/index.js';
import { Recordings } from '../src/recording/index.js';
import { avcHeader, encodeSample, interFrame, keyFrame, type SampleTag, sampleTags } from './flv-sample.js';
import type { WireMessage } from './wire/chunk-reader.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { concat, u16, u32 } from './wire/wire-bytes.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-large-'));
const large = join(folder, 'live', 'large.flv');
const fourGiB = 2 ** 32;
/** Nearly what a tag can hold: so many of them are more than 4 GiB. */
const frameBytes = 0xff_ff00;
const largeFrames = 258;
const smallFromMs = largeFrames * 1000;
/** The last sound ends a little later than the last picture. */
const endMs = smallFromMs + 10_005;
let server: TestServer;

beforeAll(async () => {
  mkdirSync(join(folder, 'live'));
  await writeLarge();
  server = await startTestServer(['live.maxWindowMs=0', `media.dir=${folder}`]);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A file that was never completed: key frames of which nearly all is a hole, then 10 seconds as usual. */
async function writeLarge(): Promise<void> {
  const file = await open(large, 'w');
  const head = encodeOpenHead(newHead(new Map([['width', 640]]), 'publisher'));
  const headers = encodeFlvTag(flvTagTypes.video, 0, avcHeader);
  await file.write(Buffer.concat([head, headers]), 0, undefined, 0);
  let position = head.length + headers.length;
  for (let i = 0; i < largeFrames; i += 1) {
    const start = Buffer.from(encodeFlvTag(flvTagTypes.video, i * 1000, Uint8Array.of(0x17, 1, 0, 0, 0, 1))).subarray(
      0,
      17,
    );
    start.writeUIntBE(frameBytes, 1, 3);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(frameBytes + 11);
    await file.write(start, 0, start.length, position);
    await file.write(size, 0, 4, position + 11 + frameBytes);
    position += 11 + frameBytes + 4;
  }
  const tags = sampleTags(10_000).slice(2);
  const small = tags.map(({ type, timestamp, payload }) =>
    encodeFlvTag(flvTagTypes[type], smallFromMs + timestamp, payload),
  );
  await file.write(Buffer.concat(small), 0, undefined, position);
  await file.close();
}

async function withLarge<T>(use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  const file = await open(large, 'r+');
  try {
    return await use(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

function videoTimes(messages: readonly WireMessage[]): number[] {
  return messages.filter(({ type, payload }) => type === 9 && payload[1] === 1).map(({ timestamp }) => timestamp);
}

async function play(name: string, startMs: number): Promise<Awaited<ReturnType<TestServer['connected']>>> {
  const client = await server.connected();
  const id = await client.createStream();
  client.sendMessage({ type: 4, payload: concat(u16(3), u32(id), u32(3_600_000)) });
  client.sendCommand('play', 0, [null, name, startMs], id);
  await client.status('NetStream.Play.Stop');
  return client;
}

describe('a file of more than 4 GiB', () => {
  it('is completed in place, with places behind 4 GiB', async () => {
    await withLarge(async (file, size) => {
      expect(size).toBeGreaterThan(fourGiB);
      expect(await finishFlv(file)).toBe('done');
      const { tally, soundBytes } = await surveyFlv(file, size);
      expect(soundBytes).toBe(size);
      expect(tally.keyFrames.positions.at(-1)).toBeGreaterThan(fourGiB);
      expect(tally.keyFrameCount).toBe(largeFrames + 10);
    });
  });

  it('is described', async () => {
    const report = await withLarge((file) => inspectFlv(file));
    expect(report).toMatchObject({ durationMs: endMs, statedDurationMs: endMs, damageCount: 0 });
    expect(report.bytes).toBeGreaterThan(fourGiB);
    expect(report.video.bytes).toBeGreaterThan(fourGiB);
  });

  it('is opened and sought in by little of it', async () => {
    await withLarge(async (handle, size) => {
      const source = fileSource(handle, size);
      let readBytes = 0;
      const counted = {
        size,
        read: async (target: Uint8Array, position: number) => {
          readBytes += target.length;
          return await source.read(target, position);
        },
      };
      const file = await FlvFile.open(counted);
      expect(file.durationMs).toBe(endMs);
      expect(file.lastTimestamp).toBe(endMs - 100);
      readBytes = 0;
      const point = await file.seekPoint(endMs - 1500);
      expect(point.timestamp).toBe(smallFromMs + 8000);
      expect(point.position).toBeGreaterThan(fourGiB);
      expect(file.headersAt(point.position).map(({ payload }) => [...payload])).toEqual([[...avcHeader]]);
      expect(readBytes).toBeLessThan(1024 * 1024);
    });
  });

  it('is played at its end', async () => {
    const client = await play('large', smallFromMs + 8000);
    expect(videoTimes(client.received)).toEqual(Array.from({ length: 20 }, (_, i) => i * 100));
  });

  it('is appended to', async () => {
    const before = await withLarge(async (_, size) => size);
    const config = loadConfig({ set: [`media.dir=${folder}`] });
    const recordings = new Recordings({ config, log: silentLogger, wallClock: Date.now });
    await new Promise<void>((resolve) => {
      const key = { path: '/live/large', app: 'live', name: 'large' };
      const recorder = recordings.record(key, 'append', (code) => {
        if (code !== 'NetStream.Record.Start') resolve();
      });
      for (const tag of [keyFrame(0), interFrame(40)]) {
        recorder.write({ messageTypeId: 9, timestamp: tag.timestamp, messageStreamId: 1, payload: tag.payload });
      }
      recorder.end();
    });
    await recordings.close(5000);
    await withLarge(async (file, size) => {
      expect(size).toBe(before + 2 * (11 + 105 + 4));
      const report = await inspectFlv(file);
      expect(report).toMatchObject({
        damageCount: 0,
        keyFrameCount: largeFrames + 11,
        statedDurationMs: report.durationMs,
      });
      expect(report.durationMs).toBe(endMs + 80);
    });
  });
});

describe('times beyond 2³¹ ms', () => {
  const base = 3_000_000_000;
  const shifted = (tags: readonly SampleTag[]): SampleTag[] =>
    tags.map((tag) => ({ ...tag, timestamp: base + tag.timestamp }));

  it('are those of a file in all its uses', async () => {
    const path = join(folder, 'live', 'old.flv');
    writeFileSync(path, encodeSample(shifted(sampleTags(5000))));
    const handle = await open(path);
    expect(await inspectFlv(handle)).toMatchObject({ durationMs: base + 5005, backwardSteps: 0 });
    const file = await FlvFile.open(fileSource(handle, (await handle.stat()).size));
    expect((await file.seekPoint(base + 3210)).timestamp).toBe(base + 3000);
    await handle.close();
    const client = await play('old', base + 3000);
    expect(videoTimes(client.received)).toEqual(Array.from({ length: 20 }, (_, i) => i * 100));
    const before = client.received.length;
    client.sendCommand('seek', 0, [null, base + 4500], 1);
    await client.nextMessage(
      ({ type, payload, timestamp }) => type === 9 && payload[1] === 1 && timestamp === base + 4900,
    );
    expect(videoTimes(client.received.slice(before))[0]).toBe(base + 4000);
  });
});
