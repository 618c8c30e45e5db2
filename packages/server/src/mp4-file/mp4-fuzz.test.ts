import { RtmpRemoteError } from '@millrace/protocol';
import { array, assert, asyncProperty, constantFrom, integer, nat, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../test/flv-sample.js';
import { audioTrack, encodeFragments, encodeMp4, videoTrack } from '../../test/mp4-sample.js';
import { Mp4File } from './mp4-file.js';

const edits = [{ duration: 100, mediaTime: 512 }];
const tracks = [{ ...videoTrack(12, true, 10), edits }, audioTrack(12, 5)];
const files = [
  encodeMp4(tracks),
  encodeMp4(tracks, { isFront: true, isLong: true, samplesPerChunk: 3 }),
  encodeFragments(tracks, 0.2),
  encodeFragments(tracks, 0.2, { base: 'before', isTimeless: true }),
];
const typed = Buffer.from('moovtrakmdiaminfstblstszstcostscsttscttsstsdavc1mp4amdatmoofedtselst', 'latin1');
/** What is not a byte, but the first of a count or a size. */
const numbers = [0, 1, 0x7f, 0x80, 0xff];

/** Opens it, and does with it what players do. Returns the number of tags. */
async function use(bytes: Uint8Array): Promise<number> {
  try {
    const file = await Mp4File.open(new MemorySource(bytes));
    const point = await file.seekPoint(200);
    await file.keyFrameFrom(100);
    file.headersAt(point.position);
    expect(file.metadata.payload.length).toBeGreaterThan(10);
    expect(file.durationMs).toBeGreaterThanOrEqual(0);
    let tags = 0;
    for (const position of [0, point.position]) {
      const reader = file.reader(position);
      let before = -1;
      let fills = 0;
      for (let tag = reader.peek(); tag !== undefined && fills < 200; tag = reader.peek()) {
        if (tag === 'fill') {
          fills += 1;
          await reader.fill();
          continue;
        }
        tags += 1;
        expect(tag.offset).toBeGreaterThan(before);
        expect(tag.timestamp >= 0 && tag.timestamp <= 0xffff_ffff && Number.isInteger(tag.timestamp)).toBe(true);
        before = tag.offset;
        reader.skip();
      }
    }
    return tags;
  } catch (error) {
    if (!(error instanceof RtmpRemoteError)) throw error;
    expect(error.code).toMatch(/^ERR_MP4_/);
    return 0;
  }
}

describe('any bytes', () => {
  it('are played, or refused with a code', async () => {
    const change = tuple(nat(), constantFrom(...numbers, ...typed), integer({ min: 1, max: 4 }));
    await assert(
      asyncProperty(nat(files.length - 1), array(change, { minLength: 1, maxLength: 4 }), async (file, changes) => {
        const bytes = Buffer.from(files[file] ?? '');
        for (const [at, value, length] of changes)
          bytes.subarray(at % bytes.length).fill(value, 0, Math.min(length, bytes.length - (at % bytes.length)));
        await use(bytes);
      }),
      { numRuns: 600, seed: 14 },
    );
  });

  it('may end anywhere', async () => {
    for (const file of files) {
      let most = 0;
      for (let length = 0; length <= file.length; length += 3) {
        most = Math.max(most, await use(file.subarray(0, length)));
      }
      expect(Math.max(most, await use(file))).toBe(await use(file));
    }
  });

  it('may be boxes without an end', async () => {
    const boxes = Buffer.alloc(8 * 100_000, Buffer.from('\0\0\0\x08free', 'latin1'));
    expect(await use(boxes)).toBe(0);
    expect(await use(Buffer.concat([Buffer.from('\x00\x0c\x35\x08moov', 'latin1'), boxes]))).toBe(0);
  });
});
