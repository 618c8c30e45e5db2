import { parseMetadata, parseVideoTagHeader, RtmpRemoteError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../test/flv-sample.js';
import {
  audioTrack,
  encodeFragments,
  encodeMp4,
  ftyp,
  fullBox,
  type Mp4Sample,
  type Mp4SampleTrack,
  mp4Box,
  u8,
  u16,
  u32,
  videoEntry,
  videoTrack,
} from '../../test/mp4-sample.js';
import { type ByteSource, type FileTag, WindowCache } from '../media-file/index.js';
import { Mp4File } from './mp4-file.js';

async function opened(bytes: Uint8Array): Promise<Mp4File> {
  return Mp4File.open(new MemorySource(bytes));
}

async function tagsFrom(file: Mp4File, position = 0): Promise<FileTag[]> {
  const reader = file.reader(position);
  const tags: FileTag[] = [];
  for (let tag = reader.peek(); tag !== undefined; tag = reader.peek()) {
    if (tag === 'fill') await reader.fill();
    else {
      tags.push(tag);
      reader.skip();
    }
  }
  return tags;
}

/** Kind, time, and the bytes of FLV's head with the first of the sample. */
function brief({ tagType, timestamp, payload }: FileTag): string {
  return `${tagType === 9 ? 'v' : 'a'}${timestamp} ${Buffer.from(payload.subarray(0, tagType === 9 ? 6 : 3)).toString('hex')}`;
}

const briefs = async (file: Mp4File): Promise<string[]> => (await tagsFrom(file)).map(brief);

/** What is expected of the two tracks, in order of time. */
const plainBegin = [
  'v0 170000000001',
  'a0 af0011',
  'v0 170100000000',
  'a0 af0164',
  'a21 af0165',
  'v40 270100000001',
  'a43 af0166',
  'a64 af0167',
  'v80 270100000002',
];

describe('Mp4File', () => {
  const tracks = [videoTrack(60), audioTrack(100)];

  it.each([
    ['behind its media', {}],
    ['in front of it', { isFront: true }],
    ['with long places', { isLong: true }],
    ['with long places, in front', { isLong: true, isFront: true }],
    ['in front of media without a size', { isFront: true, isOpen: true }],
    ['among other boxes', { filler: [mp4Box('free', Buffer.alloc(9)), mp4Box('skip'), mp4Box('wide')] }],
    ['for chunks of several samples', { samplesPerChunk: 7 }],
  ])('is read with its index %s', async (_, options) => {
    const file = await opened(encodeMp4(tracks, options));
    const all = await briefs(file);
    expect(all).toHaveLength(162);
    expect(all.slice(0, 9)).toEqual(plainBegin);
    expect(file.durationMs).toBe(2400);
    expect(file.lastTimestamp).toBe(2360);
    expect(file.index.damages).toEqual([]);
  });

  it.each([
    ['of their own', { base: 'moof' }],
    ['in the file', { base: 'file' }],
    ['one behind the other', { base: 'before' }],
    ['without times', { isTimeless: true }],
  ] as const)('may have fragments, with places %s', async (_, options) => {
    const file = await opened(encodeFragments(tracks, 0.7, options));
    expect(file.index.fragments).toBe(4);
    expect(await briefs(file)).toEqual(await briefs(await opened(encodeMp4(tracks))));
  });

  it('says what is in it', async () => {
    const { handler, values } = parseMetadata((await opened(encodeMp4(tracks))).metadata.payload);
    expect(handler).toBe('onMetaData');
    expect(values[0]).toMatchObject({
      properties: new Map<string, unknown>([
        ['duration', 2.4],
        ['moovPosition', expect.any(Number)],
        ['width', 320],
        ['height', 180],
        ['videocodecid', 7],
        ['framerate', 25],
        ['videoframerate', 25],
        ['avcprofile', 0x42],
        ['avclevel', 0x1e],
        ['audiocodecid', 10],
        ['audiosamplerate', 48_000],
        ['audiochannels', 2],
        ['stereo', true],
        ['trackinfo', expect.anything()],
      ]),
    });
  });

  it('tells when pictures are shown', async () => {
    const [first, second, third] = (await tagsFrom(await opened(encodeMp4([videoTrack(30, true)])))).slice(1);
    const times = [first, second, third].map((tag) => parseVideoTagHeader(tag?.payload ?? u8())?.compositionTimeMs);
    expect(times).toEqual([80, 160, 40]);
  });

  it('begins at 0, with sound and picture as the edit lists have them', async () => {
    const video = { ...videoTrack(30, true), edits: [{ duration: 1200, mediaTime: 1024 }] };
    const audio = { ...audioTrack(50), edits: [{ duration: 1000, mediaTime: 1024 }] };
    const tags = await tagsFrom(await opened(encodeMp4([video, audio])));
    // The picture is decoded 80 ms before it is shown, the sound begins 21 ms before.
    const frames = tags.filter(({ payload }) => payload[1] === 1);
    expect(frames.find(({ tagType }) => tagType === 9)?.timestamp).toBe(0);
    expect(frames.find(({ tagType }) => tagType === 8)?.timestamp).toBe(59);
  });

  it('waits where an edit list says so', async () => {
    const audio = {
      ...audioTrack(50),
      edits: [
        { duration: 500, mediaTime: -1 },
        { duration: 9, mediaTime: 0 },
      ],
    };
    const tags = await tagsFrom(await opened(encodeMp4([videoTrack(30), audio])));
    expect(tags.find(({ tagType, payload }) => tagType === 8 && payload[1] === 1)?.timestamp).toBe(500);
  });

  it('decodes earlier what is shown before its time', async () => {
    const { samples, ...track } = videoTrack(6, true);
    const early = { ...track, samples: samples.map((one) => ({ ...one, composition: (one.composition ?? 0) - 1024 })) };
    const [tags, plain] = await Promise.all(
      [early, videoTrack(6, true)].map(async (one) => tagsFrom(await opened(encodeMp4([one, audioTrack(6)])))),
    );
    const video = (all: FileTag[] | undefined) => all?.filter(({ tagType }) => tagType === 9).map(brief);
    // All pictures are shown 80 ms earlier, so they are decoded 40 ms earlier: no later than they are shown.
    expect(video(tags)?.[1]).toBe('v0 170100002800');
    expect(video(plain)?.[1]).toBe('v0 170100005000');
    const sound = (all: FileTag[] | undefined) =>
      all?.find(({ tagType, payload }) => tagType === 8 && payload[1] === 1);
    expect(sound(tags)?.timestamp).toBe(40);
  });

  it('tells sequence headers again where they change', async () => {
    const other = mp4Box('avcC', u8(1, 0x64, 0, 0x1f, 0xff, 0xe0, 0));
    const { samples, ...rest } = videoTrack(60);
    const changing: Mp4SampleTrack = {
      ...rest,
      entries: [videoEntry(), videoEntry('avc1', other)],
      samples: samples.map((one, i) => ({ ...one, description: i < 25 ? 1 : 2 })),
    };
    const file = await opened(encodeMp4([changing, audioTrack(20)]));
    const tags = await tagsFrom(file);
    const headers = tags.filter(({ tagType, payload }) => tagType === 9 && payload[1] === 0);
    expect(headers.map(({ timestamp, payload }) => [timestamp, payload[6]])).toEqual([
      [0, 0x42],
      [1000, 0x64],
    ]);
    const profileAt = (position: number) => file.headersAt(position)[0]?.payload[6];
    expect(profileAt(0)).toBe(0x42);
    expect(profileAt((await file.seekPoint(900)).position)).toBe(0x42);
    expect(profileAt((await file.seekPoint(1000)).position)).toBe(0x64);
    expect(profileAt(tags.at(-1)?.offset ?? 0)).toBe(0x64);
    expect(file.headersAt(0)[1]?.payload[0]).toBe(0xaf);
  });

  it.each([
    ['of one size', 0, (samples: readonly Mp4Sample[]) => fullBox('stsz', 0, u32(100, samples.length))],
    [
      'in bytes',
      8,
      (samples: readonly Mp4Sample[]) => fullBox('stz2', 0, u32(8, samples.length), u8(...sizesOf(samples))),
    ],
    [
      'in two bytes',
      16,
      (samples: readonly Mp4Sample[]) => fullBox('stz2', 0, u32(16, samples.length), u16(...sizesOf(samples))),
    ],
  ])('reads sizes %s', async (_name, _bits, sizes) => {
    const plain = await briefs(await opened(encodeMp4([videoTrack(30)])));
    expect(await briefs(await opened(encodeMp4([videoTrack(30)], { sizes })))).toEqual(plain);
  });

  it('reads sizes in half bytes', async () => {
    const pairs = (samples: readonly Mp4Sample[]) =>
      u8(
        ...samples.flatMap((one, i) =>
          i % 2 === 0 ? [(one.data.length << 4) | (samples[i + 1]?.data.length ?? 0)] : [],
        ),
      );
    const sizes = (samples: readonly Mp4Sample[]) => fullBox('stz2', 0, u32(4, samples.length), pairs(samples));
    const tags = await tagsFrom(await opened(encodeMp4([videoTrack(31, false, 9)], { sizes })));
    expect(tags.slice(1).map(({ payload }) => payload.length)).toEqual(Array.from({ length: 31 }, () => 14));
  });

  it('leaves out what FLV cannot carry', async () => {
    const { samples, ...rest } = videoTrack(30);
    const entries = [videoEntry(), videoEntry('encv'), videoEntry('avc1', u8())];
    const mixed = { ...rest, entries, samples: samples.map((one, i) => ({ ...one, description: 1 + (i % 3) })) };
    const tags = await tagsFrom(
      await opened(encodeMp4([{ ...rest, id: 9, samples, entries: [videoEntry('tx3g')] }, mixed])),
    );
    expect(tags.filter(({ payload }) => payload[1] === 1).map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 10 }, (_, i) => i * 120),
    );
  });

  it('leaves out a sample that no tag can carry', async () => {
    const big = (samples: readonly Mp4Sample[]) =>
      fullBox('stsz', 0, u32(0, samples.length, ...samples.map((_, i) => (i === 1 ? 0x100_0000 : 100))));
    const bytes = encodeMp4([videoTrack(3)], { isFront: true, sizes: big });
    const memory = new MemorySource(bytes);
    const long: ByteSource = { size: 0x200_0000, read: (target, position) => memory.read(target, position) };
    const file = await Mp4File.open(long);
    expect((await tagsFrom(file)).slice(1).map(({ timestamp, payload }) => [timestamp, payload[5]])).toEqual([
      [0, 0],
      [80, 2],
    ]);
    expect(file.index.video?.table.lostSamples).toBe(1);
  });

  it('plays what is there of a file that was cut off', async () => {
    const whole = encodeMp4(tracks, { isFront: true });
    const all = await briefs(await opened(whole));
    const file = await opened(whole.subarray(0, whole.length - 2000));
    const there = await briefs(file);
    expect(there.length).toBeGreaterThan(100);
    expect(there.length).toBeLessThan(all.length);
    expect(all.slice(0, there.length)).toEqual(there);
    expect(file.index.damages).toHaveLength(1);
  });

  it('plays what is there of a fragment that was cut off', async () => {
    const whole = encodeFragments(tracks, 0.5);
    const all = await briefs(await opened(whole));
    // The last fragment has 10 frames of 100 bytes, and as many of sound.
    const file = await opened(whole.subarray(0, whole.length - 900));
    const there = await briefs(file);
    expect(there.filter((tag) => tag.startsWith('v'))).toEqual(
      all.filter((tag) => tag.startsWith('v')).slice(0, there.filter((tag) => tag.startsWith('v')).length),
    );
    expect(there.length).toBeGreaterThan(120);
    expect(file.index.soundBytes).toBeLessThan(file.bytes);
    expect(file.durationMs).toBeGreaterThan(2000);
  });

  it('ends where the file was cut in the meantime', async () => {
    const whole = encodeMp4(tracks, { isFront: true });
    const source = new MemorySource(whole);
    const cut: ByteSource = {
      size: whole.length,
      read: async (target, position) =>
        Math.max(0, Math.min(await source.read(target, position), whole.length - 3000 - position)),
    };
    const there = await briefs(await Mp4File.open(cut));
    expect(there.length).toBeGreaterThan(80);
    expect((await briefs(await opened(whole))).slice(0, there.length)).toEqual(there);
  });

  it('reads media behind 4 GiB', async () => {
    const far = 5 * 2 ** 32;
    const whole = encodeMp4([videoTrack(3)], { isLong: true });
    const mediaAt = ftyp.length;
    const moovAt = whole.indexOf('moov') - 4;
    const media = whole.subarray(mediaAt, moovAt);
    const index = Buffer.from(whole.subarray(moovAt));
    const places = index.indexOf('co64') + 12;
    for (let i = 0; i < 3; i += 1) index.writeUInt32BE(5, places + i * 8);
    const hole = mp4Box('free');
    hole.writeUInt32BE(1);
    const parts: [number, Uint8Array][] = [
      [0, ftyp],
      [mediaAt, Buffer.concat([hole, Buffer.from([0, 0, 0, 5, 0, 0, 0, 0])])],
      [far + mediaAt, media],
      [far + moovAt, index],
    ];
    const sparse: ByteSource = {
      size: far + whole.length,
      read: async (target, position) => {
        target.fill(0);
        for (const [start, bytes] of parts) {
          for (let i = 0; i < bytes.length; i += 1) {
            const at = start + i - position;
            if (at >= 0 && at < target.length) target[at] = bytes[i] ?? 0;
          }
        }
        return Math.min(target.length, far + whole.length - position);
      },
    };
    expect(await briefs(await Mp4File.open(sparse))).toEqual(await briefs(await opened(encodeMp4([videoTrack(3)]))));
  });

  it.each([
    ['text', Buffer.from('this is no film'), 'ERR_MP4_SIGNATURE'],
    ['nothing', u8(), 'ERR_MP4_NO_MOVIE'],
    ['no index', ftyp, 'ERR_MP4_NO_MOVIE'],
    ['an index that is cut off', encodeMp4([videoTrack(3)]).subarray(0, -1), 'ERR_MP4_TRUNCATED'],
    ['no track', Buffer.concat([ftyp, mp4Box('moov')]), 'ERR_MP4_NO_TRACK'],
    ['text only', encodeMp4([{ ...videoTrack(3), entries: [videoEntry('tx3g')] }]), 'ERR_MP4_NO_TRACK'],
    [
      'more samples than anybody has',
      encodeMp4([videoTrack(3)], { sizes: () => fullBox('stsz', 0, u32(100, 0xffff_ffff)) }),
      'ERR_MP4_TOO_MANY_SAMPLES',
    ],
    [
      'more sizes than bytes',
      encodeMp4([videoTrack(3)], { sizes: () => fullBox('stsz', 0, u32(0, 7_000_000)) }),
      'ERR_MP4_TABLE',
    ],
    [
      'a fragment with more samples than anybody has',
      Buffer.concat([
        encodeFragments([videoTrack(0)], 1),
        mp4Box('moof', mp4Box('traf', fullBox('tfhd', 0, u32(1)), fullBox('trun', 0, u32(0xffff_ffff)))),
      ]),
      'ERR_MP4_TOO_MANY_SAMPLES',
    ],
    [
      'a box that is longer than what it is in',
      Buffer.concat([ftyp, mp4Box('moov', u32(999), Buffer.from('trak'))]),
      'ERR_MP4_BOX',
    ],
  ])('refuses %s', async (_, bytes, code) => {
    const error = await opened(bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RtmpRemoteError);
    expect(error).toMatchObject({ code });
  });

  it('may be empty', async () => {
    const file = await opened(encodeMp4([videoTrack(0)]));
    expect(file.durationMs).toBe(0);
    expect(await file.seekPoint(100)).toEqual(file.start);
    expect(await tagsFrom(file)).toEqual([]);
    expect(await file.keyFrameFrom(0)).toBeUndefined();
  });
});

function sizesOf(samples: readonly Mp4Sample[]): number[] {
  return samples.map(({ data }) => data.length);
}

describe('places in an Mp4File', () => {
  const bytes = encodeMp4([videoTrack(100), audioTrack(180)]);

  it.each([
    [-5, 0, 0],
    [0, 0, 0],
    [999, 0, 1000],
    [1000, 1000, 1000],
    [1000.5, 1000, 2000],
    [3999, 3000, undefined],
    [1e12, 3000, undefined],
  ])('%d ms: key frame at %d, the next at %s', async (timeMs, before, after) => {
    const file = await opened(bytes);
    expect((await file.seekPoint(timeMs)).timestamp).toBe(before);
    expect((await file.keyFrameFrom(timeMs))?.timestamp).toBe(after);
  });

  it('are frames where there is sound only', async () => {
    const file = await opened(encodeMp4([audioTrack(100)]));
    expect((await file.seekPoint(50)).timestamp).toBe(43);
    expect((await file.keyFrameFrom(50))?.timestamp).toBe(64);
  });

  it('lead to a key frame and what comes after it', async () => {
    const file = await opened(bytes);
    const all = await tagsFrom(file);
    const { position } = await file.seekPoint(2500);
    const tags = await tagsFrom(file, position);
    expect(tags[0] === undefined ? '' : brief(tags[0])).toBe('v2000 170100000032');
    expect(tags.map(brief)).toEqual(all.slice(-tags.length).map(brief));
  });

  it('rise, and each leads to its tag and all after it', async () => {
    const file = await opened(bytes);
    const all = await tagsFrom(file);
    const offsets = all.map(({ offset }) => offset);
    expect(offsets.every((offset, i) => i === 0 || offset > (offsets[i - 1] ?? 0))).toBe(true);
    for (let i = 0; i < all.length; i += 7) {
      expect((await tagsFrom(file, offsets[i])).map(brief)).toEqual(all.slice(i).map(brief));
    }
  });
});

describe('what is read of an Mp4File', () => {
  class CountingSource extends MemorySource {
    reads = 0;
    override async read(target: Uint8Array, position: number): Promise<number> {
      this.reads += 1;
      return super.read(target, position);
    }
  }
  const tracks = [videoTrack(500, false, 8000), audioTrack(900, 300)];

  it.each([
    ['together', 1, 1],
    ['one track behind the other', 10_000, 2],
  ])('is a window of both tracks, where they stand %s', async (_, samplesPerChunk, perBlock) => {
    const source = new CountingSource(encodeMp4(tracks, { samplesPerChunk }));
    const file = await Mp4File.open(source);
    source.reads = 0;
    source.readBytes = 0;
    const tags = await tagsFrom(file);
    const bytes = tags.reduce((sum, { payload }) => sum + payload.length, 0);
    expect(source.reads).toBeLessThanOrEqual((Math.ceil(bytes / (256 * 1024)) + 1) * perBlock);
    expect(source.readBytes).toBeLessThan(bytes * 1.1);
  });

  it('is shared by players', async () => {
    const source = new CountingSource(encodeMp4(tracks));
    const file = await Mp4File.open(source, new WindowCache());
    const [first] = await Promise.all([tagsFrom(file), tagsFrom(file)]);
    const { reads } = source;
    const third = await tagsFrom(file);
    expect(source.reads).toBe(reads);
    expect(third[100]).toBe(first?.[100]);
  });
});
