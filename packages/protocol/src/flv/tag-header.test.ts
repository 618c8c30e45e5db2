import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAudioTagHeader } from './audio-tag-header.js';
import { cacheKeysOf } from './cache-keys.js';
import type { MediaTrack } from './enhanced-header.js';
import { fourCcFromNumber, fourCcToNumber } from './four-cc.js';
import { fromHex } from './from-hex.vectors.js';
import { parseVideoMetadata } from './metadata.js';
import { parseMultichannelConfig } from './multichannel-config.js';
import { parseAudioConfig } from './parse-audio-config.js';
import { parseVideoConfig } from './parse-video-config.js';
import { audioVectors, unreadableAudioHex, unreadableVideoHex, videoVectors } from './tag-header.vectors.js';
import { parseVideoTagHeader } from './video-tag-header.js';

function trackRow(track: MediaTrack<string>) {
  return [track.trackId, track.fourCc, track.codec, track.offset, track.length, track.compositionTimeMs];
}

describe('parseVideoTagHeader', () => {
  it.each(videoVectors)('$name', (vector) => {
    const header = parseVideoTagHeader(fromHex(vector.hex));
    if (header === undefined) throw new Error('no header');
    expect(header).toMatchObject(vector.header);
    expect(header.tracks.map(trackRow)).toEqual(vector.tracks);
    expect(cacheKeysOf(header)).toEqual(vector.cacheKeys);
  });

  it.each(unreadableVideoHex)('passes %s on unread', (hex) => {
    const header = parseVideoTagHeader(fromHex(hex));
    if (header === undefined) throw new Error('no header');
    expect(header).toMatchObject({ packetType: 'unknown', isKeyFrame: false, isSequenceStart: false, tracks: [] });
    expect(cacheKeysOf(header)).toEqual([]);
  });

  it('has nothing to say of an empty payload', () => {
    expect(parseVideoTagHeader(new Uint8Array())).toBeUndefined();
  });

  it('takes no more tracks than there are track ids', () => {
    const track = [0, 0, 0, 0];
    const message = (count: number) =>
      Uint8Array.from([...fromHex('96 10 61763031'), ...Array.from({ length: count }, () => track).flat()]);
    expect(parseVideoTagHeader(message(256))?.tracks).toHaveLength(256);
    expect(parseVideoTagHeader(message(257))?.packetType).toBe('unknown');
  });
});

describe('parseAudioTagHeader', () => {
  it.each(audioVectors)('$name', (vector) => {
    const header = parseAudioTagHeader(fromHex(vector.hex));
    if (header === undefined) throw new Error('no header');
    expect(header).toMatchObject(vector.header);
    expect(header.tracks.map(trackRow)).toEqual(vector.tracks);
    expect(cacheKeysOf(header)).toEqual(vector.cacheKeys);
  });

  it.each(unreadableAudioHex)('passes %s on unread', (hex) => {
    const header = parseAudioTagHeader(fromHex(hex));
    if (header === undefined) throw new Error('no header');
    expect(header).toMatchObject({ packetType: 'unknown', isSequenceStart: false, tracks: [] });
    expect(cacheKeysOf(header)).toEqual([]);
  });

  it('has nothing to say of silence, an empty payload', () => {
    expect(parseAudioTagHeader(new Uint8Array())).toBeUndefined();
  });
});

describe('fourCcToNumber', () => {
  it('gives the numbers of the specification', () => {
    // [E-RTMP v2, Enhancing onMetaData]
    expect(fourCcToNumber('Opus')).toBe(1332770163);
    expect(fourCcToNumber('av01')).toBe(1635135537);
    expect(fourCcFromNumber(1332770163)).toBe('Opus');
  });
});

describe('any bytes', () => {
  const seeds = [...videoVectors, ...audioVectors].map((vector) => fromHex(vector.hex));
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 6 }), fc.nat(30))
    .map(([seed, changes, extra]) => {
      const bytes = new Uint8Array(seed.length + extra);
      bytes.set(seed);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });

  it('never throw, and tracks lie within the payload', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        for (const header of [parseVideoTagHeader(bytes), parseAudioTagHeader(bytes)]) {
          if (header === undefined) continue;
          cacheKeysOf(header);
          expect(header.headerBytes).toBeLessThanOrEqual(bytes.length);
          for (const track of header.tracks) {
            expect(track.length).toBeGreaterThanOrEqual(0);
            expect(track.offset + track.length).toBeLessThanOrEqual(bytes.length);
          }
        }
        parseVideoConfig(bytes);
        parseAudioConfig(bytes);
        parseVideoMetadata(bytes);
        parseMultichannelConfig(bytes);
      }),
      { numRuns: 2000, seed: 20261121 },
    );
  });
});
