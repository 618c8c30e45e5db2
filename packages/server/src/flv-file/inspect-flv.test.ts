import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodeFlvHeader,
  encodeFlvTag,
  encodeMetadata,
  FlvDemuxer,
  type FlvTag,
  type FlvTagType,
  parseMetadata,
  RtmpRemoteError,
} from '@millrace/protocol';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { finishFlv } from './finish-flv.js';
import { encodeOpenHead, headBytes, isServersRecording, newHead, readHeadProperties } from './flv-head.js';
import { FlvScanner } from './flv-scanner.js';
import { FlvTally } from './flv-tally.js';
import { inspectFlv } from './inspect-flv.js';
import { KeyFrameIndex, maxIndexEntries } from './key-frame-index.js';
import { rewriteFlv } from './rewrite-flv.js';
import { surveyFlv } from './survey-flv.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-flv-'));
afterAll(() => rmSync(folder, { recursive: true }));
const opened: FileHandle[] = [];
afterEach(async () => {
  for (const file of opened.splice(0)) await file.close();
});

async function fileOf(...parts: readonly Uint8Array[]): Promise<FileHandle> {
  const path = join(folder, 'file.flv');
  writeFileSync(path, Buffer.concat(parts));
  const file = await open(path, 'r+');
  opened.push(file);
  return file;
}

async function contentOf(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, 0);
  return bytes;
}

function tagsOf(bytes: Uint8Array): FlvTag[] {
  const demuxer = new FlvDemuxer();
  demuxer.push(new Uint8Array(bytes));
  const tags: FlvTag[] = [];
  for (let item = demuxer.next(); item !== undefined; item = demuxer.next()) if (item.kind === 'tag') tags.push(item);
  demuxer.end();
  return tags;
}

const key = Uint8Array.of(0x17, 1, 0, 0, 0, 1, 2, 3);
const inter = Uint8Array.of(0x27, 1, 0, 0, 0, 4, 5);
const sound = Uint8Array.of(0xaf, 1, 9, 9);
const header = encodeFlvHeader({ audio: true, video: true });
const media: readonly [FlvTagType, number, Uint8Array][] = [
  [9, 0, key],
  [8, 5, sound],
  [9, 40, inter],
  [9, 80, key],
];
const mediaTags = media.map(([type, time, payload]) => encodeFlvTag(type, time, payload));
const head = newHead(new Map([['width', 640]]), 'server');
const openFile = [encodeOpenHead(head), ...mediaTags];

interface Index {
  readonly duration: unknown;
  readonly filesize: unknown;
  readonly times: unknown;
  readonly filepositions: unknown;
}

function indexOf(bytes: Uint8Array): Index {
  const [first] = tagsOf(bytes);
  const demuxed = first && (parse(first.payload) as Record<string, { properties: Map<string, unknown> }>);
  const frames = demuxed?.keyframes?.properties;
  return {
    duration: demuxed?.duration,
    filesize: demuxed?.filesize,
    times: frames?.get('times'),
    filepositions: frames?.get('filepositions'),
  };
}

function parse(payload: Uint8Array): Record<string, unknown> {
  const { values } = parseMetadata(payload);
  return Object.fromEntries((values[0] as { properties: Map<string, unknown> }).properties);
}

describe('finishFlv', () => {
  it('completes a file in place: duration, size, index, kinds', async () => {
    const file = await fileOf(...openFile);
    expect(await finishFlv(file)).toBe('done');
    const bytes = await contentOf(file);
    const second =
      headBytes(head) + (mediaTags[0]?.length ?? 0) + (mediaTags[1]?.length ?? 0) + (mediaTags[2]?.length ?? 0);
    expect(indexOf(bytes)).toEqual({
      duration: 0.12,
      filesize: bytes.length,
      times: [0, 0.08],
      filepositions: [headBytes(head), second],
    });
    expect(bytes[4]).toBe(5);
    expect(
      tagsOf(bytes)
        .slice(1)
        .map(({ payload }) => payload),
    ).toEqual(media.map(([, , payload]) => payload));
    expect(readHeadProperties(tagsOf(bytes)[0]?.payload ?? key)?.get('width')).toBe(640);
    expect(isServersRecording(bytes)).toBe(true);
  });

  it('gives the same again when it was interrupted', async () => {
    const file = await fileOf(...openFile);
    await finishFlv(file);
    const once = await contentOf(file);
    expect(await finishFlv(file)).toBe('done');
    expect((await contentOf(file)).equals(once)).toBe(true);
  });

  it('cuts at the last whole tag, wherever the file ends', async () => {
    const whole = Buffer.concat(openFile);
    const first = headBytes(head);
    for (let length = first; length <= whole.length; length += 1) {
      const file = await fileOf(whole.subarray(0, length));
      const tags = mediaTags.filter((_, i) => {
        const end = first + mediaTags.slice(0, i + 1).reduce((sum, tag) => sum + tag.length, 0);
        return end - 4 <= length;
      });
      expect(await finishFlv(file)).toBe(tags.length === 0 ? 'empty' : 'done');
      if (tags.length > 0) expect(tagsOf(await contentOf(file))).toHaveLength(tags.length + 1);
    }
  });

  it('cuts what a power cut leaves: blocks of zeros', async () => {
    const file = await fileOf(...openFile, new Uint8Array(5000));
    expect(await finishFlv(file)).toBe('done');
    expect(tagsOf(await contentOf(file))).toHaveLength(5);
  });

  it.each([
    ['nothing', []],
    ['half a header', [header.subarray(0, 5)]],
    ['a header', [header]],
    ['no FLV', [new Uint8Array(100)]],
    ['half a head', [encodeOpenHead(head).subarray(0, 5000)]],
  ])('finds %s empty', async (_, parts) => {
    expect(await finishFlv(await fileOf(...parts))).toBe('empty');
  });

  it('says where there is no room for an index, and leaves what plays', async () => {
    const file = await fileOf(header, encodeFlvTag(18, 0, encodeMetadata({ width: 1 })), ...mediaTags);
    const before = await contentOf(file);
    expect(await finishFlv(file)).toBe('noRoom');
    expect((await contentOf(file)).equals(before)).toBe(true);
  });
});

describe('rewriteFlv', () => {
  async function rewrite(...parts: readonly Uint8Array[]) {
    const source = await fileOf(...parts);
    const target = await open(join(folder, 'target.flv'), 'w+');
    opened.push(target);
    const report = await rewriteFlv(source, target);
    return { report, bytes: await contentOf(target) };
  }

  it('keeps metadata and tags, mends PreviousTagSizes, and makes room for an index', async () => {
    const wrong = mediaTags.map((tag) => Uint8Array.from([...tag.subarray(0, -4), 1, 2, 3, 4]));
    const { report, bytes } = await rewrite(
      header,
      encodeFlvTag(18, 0, encodeMetadata({ width: 7, duration: 99 })),
      ...wrong,
    );
    expect(report).toMatchObject({ keptTags: 4, damages: [], lostBytes: 0, mendedTrailers: 4, bytes: bytes.length });
    expect(indexOf(bytes)).toMatchObject({ duration: 0.12, filesize: bytes.length, times: [0, 0.08] });
    const [first, ...rest] = tagsOf(bytes);
    expect(parse(first?.payload ?? key)).toMatchObject({ width: 7 });
    expect(rest.map(({ timestamp }) => timestamp)).toEqual(media.map(([, time]) => time));
    for (const position of indexOf(bytes).filepositions as number[]) expect(bytes[position]).toBe(9);
  });

  it('leaves damage out and goes on behind it', async () => {
    const noise = Buffer.alloc(3000, 0xee);
    const { report, bytes } = await rewrite(header, ...mediaTags.slice(0, 2), noise, ...mediaTags.slice(2));
    const offset = header.length + (mediaTags[0]?.length ?? 0) + (mediaTags[1]?.length ?? 0);
    expect(report).toMatchObject({ keptTags: 4, lostBytes: 3000 });
    expect(report.damages).toMatchObject([{ offset, end: offset + 3000 }]);
    expect(tagsOf(bytes)).toHaveLength(5);
  });

  it('finds tags behind a size that was damaged', async () => {
    const long = encodeFlvTag(9, 0, new Uint8Array(100));
    long[1] = 0xff;
    const { report } = await rewrite(header, long, ...mediaTags);
    expect(report).toMatchObject({ keptTags: 4, lostBytes: long.length });
  });
});

describe('FlvScanner', () => {
  it('agrees with the demuxer on sound files, and never fails otherwise than with RtmpRemoteError', async () => {
    const seed = Buffer.concat([header, ...mediaTags, encodeFlvTag(18, 0, encodeMetadata({ a: 1 })), ...mediaTags]);
    const edits = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(edits, fc.nat(seed.length), async (changes, length) => {
        const bytes = Buffer.from(seed.subarray(0, length));
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        const file = await fileOf(bytes);
        try {
          const scanner = new FlvScanner(file, length, { resync: true });
          await scanner.header();
          let covered = scanner.offset;
          for (let item = await scanner.next(); item !== undefined; item = await scanner.next()) {
            if (scanner.skippedTags === 0) expect(item.offset).toBe(covered);
            covered = item.end;
          }
          expect(covered).toBeLessThanOrEqual(length);
          await inspectFlv(file);
          await surveyFlv(file, length);
        } catch (error) {
          expect(error).toBeInstanceOf(RtmpRemoteError);
        } finally {
          await opened.pop()?.close();
        }
      }),
      { numRuns: 200, seed: 20261121 },
    );
  });

  it('reads positions beyond 4 GiB', async () => {
    const path = join(folder, 'huge.flv');
    const far = 5 * 1024 ** 3;
    const file = await open(path, 'w+');
    opened.push(file);
    // Tags of 16 MB of zeros, which a sparse file does not store.
    const size = 0xff_ffff;
    let at = 13;
    await file.write(header, 0, 13, 0);
    while (at < far) {
      const tag = encodeFlvTag(9, 1, new Uint8Array(0));
      tag.set([size >>> 16, (size >>> 8) & 0xff, size & 0xff], 1);
      await file.write(tag, 0, 11, at);
      await file.write(
        Buffer.from([(size + 11) >>> 24, (size + 11) >>> 16, (size + 11) >>> 8, size + 11]),
        0,
        4,
        at + 11 + size,
      );
      at += size + 15;
    }
    await file.write(mediaTags[0] ?? key, 0, mediaTags[0]?.length ?? 0, at);
    const { tally, soundBytes } = await surveyFlv(file, (await file.stat()).size);
    expect(tally.keyFrames.positions.at(-1)).toBe(at);
    expect(soundBytes).toBeGreaterThan(far);
    rmSync(path);
  });
});

describe('KeyFrameIndex', () => {
  it('stays within its bound and keeps entries evenly', () => {
    const index = new KeyFrameIndex();
    for (let i = 0; i < 5 * maxIndexEntries; i += 1) index.add(i, i * 10);
    expect(index.times.length).toBeLessThan(maxIndexEntries);
    const steps = new Set(index.times.slice(1).map((time, i) => time - (index.times[i] ?? 0)));
    expect([...steps]).toEqual([8]);
    expect(index.positions).toEqual(index.times.map((time) => time * 10));
  });

  it('fits into every head', async () => {
    const tally = new FlvTally();
    const tags: Uint8Array[] = [encodeOpenHead(head)];
    let position = headBytes(head);
    for (let i = 0; i < maxIndexEntries - 1; i += 1) {
      const tag = encodeFlvTag(9, i, key);
      tally.note(9, i, key, position);
      position += tag.length;
      tags.push(tag);
    }
    const file = await fileOf(...tags);
    expect(await finishFlv(file)).toBe('done');
    expect(indexOf(await contentOf(file)).filepositions).toEqual(tally.keyFrames.positions);
  });
});

describe('inspectFlv', () => {
  it('says what is in a file', async () => {
    const file = await fileOf(...openFile, Uint8Array.of(9, 0, 0));
    await expect(inspectFlv(file)).resolves.toMatchObject({
      durationMs: 120,
      statedDurationMs: undefined,
      keyFrameCount: 2,
      longestGopMs: 80,
      video: { codec: 'h264', tags: 3 },
      audio: { codec: 'aac', tags: 1 },
      metadata: { video: [{ width: 640 }] },
      damageCount: 1,
      lostBytes: 3,
    });
    expect(readFileSync(join(folder, 'file.flv')).length).toBe((await file.stat()).size);
  });
});
