import { AmfEcmaArray, parseMetadata, RtmpRemoteError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import {
  aacHeader,
  avcHeader,
  encodeSample,
  keyFrame,
  MemorySource,
  metadataTag,
  sampleTags,
  sound,
} from '../../test/flv-sample.js';
import { FlvFile } from './flv-file.js';

async function opened(bytes: Uint8Array): Promise<FlvFile> {
  return FlvFile.open(new MemorySource(bytes));
}

function positionOf(tags: readonly Parameters<typeof encodeSample>[0][number][], count: number): number {
  return encodeSample(tags.slice(0, count)).length;
}

describe('FlvFile', () => {
  it('knows its length, its metadata and its sequence headers', async () => {
    const file = await opened(
      encodeSample([metadataTag({ width: 640, filler: [0, 0], keyframes: 1 }), ...sampleTags(5000)]),
    );
    expect(file.durationMs).toBe(4905);
    expect(file.headersAt().map(({ payload }) => [...payload])).toEqual([[...avcHeader], [...aacHeader]]);
    const { handler, values } = parseMetadata(file.metadata.payload);
    expect(handler).toBe('onMetaData');
    expect(values).toEqual([
      new AmfEcmaArray(
        [
          ['duration', 4.905],
          ['width', 640],
        ],
        2,
      ),
    ]);
    expect(file.metadata.timestamp).toBe(0);
  });

  it('believes the duration that it says', async () => {
    const file = await opened(encodeSample([metadataTag({ duration: 12.5 }), ...sampleTags(5000)]));
    expect(file.durationMs).toBe(12_500);
  });

  it.each([
    [0, 0],
    [999, 0],
    [1000, 1000],
    [4321, 4000],
    [1e9, 4000],
  ])('finds the key frame for %d at %d', async (timeMs, timestamp) => {
    const file = await opened(encodeSample(sampleTags(5000)));
    for (let i = 0; i < 2; i += 1) {
      const point = await file.seekPoint(timeMs);
      expect(point.timestamp).toBe(timestamp);
    }
  });

  it('reads a long file once to know its places', async () => {
    const source = new MemorySource(encodeSample(sampleTags(200_000, 4000)));
    const file = await FlvFile.open(source);
    await file.seekPoint(199_000);
    const { readBytes } = source;
    for (const timeMs of [198_000, 100_000, 3000, 197_000]) {
      expect((await file.seekPoint(timeMs)).timestamp).toBe(timeMs);
    }
    expect(source.readBytes - readBytes).toBeLessThan(source.size / 2);
  });

  it('uses the list of key frames in the file, and not a wrong one', async () => {
    const length = 5000;
    const tags = (positions: number[], times: number[]) => [
      metadataTag({ keyframes: { times, filepositions: positions } }),
      ...sampleTags(length),
    ];
    const places = tags([1e6, 1e6, 1e6], [0, 1, 2]);
    const indexOf = (timestamp: number) =>
      places.findIndex((tag) => tag.payload[0] === 0x17 && tag.payload[1] === 1 && tag.timestamp === timestamp);
    const right = [1000, 2000, 3000].map((timestamp) => positionOf(places, indexOf(timestamp)));
    const file = await opened(encodeSample(tags(right, [1, 2, 3])));
    expect(await file.seekPoint(3500)).toEqual({ timestamp: 3000, position: right[2] });
    const wrong = await opened(
      encodeSample(
        tags(
          right.map((position) => position + 7),
          [1, 2, 3],
        ),
      ),
    );
    expect(await wrong.seekPoint(3500)).toEqual({ timestamp: 3000, position: right[2] });
  });

  it('finds the next key frame', async () => {
    const file = await opened(encodeSample(sampleTags(5000)));
    expect((await file.keyFrameFrom(1001))?.timestamp).toBe(2000);
    expect((await file.keyFrameFrom(2000))?.timestamp).toBe(2000);
    expect(await file.keyFrameFrom(4001)).toBeUndefined();
  });

  it('finds frames where there is sound only', async () => {
    const file = await opened(encodeSample([sound(0), sound(100), sound(200), sound(300)]));
    expect((await file.seekPoint(250)).timestamp).toBe(200);
  });

  it('is found behind damage, too', async () => {
    const tags = sampleTags(5000);
    const sample = encodeSample(tags);
    const damaged = Buffer.concat([sample.subarray(0, 1500), Buffer.alloc(5000, 0xff), sample.subarray(1500)]);
    const file = await opened(damaged);
    expect((await file.seekPoint(4500)).timestamp).toBe(4000);
    expect(file.durationMs).toBe(4905);
  });

  it('may be empty', async () => {
    const file = await opened(encodeSample([]));
    expect(file.durationMs).toBe(0);
    expect(await file.seekPoint(100)).toEqual(file.start);
  });

  it.each([
    ['nothing', new Uint8Array(), 'ERR_FLV_TRUNCATED'],
    ['text', Buffer.from('no film at all'), 'ERR_FLV_SIGNATURE'],
    ['a header that is too long', Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 0xff, 0, 0, 9), 'ERR_FLV_DATA_OFFSET'],
  ])('refuses %s', async (_, bytes, code) => {
    const error = await opened(bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RtmpRemoteError);
    expect(error).toMatchObject({ code });
  });

  it('takes what a hostile file says of itself', async () => {
    const odd = { duration: -1, keyframes: { times: [3, 2, 1], filepositions: [1, 2, 3] }, width: Number.NaN };
    const file = await opened(encodeSample([metadataTag(odd), keyFrame(0), keyFrame(4_000_000_000)]));
    expect(file.durationMs).toBe(4_000_000_000);
    expect((await file.seekPoint(5)).timestamp).toBe(0);
  });
});
