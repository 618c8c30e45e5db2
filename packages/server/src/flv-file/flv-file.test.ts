import { AmfEcmaArray, parseMetadata, RtmpRemoteError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import {
  aacHeader,
  avcHeader,
  encodeSample,
  keyFrame,
  MemorySource,
  metadataTag,
  type SampleTag,
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
  it('is opened without a look at all that is behind its tags', async () => {
    const tags = sampleTags(1000);
    const bytes = new Uint8Array(64 * 1024 * 1024);
    bytes.set(encodeSample(tags));
    const source = new MemorySource(bytes);
    const file = await FlvFile.open(source);
    expect(file.hasVideo).toBe(true);
    expect(source.readBytes).toBeLessThan(32 * 1024 * 1024);
  });

  it('knows its length, its metadata and its sequence headers', async () => {
    const file = await opened(
      encodeSample([metadataTag({ width: 640, filler: [0, 0], keyframes: 1 }), ...sampleTags(5000)]),
    );
    expect(file.durationMs).toBe(4905);
    expect(file.headersAt(file.bytes).map(({ payload }) => [...payload])).toEqual([[...avcHeader], [...aacHeader]]);
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

  describe('with a codec that changes', () => {
    const second = Uint8Array.of(0x17, 0, 0, 0, 0, 1, 0x4d, 0x40, 0x1f);
    const tags = [
      ...sampleTags(600_000).slice(0, 6000),
      { type: 'video', timestamp: 300_000, payload: second } as const,
      ...sampleTags(600_000).slice(6002),
    ];
    const headers = (file: FlvFile, position: number) => file.headersAt(position).map(({ payload }) => [...payload]);
    const placesOf = (list: SampleTag[], wanted: (tag: SampleTag) => boolean) =>
      list.flatMap((tag, i) => (wanted(tag) ? [{ timestamp: tag.timestamp, position: positionOf(list, i) }] : []));

    it('has the headers that count at a place where it was read up to there', async () => {
      const file = await opened(encodeSample(tags));
      const late = await file.seekPoint(400_000);
      const early = await file.seekPoint(200_000);
      expect(headers(file, late.position)).toEqual([[...aacHeader], [...second]]);
      expect(headers(file, early.position)).toEqual([[...avcHeader], [...aacHeader]]);
    });

    it('has them where the file lists them, without reading it', async () => {
      const listed = (headerPlaces: number[], framePlaces: number[]): SampleTag[] => [
        metadataTag({
          keyframes: { times: framePlaces.map((_, i) => i), filepositions: framePlaces },
          sequenceHeaders: { times: headerPlaces.map(() => 0), filepositions: headerPlaces },
        }),
        ...tags,
      ];
      const isHeader = ({ payload }: SampleTag): boolean => payload[1] === 0;
      const isKey = ({ payload }: SampleTag): boolean => payload[0] === 0x17 && payload[1] === 1;
      const model = listed([1e6, 1e6, 1e6], new Array(600).fill(1e6));
      const places = placesOf(model.slice(1), isHeader).map(({ position }) => position);
      const shift = positionOf(model, 1) - positionOf([], 0);
      const file = listed(
        places.map((position) => position + shift),
        placesOf(model.slice(1), isKey).map(({ position }) => position + shift),
      );
      const source = new MemorySource(encodeSample(file));
      const opened = await FlvFile.open(source);
      const { readBytes } = source;
      const late = await opened.seekPoint(400_000);
      expect(late.timestamp).toBe(400_000);
      expect(headers(opened, late.position)).toEqual([[...aacHeader], [...second]]);
      expect(source.readBytes - readBytes).toBeLessThan(300_000);
    });

    it('learns of them from players', async () => {
      const keyframes = { times: [0], filepositions: [1e6] };
      const file = await opened(encodeSample([metadataTag({ keyframes }), ...tags]));
      const reader = file.reader(file.start.position);
      for (let tag = reader.peek(); tag !== undefined; tag = reader.peek()) {
        if (typeof tag === 'string') await reader.fill();
        else {
          file.noteHeaders(tag);
          reader.skip();
        }
      }
      expect(headers(file, file.bytes)).toEqual([[...aacHeader], [...second]]);
    });

    it('does not believe a list that points elsewhere', async () => {
      const sequenceHeaders = { times: [0, 1, 2, 3], filepositions: [3, 500, 501, 1e12] };
      const file = await opened(encodeSample([metadataTag({ sequenceHeaders }), ...tags]));
      const { position } = await file.seekPoint(200_000);
      expect(headers(file, position)).toEqual([[...avcHeader], [...aacHeader]]);
    });

    it('keeps a bounded number of them', async () => {
      const flood = Array.from({ length: 3000 }, (_, i) => ({
        type: 'video' as const,
        timestamp: i,
        payload: Uint8Array.of(0x17, 0, 0, 0, 0, 1, i & 255, i >> 8, 0x1f),
      }));
      const file = await opened(encodeSample([...flood, keyFrame(4000)]));
      await file.seekPoint(5000);
      expect(headers(file, file.bytes)).toHaveLength(1);
    });
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
