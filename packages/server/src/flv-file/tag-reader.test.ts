import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSample, interFrame, keyFrame, MemorySource, sampleTags, sound } from '../../test/flv-sample.js';
import { TagReader } from './tag-reader.js';

async function timesIn(file: Uint8Array, position = 13, search = false): Promise<number[]> {
  const reader = new TagReader(new MemorySource(file), position, search);
  const times: number[] = [];
  for (;;) {
    const tag = reader.peek();
    if (tag === undefined) return times;
    if (tag === 'fill') {
      await reader.fill();
      continue;
    }
    times.push(tag.timestamp);
    reader.skip();
  }
}

const tags = [keyFrame(0), sound(5), interFrame(40), interFrame(80)];
const file = encodeSample(tags);

describe('TagReader', () => {
  it('gives the tags with their payloads', async () => {
    const reader = new TagReader(new MemorySource(file), 13);
    expect(reader.peek()).toBe('fill');
    await reader.fill();
    expect(reader.peek()).toMatchObject({ tagType: 9, timestamp: 0, offset: 13 });
    expect(reader.peek()).toMatchObject({ payload: Buffer.from(tags[0]?.payload ?? []) });
    reader.skip();
    expect(reader.peek()).toMatchObject({ tagType: 8, timestamp: 5 });
  });

  it('reads a file that is longer than its window, and frames that are', async () => {
    const long = sampleTags(60_000, 1000);
    long.push(keyFrame(60_000, 3_000_000), sound(60_010));
    expect(await timesIn(encodeSample(long))).toEqual(long.map(({ timestamp }) => timestamp));
  });

  it('leaves out a tag that is cut off, but not for want of its trailer', async () => {
    expect(await timesIn(file.subarray(0, file.length - 5))).toEqual([0, 5, 40]);
    expect(await timesIn(file.subarray(0, file.length - 4))).toEqual([0, 5, 40, 80]);
    expect(await timesIn(file.subarray(0, 20))).toEqual([]);
    expect(await timesIn(new Uint8Array())).toEqual([]);
  });

  it('goes on behind bytes that are no tags', async () => {
    const cut = 13 + 120;
    const damaged = Buffer.concat([file.subarray(0, cut), Buffer.alloc(400_000, 0x09), file.subarray(cut)]);
    expect(await timesIn(damaged)).toEqual([0, 5, 40, 80]);
  });

  it('overlooks wrong trailers, and passes over reserved types', async () => {
    const wrong = Buffer.from(file);
    wrong.fill(0, 13 + 11 + 105, 13 + 11 + 105 + 4);
    expect(await timesIn(wrong)).toEqual([0, 5, 40, 80]);
    const reserved = Buffer.from(file);
    reserved[13] = 10;
    expect(await timesIn(reserved)).toEqual([5, 40, 80]);
  });

  it('finds a tag from any place', async () => {
    expect(await timesIn(file, 20, true)).toEqual([5, 40, 80]);
  });

  it('ends with all input, and gives no tags that are not there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.uint8Array({ maxLength: 40 }), async (at, bytes) => {
        const mutated = Buffer.concat([file.subarray(0, at), bytes, file.subarray(at + bytes.length)]);
        const times = await timesIn(mutated);
        expect(times.length).toBeLessThanOrEqual(tags.length + bytes.length);
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  it('takes time in proportion to what is damaged', async () => {
    // Every byte could be the first of a tag whose trailer is far away.
    const source = new MemorySource(Buffer.alloc(3_000_000, Uint8Array.of(9, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
    const reader = new TagReader(source, 13, true);
    for (let tag = reader.peek(); tag === 'fill'; tag = reader.peek()) await reader.fill();
    expect(reader.peek()).toBeUndefined();
    expect(source.readBytes).toBeLessThan(10 * source.size);
  });
});
