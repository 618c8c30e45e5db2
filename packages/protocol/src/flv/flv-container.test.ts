import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { FlvDemuxer, type FlvHeader, type FlvLimits, type FlvTag } from './flv-demuxer.js';
import { FlvMuxer } from './flv-muxer.js';
import { encodeFlvHeader, encodeFlvTag, type FlvTagType, maxFlvPayloadBytes, writeFlvTagHeader } from './flv-tag.js';
import { fromHex } from './from-hex.vectors.js';

type Item = FlvHeader | FlvTag;

function* pieces(bytes: Uint8Array, size: (index: number) => number): Generator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i += 1) {
    const end = Math.min(bytes.length, at + size(i));
    yield bytes.slice(at, end);
    at = end;
  }
}

function demux(parts: Iterable<Uint8Array>, limits: Partial<FlvLimits> = {}, demuxer = new FlvDemuxer(limits)): Item[] {
  const items: Item[] = [];
  for (const part of parts) {
    demuxer.push(part);
    for (let item = demuxer.next(); item !== undefined; item = demuxer.next()) items.push(item);
    // The caller may use its memory again.
    part.fill(0xee);
  }
  demuxer.end();
  return items;
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof RtmpRemoteError || error instanceof RtmpUsageError) return error.code;
    throw error;
  }
}

const header = '464c5601 05 00000009 00000000';
const audioTag = '08 000003 000010 00 000000 af0121 0000000e';
const audio: FlvTag = {
  kind: 'tag',
  tagType: 8,
  timestamp: 16,
  payload: fromHex('af0121'),
  filtered: false,
};
const bothTracks: FlvHeader = { kind: 'header', version: 1, audio: true, video: true };

const vectors: readonly { name: string; hex: string; items: readonly Item[] }[] = [
  { name: 'header alone [FLV E.2]', hex: header, items: [bothTracks] },
  { name: 'header without PreviousTagSize0', hex: '464c5601 01 00000009', items: [{ ...bothTracks, audio: false }] },
  { name: 'an audio tag [FLV E.4.1]', hex: header + audioTag, items: [bothTracks, audio] },
  {
    name: 'extended timestamp',
    hex: `${header} 09 000001 020304 01 000000 17 0000000c`,
    items: [bothTracks, { ...audio, tagType: 9, timestamp: 0x01020304, payload: fromHex('17') }],
  },
  {
    name: 'negative timestamp',
    hex: `${header} 12 000000 fffff6 ff 000000 0000000b`,
    items: [bothTracks, { ...audio, tagType: 18, timestamp: -10, payload: new Uint8Array() }],
  },
  {
    name: 'wrong PreviousTagSizes and stream ids',
    hex: '464c5601 05 00000009 12345678 08 000003 000010 00 010203 af0121 ffffffff',
    items: [bothTracks, audio],
  },
  {
    name: 'a longer header',
    hex: `464c5602 04 0000000c aabbcc 00000000 ${audioTag}`,
    items: [{ kind: 'header', version: 2, audio: true, video: false }, audio],
  },
  {
    name: 'filtered tag, reserved bits set [FLV Annex F]',
    hex: `${header} e8 000003 000010 00 000000 af0121 0000000e`,
    items: [bothTracks, { ...audio, filtered: true }],
  },
  {
    name: 'tags of reserved types between others',
    hex: `${header} 0f 000002 000000 00 000000 abcd 0000000d 00 000000 000000 00 000000 0000000b ${audioTag}`,
    items: [bothTracks, audio],
  },
  { name: 'last PreviousTagSize missing', hex: header + audioTag.slice(0, -9), items: [bothTracks, audio] },
  { name: 'last PreviousTagSize cut short', hex: header + audioTag.slice(0, -4), items: [bothTracks, audio] },
];

describe('FlvDemuxer', () => {
  it.each(vectors)('$name', ({ hex, items }) => {
    const bytes = fromHex(hex);
    expect(demux([bytes.slice()])).toEqual(items);
    expect(demux(pieces(bytes, () => 1))).toEqual(items);
    expect(demux(pieces(bytes, (i) => [3, 11, 2, 7][i % 4] ?? 1))).toEqual(items);
  });

  it('counts what it skips and where it is', () => {
    const demuxer = new FlvDemuxer();
    demux([fromHex(`${header} 0f 000002 000000 00 000000 abcd 0000000d`)], {}, demuxer);
    expect(demuxer.skippedTags).toBe(1);
    expect(demuxer.offset).toBe(30);
  });

  it.each([
    ['464c57', 'ERR_FLV_TRUNCATED'],
    ['464c5701 05 00000009', 'ERR_FLV_SIGNATURE'],
    ['464c5601 05 00000008', 'ERR_FLV_DATA_OFFSET'],
    ['464c5601 05 00010001', 'ERR_FLV_DATA_OFFSET'],
    ['464c5601 05 0000000c aabb', 'ERR_FLV_TRUNCATED'],
    [`${header} 08`, 'ERR_FLV_TRUNCATED'],
    [`${header} 08 000003 000000 00 000000 af01`, 'ERR_FLV_TRUNCATED'],
    [`${header} 0f 000003 000000 00 000000 af01`, 'ERR_FLV_TRUNCATED'],
    ['', 'ERR_FLV_TRUNCATED'],
  ])('refuses %s', (hex, code) => {
    const demuxer = new FlvDemuxer();
    expect(codeOf(() => demux([fromHex(hex)], {}, demuxer))).toBe(code);
    expect(codeOf(() => demuxer.next())).toBe(code);
  });

  it('refuses a tag beyond the limit before it has come, with its offset', () => {
    const demuxer = new FlvDemuxer({ maxPayloadBytes: 2 });
    demuxer.push(fromHex(`${header} 08 000003`));
    demuxer.next();
    expect(demuxer.next()).toBeUndefined();
    demuxer.push(fromHex('000010 00 000000'));
    try {
      demuxer.next();
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_FLV_PAYLOAD_TOO_LONG', offset: 13 });
    }
  });

  it('tells wrong use apart', () => {
    const demuxer = new FlvDemuxer();
    demuxer.push(fromHex(header));
    expect(codeOf(() => demuxer.end())).toBe('ERR_FLV_NOT_DRAINED');
    demuxer.next();
    demuxer.next();
    demuxer.end();
    expect(codeOf(() => demuxer.push(fromHex('00')))).toBe('ERR_FLV_ENDED');
  });

  it('gives results or RtmpRemoteError for any bytes, the same for any split', () => {
    const seed = fromHex(vectors.map(({ hex }, i) => (i === 0 ? hex : hex.replace(header, ''))).join(''));
    const outcome = (parts: Iterable<Uint8Array>) => {
      const items: Item[] = [];
      const demuxer = new FlvDemuxer({ maxPayloadBytes: 1000 });
      try {
        for (const part of parts) {
          demuxer.push(part);
          for (let item = demuxer.next(); item !== undefined; item = demuxer.next()) items.push(item);
        }
        demuxer.end();
        return { items, code: undefined };
      } catch (error) {
        if (error instanceof RtmpRemoteError) return { items, code: error.code, offset: error.offset };
        throw error;
      }
    };
    const edits = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 4 });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(edits, sizes, fc.nat(seed.length), (changes, lengths, cut) => {
        const bytes = seed.slice(0, cut);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const whole = outcome([bytes]);
        expect(outcome(pieces(bytes, (i) => lengths[i % lengths.length] ?? 1))).toEqual(whole);
      }),
      { numRuns: 300, seed: 20261121 },
    );
  });
});

describe('FlvMuxer', () => {
  it.each([
    [true, true, '464c56010500000009 00000000'],
    [true, false, '464c56010400000009 00000000'],
    [false, true, '464c56010100000009 00000000'],
    [false, false, '464c56010000000009 00000000'],
  ])('audio %s, video %s', (hasAudio, hasVideo, hex) => {
    expect(encodeFlvHeader({ audio: hasAudio, video: hasVideo })).toEqual(fromHex(hex));
  });

  it.each<[FlvTagType, number, string]>([
    [8, 16, '08 000003 000010 00 000000 af0121 0000000e'],
    [9, 0x01020304, '09 000003 020304 01 000000 af0121 0000000e'],
    [18, -10, '12 000003 fffff6 ff 000000 af0121 0000000e'],
    [8, 2 ** 32 - 10, '08 000003 fffff6 ff 000000 af0121 0000000e'],
    [8, 2 ** 32 + 1, '08 000003 000001 00 000000 af0121 0000000e'],
  ])('type %i at %i ms', (tagType, timestamp, hex) => {
    expect(encodeFlvTag(tagType, timestamp, fromHex('af0121'))).toEqual(fromHex(hex));
  });

  it('writes a header into a buffer of others', () => {
    const target = new Uint8Array(13).fill(0xee);
    writeFlvTagHeader(target, 1, 9, 5, 0x010203);
    expect(target).toEqual(fromHex('ee 09 010203 000005 00 000000 ee'));
    expect(codeOf(() => writeFlvTagHeader(target, 3, 9, 5, 1))).toBe('ERR_FLV_NO_ROOM');
    expect(codeOf(() => writeFlvTagHeader(target, 0, 9, 5, maxFlvPayloadBytes + 1))).toBe('ERR_FLV_PAYLOAD_TOO_LONG');
  });

  it('makes what the demuxer takes apart', () => {
    const tag = fc.record({
      tagType: fc.constantFrom<FlvTagType>(8, 9, 18),
      timestamp: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      payload: fc.uint8Array({ maxLength: 300 }),
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(tag, { maxLength: 8 }), sizes, (tags, lengths) => {
        const muxer = new FlvMuxer({ audio: true, video: true });
        const parts = [muxer.header(), ...tags.map((t) => muxer.tag(t.tagType, t.timestamp, t.payload))];
        const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
        expect(muxer.bytesWritten).toBe(bytes.length);
        const expected = [bothTracks, ...tags.map((t) => ({ kind: 'tag', ...t, filtered: false }))];
        expect(demux(pieces(bytes, (i) => lengths[i % lengths.length] ?? 1))).toEqual(expected);
      }),
      { numRuns: 150, seed: 20261121 },
    );
  });
});
