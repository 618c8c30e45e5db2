import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { encodeAmf0, type RawMessage } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aacHeader, avcHeader, interFrame, keyFrame, type SampleTag, sound } from '../../test/flv-sample.js';
import { loadConfig } from '../config/index.js';
import type { PublicationObserver } from '../live/index.js';
import { createLogger, silentLogger } from '../log/index.js';
import type { FileTag } from '../media-file/index.js';
import { DvrFile } from './dvr-file.js';
import type { DvrWindow } from './dvr-window.js';
import { DvrWindows } from './dvr-windows.js';

let folder: string;
const running: DvrWindows[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-dvr-'));
});
afterEach(async () => {
  for (const windows of running.splice(0)) await windows.close();
  rmSync(folder, { recursive: true, force: true });
});

let nowMs = 0;
function windowsWith(set: readonly string[] = [], log = silentLogger): DvrWindows {
  const config = loadConfig({
    set: [`state.dir=${folder}`, 'dvr.streams=*', 'dvr.segmentMs=1000', 'dvr.windowMs=10000', ...set],
  });
  const windows = new DvrWindows({ config, log, now: () => nowMs });
  running.push(windows);
  return windows;
}

const types = { audio: 8, video: 9, script: 18 } as const;

/** A publication: what was written, in order, is what players get. */
class Publication {
  readonly sent: RawMessage[] = [];
  readonly window: DvrWindow;
  readonly #observer: PublicationObserver;

  constructor(windows: DvrWindows) {
    const observer = windows.observe({ path: '/live/a', app: 'live', name: 'a' });
    const window = windows.find({ app: 'live', name: 'a' });
    if (observer === undefined || window === undefined) throw new Error('there is no window');
    this.#observer = observer;
    this.window = window;
  }

  write(...tags: readonly SampleTag[]): void {
    for (const { type, timestamp, payload } of tags) {
      const message = { messageTypeId: types[type], timestamp: timestamp >>> 0, messageStreamId: 1, payload };
      this.sent.push(message);
      this.#observer.write(message, this.sent.length);
      nowMs += 100;
    }
  }

  /** A frame of video and of sound each 100 ms, a key frame each second, from one time to another. */
  play(fromMs: number, toMs: number, frameBytes = 3000): void {
    for (let time = fromMs; time < toMs; time += 100) {
      this.write(time % 1000 === 0 ? keyFrame(time, frameBytes) : interFrame(time, frameBytes), sound(time + 5));
    }
  }

  end(): void {
    this.#observer.end();
  }
}

/** Everything from a place to the edge, or the end. */
async function readAll(window: DvrWindow, sequence: number): Promise<FileTag[]> {
  const reader = new DvrFile(window).reader(sequence);
  const tags: FileTag[] = [];
  for (let tag = reader.peek(); tag !== undefined && tag !== 'later'; tag = reader.peek()) {
    if (tag === 'fill') {
      await reader.fill();
      continue;
    }
    tags.push({ ...tag, payload: new Uint8Array(tag.payload) });
    reader.skip();
  }
  return tags;
}

function asSent({ messageTypeId, timestamp, payload }: RawMessage): unknown {
  return { messageTypeId, timestamp, payload: [...payload] };
}

function asRead({ tagType, timestamp, payload }: FileTag): unknown {
  return { messageTypeId: tagType, timestamp: timestamp >>> 0, payload: [...payload] };
}

const header = (payload: Uint8Array, timestamp = 0): SampleTag => ({ type: 'video', timestamp, payload });

describe('a window', () => {
  it('gives what was published, from the queue and from disk, each message once', async () => {
    const publication = new Publication(windowsWith());
    publication.write(header(avcHeader), { type: 'audio', timestamp: 0, payload: aacHeader });
    publication.play(0, 5000);
    const { window, sent } = publication;
    const expected = sent.slice(2).map(asSent);
    expect((await readAll(window, 2)).map(asRead)).toEqual(expected);
    await Promise.all(window.segments.map((segment) => segment.finish()));
    expect(window.segments.every(({ pendingBytes }) => pendingBytes === 0)).toBe(true);
    expect((await readAll(window, 2)).map(asRead)).toEqual(expected);
    expect((await readAll(window, 57)).map(asRead)).toEqual(sent.slice(57).map(asSent));
    expect(window.segments).toHaveLength(5);
  });

  it('begins at frames: what comes before counts for them', async () => {
    const publication = new Publication(windowsWith());
    const metadata: SampleTag = {
      type: 'script',
      timestamp: 0,
      payload: encodeAmf0(['@setDataFrame', 'onMetaData', { width: 1 }]),
    };
    publication.write(metadata, header(avcHeader), keyFrame(7000));
    const { oldest } = publication.window;
    expect(oldest).toEqual({ sequence: 2, timeMs: 7000 });
    const { data, media } = publication.window.headersAt(2);
    expect(media.map(({ payload }) => payload)).toEqual([avcHeader]);
    expect(data.map(({ payload }) => payload)).toEqual([encodeAmf0(['onMetaData', { width: 1 }])]);
  });

  it('slides: the oldest files go, and who reads there goes on at the oldest place that is left', async () => {
    const publication = new Publication(windowsWith());
    publication.write(header(avcHeader));
    publication.play(0, 3000);
    const { window } = publication;
    const reader = new DvrFile(window).reader(1);
    await reader.fill();
    publication.play(3000, 30_000);
    expect(window.oldest?.timeMs).toBe(19_000);
    expect(window.toMs).toBe(29_905);
    expect(window.segments).toHaveLength(11);
    await window.settled();
    // The newest may still be on its way to the disk.
    await expect.poll(() => readdirSync(join(folder, 'dvr'))).toHaveLength(11);
    const [first, second] = (await readAll(window, 1)).map(asRead);
    expect(first).toEqual(asSent({ ...publication.sent[0], timestamp: 19_000 } as RawMessage));
    expect(second).toMatchObject({ messageTypeId: 9, timestamp: 19_000 });
  });

  it('takes no more memory the longer it is', async () => {
    const publication = new Publication(windowsWith(['dvr.windowMs=604800000', 'dvr.maxBytes=2000000']));
    publication.play(0, 600_000, 500);
    const { window } = publication;
    expect(window.bytes).toBeLessThan(2_000_000 + 500_000);
    expect(window.segments.length).toBeLessThan(20);
    const sets = new Set(window.segments.flatMap(({ headerSets }) => headerSets));
    expect(sets.size).toBe(1);
  });

  it('finds places by time, and the edges for times outside', async () => {
    const publication = new Publication(windowsWith());
    publication.write(header(avcHeader));
    publication.play(0, 30_000);
    const file = new DvrFile(publication.window);
    const timeOf = async (timeMs: number): Promise<number> => (await file.seekPoint(timeMs)).timestamp;
    expect(await timeOf(25_000)).toBe(25_000);
    expect(await timeOf(25_999)).toBe(25_000);
    expect(await timeOf(0)).toBe(19_000);
    expect(await timeOf(1e9)).toBe(29_000);
    const { position } = await file.seekPoint(25_999);
    expect(asRead((await readAll(publication.window, position))[0] as FileTag)).toEqual(
      asSent(publication.sent[position] as RawMessage),
    );
    expect((await file.keyFrameFrom(24_001))?.timestamp).toBe(25_000);
    expect(await file.keyFrameFrom(29_001)).toBeUndefined();
  });

  it('has places in sound alone, before the picture and after it', async () => {
    const publication = new Publication(windowsWith(['dvr.windowMs=60000']));
    // Announced, as encoders do whose camera is off.
    publication.write(header(avcHeader));
    for (let time = 0; time < 3000; time += 100) publication.write(sound(time));
    expect(publication.window.oldest?.timeMs).toBe(0);
    publication.play(3000, 6000);
    for (let time = 6000; time < 30_000; time += 100) publication.write(sound(time));
    const file = new DvrFile(publication.window);
    const timeOf = async (timeMs: number): Promise<number> => (await file.seekPoint(timeMs)).timestamp;
    expect(await timeOf(1250)).toBe(1200);
    expect(await timeOf(3250)).toBe(3000);
    expect(await timeOf(25_050)).toBe(25_000);
  });

  it('goes on where timestamps begin again at 0', async () => {
    const publication = new Publication(windowsWith());
    const wrap = 2 ** 32;
    publication.write(header(avcHeader));
    for (let time = wrap - 3000; time < wrap + 4000; time += 500) {
      publication.write(time % 1000 === 296 ? keyFrame(time) : interFrame(time));
    }
    publication.write(keyFrame(wrap + 4000));
    const file = new DvrFile(publication.window);
    expect(publication.window.toMs).toBe(wrap + 4000);
    expect(publication.window.segments.length).toBeGreaterThan(0);
    const tags = await readAll(publication.window, 1);
    expect(tags.map(asRead)).toEqual(publication.sent.slice(1).map(asSent));
    expect(tags.at(-1)?.timestamp).toBe(wrap + 4000);
    expect((await file.seekPoint(wrap + 4500)).timestamp).toBe(wrap + 4000);
  });

  it('begins anew where the publisher sets its clock back', async () => {
    const publication = new Publication(windowsWith());
    publication.play(60_000, 65_000);
    publication.play(0, 2000);
    expect(publication.window.oldest).toEqual({ sequence: 100, timeMs: 0 });
    expect((await readAll(publication.window, 10)).filter(({ tagType }) => tagType === 9)).toHaveLength(20);
  });

  it('knows which headers count after a change of codec', async () => {
    const publication = new Publication(windowsWith());
    const second = Uint8Array.of(...avcHeader.subarray(0, 8), 0x1f);
    const mp3: SampleTag = { type: 'audio', timestamp: 2005, payload: Uint8Array.of(0x2f, 1, 2, 3) };
    publication.write(header(avcHeader), { type: 'audio', timestamp: 0, payload: aacHeader });
    publication.play(0, 1000);
    publication.write(header(avcHeader, 1000), header(second, 1000));
    publication.write(keyFrame(1000), interFrame(1500), keyFrame(2000), mp3, keyFrame(3000));
    const headers = (sequence: number): unknown =>
      publication.window.headersAt(sequence).media.map(({ payload }) => payload);
    expect(headers(2)).toEqual([avcHeader, aacHeader]);
    expect(headers(22)).toEqual([avcHeader, aacHeader]);
    expect(headers(24)).toEqual([aacHeader, second]);
    expect(headers(28)).toEqual([second]);
  });

  it('of sound alone can be entered at each frame', async () => {
    const publication = new Publication(windowsWith());
    for (let time = 0; time < 5000; time += 20) publication.write(sound(time));
    const { timestamp } = await new DvrFile(publication.window).seekPoint(3333);
    expect(timestamp).toBe(3320);
  });

  it('that never has a key frame is bounded, and cannot be sought in', async () => {
    const publication = new Publication(windowsWith(['dvr.maxBytes=1048576']));
    for (let time = 0; time < 60_000; time += 20) publication.write(interFrame(time, 3000));
    expect(publication.window.bytes).toBeLessThan(2 * 1_048_576);
    expect(publication.window.oldest).toBeUndefined();
  });

  it('is bounded where headers change all the time, and where time flies', async () => {
    const publication = new Publication(windowsWith(['dvr.windowMs=604800000']));
    for (let i = 0; i < 3000; i += 1) {
      const payload = new Uint8Array(10_000).fill(i % 251);
      payload.set([0x17, 0, 0, 0, 0, i & 255, i >> 8]);
      publication.write(header(payload, i), keyFrame(i * 1000, 10));
    }
    const sets = new Set(publication.window.segments.flatMap(({ headerSets }) => headerSets));
    expect(sets.size).toBeLessThan(2000);
    expect(publication.window.segments.length).toBeLessThan(700);
  });

  it('is deleted with its publication, unless somebody still reads', async () => {
    const windows = windowsWith();
    const publication = new Publication(windows);
    const { window } = publication;
    publication.play(0, 2000);
    window.use();
    publication.end();
    expect(windows.find({ app: 'live', name: 'a' })).toBeUndefined();
    expect(await readAll(window, 0)).toHaveLength(40);
    window.release();
    expect(window.isClosed).toBe(true);
    await window.settled();
    expect(readdirSync(join(folder, 'dvr'))).toEqual([]);
    expect(await readAll(window, 0)).toEqual([]);
  });

  it('ends where its files cannot be written, which is logged', async () => {
    const lines: string[] = [];
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    const log = createLogger({ level: 'warn', format: 'json', output });
    writeFileSync(join(folder, 'dvr'), 'a file in the place of the folder');
    const windows = windowsWith([], log);
    const publication = new Publication(windows);
    publication.play(0, 1000, 300_000);
    await expect.poll(() => publication.window.isClosed).toBe(true);
    publication.play(1000, 2000);
    expect(windows.find({ app: 'live', name: 'a' })).toBeUndefined();
    expect(await readAll(publication.window, 0)).toEqual([]);
    expect(lines.filter((line) => line.includes('the stream has no window any more'))).toHaveLength(1);
  });

  it('ends where the disk has too little room', async () => {
    const publication = new Publication(windowsWith([`dvr.minFreeBytes=${Number.MAX_SAFE_INTEGER}`]));
    publication.play(0, 1000, 300_000);
    await expect.poll(() => publication.window.isClosed).toBe(true);
  });
});

describe('DvrWindows', () => {
  it('deletes what a killed server has left, and nothing else', async () => {
    mkdirSync(join(folder, 'dvr'));
    writeFileSync(join(folder, 'dvr', '1-1.dvr'), 'left');
    writeFileSync(join(folder, 'dvr', 'mine.txt'), 'kept');
    await windowsWith().start();
    expect(readdirSync(join(folder, 'dvr'))).toEqual(['mine.txt']);
  });

  it('leaves nothing behind', async () => {
    const windows = windowsWith();
    const publication = new Publication(windows);
    publication.play(0, 3000, 300_000);
    await windows.close();
    expect(readdirSync(join(folder, 'dvr'))).toEqual([]);
  });

  it('has none for other streams', () => {
    const windows = windowsWith(['dvr.streams=live/b']);
    expect(windows.observe({ path: '/live/a', app: 'live', name: 'a' })).toBeUndefined();
    expect(existsSync(join(folder, 'dvr'))).toBe(false);
  });
});
