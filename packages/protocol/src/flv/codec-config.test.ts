import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAvcSps } from './avc-config.js';
import { BitReader, removeEmulationPrevention } from './bit-reader.js';
import { audioConfigVectors, videoConfigVectors } from './codec-config.vectors.js';
import { fromHex } from './from-hex.vectors.js';
import { parseHevcSps } from './hevc-config.js';
import { parseMultichannelConfig } from './multichannel-config.js';
import { parseAudioConfig } from './parse-audio-config.js';
import { parseVideoConfig } from './parse-video-config.js';

describe('parseVideoConfig', () => {
  it.each(videoConfigVectors)('$name', ({ hex, config }) => {
    expect(parseVideoConfig(fromHex(hex))).toEqual(config);
  });

  it('reads the configuration of each track', () => {
    const avc = '01640016ffe1001b67640016acd940a42fe224c044000003000400000300503c58b65801000668ebe3cb22c0fdf8f800';
    const message = fromHex(`9620 76703039 00 000008 022aa00202020000 61766331 01 000030 ${avc}`);
    expect(parseVideoConfig(message)?.codecString).toBe('vp09.02.42.10');
    expect(parseVideoConfig(message, 1)).toMatchObject({ codecString: 'avc1.640016', width: 642 });
    expect(parseVideoConfig(message, 2)).toBeUndefined();
  });
});

describe('parseAudioConfig', () => {
  it.each(audioConfigVectors)('$name', ({ hex, config }) => {
    expect(parseAudioConfig(fromHex(hex))).toEqual(config);
  });
});

describe('parseMultichannelConfig', () => {
  it.each([
    ['944f707573 00 08', { order: 'unspecified', channels: 8 }],
    ['944f707573 01 06 0000060f', { order: 'native', channels: 6, channelMask: 0x60f }],
    ['944f707573 02 03 0001fe', { order: 'custom', channels: 3, channelMapping: [0, 1, 254] }],
    ['944f707573 02 03 0001', undefined],
    ['944f707573 01 06 000006', undefined],
    ['944f707573 03 06', undefined],
    ['944f707573 00', undefined],
    ['914f707573 00 08', undefined],
  ])('%s', (hex, config) => {
    expect(parseMultichannelConfig(fromHex(hex))).toEqual(config);
  });
});

describe('BitReader', () => {
  it('reads Exp-Golomb codes', () => {
    // [H.264 table 9-2] 1, 010, 011, 00100, 00111
    const bits = new BitReader(fromHex('a6 42 38'));
    expect([0, 1, 2, 3].map(() => bits.readUnsignedExpGolomb())).toEqual([0, 1, 2, 3]);
    expect(new BitReader(fromHex('28')).readSignedExpGolomb()).toBe(-2);
    expect(bits.exhausted).toBe(false);
  });

  it('takes the longest code and refuses longer ones', () => {
    const longest = new BitReader(fromHex('00000001 fffffffe'));
    expect(longest.readUnsignedExpGolomb()).toBe(2 ** 32 - 2);
    expect(longest.exhausted).toBe(false);
    const tooLong = new BitReader(fromHex('00000000 80000000 00'));
    expect(tooLong.readUnsignedExpGolomb()).toBe(0);
    expect(tooLong.exhausted).toBe(true);
  });

  it('reads 32 bits across bytes and stops at the end', () => {
    const bits = new BitReader(fromHex('0fffffffff'));
    bits.skipBits(4);
    expect(bits.readBits(32)).toBe(0xffff_ffff);
    expect(bits.readBits(5)).toBe(0);
    expect(bits.exhausted).toBe(true);
    expect(bits.remaining).toBe(0);
  });
});

describe('removeEmulationPrevention', () => {
  it('drops the 3 of every 00 00 03, and no other', () => {
    expect(removeEmulationPrevention(fromHex('000003 000003 01 0003 0103'))).toEqual(fromHex('0000 0000 01 0003 0103'));
  });
});

describe('mutated configurations', () => {
  const seeds = [...videoConfigVectors, ...audioConfigVectors].map(({ hex }) => fromHex(hex));

  it('never throw, and give sizes within bounds', () => {
    const changes = fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), changes, fc.nat(150), (seed, edits, cut) => {
        const bytes = seed.slice(0, Math.max(1, cut));
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        const { width = 1, height = 1 } = parseVideoConfig(bytes) ?? {};
        expect(width > 0 && height > 0 && width <= 65_536 && height <= 65_536).toBe(true);
        parseAudioConfig(bytes);
      }),
      { numRuns: 2000, seed: 20261121 },
    );
  });

  it('never throw as parameter sets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        parseAvcSps(Uint8Array.of(0x67, 100, ...bytes));
        parseHevcSps(Uint8Array.of(0x42, ...bytes));
      }),
      { numRuns: 1000, seed: 20261121 },
    );
  });
});
