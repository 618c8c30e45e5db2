import { parseAudioConfig, parseAudioTagHeader, parseVideoConfig, parseVideoTagHeader } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import {
  aacConfig,
  audioEntry,
  avcConfig,
  esds,
  fullBox,
  mp4Box,
  u8,
  u16,
  u32,
  videoEntry,
} from '../../test/mp4-sample.js';
import { readSampleEntries, type SampleEntry } from './sample-entry.js';

function entryOf(entry: Uint8Array, version = 0): SampleEntry | undefined {
  const stsd = Buffer.concat([u8(version, 0, 0, 0), u32(1), entry]);
  return readSampleEntries(stsd, { type: 'stsd', start: 0, end: stsd.length })[0];
}

const config = u8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23);
const opus = mp4Box('dOps', u8(0, 2), u16(312), u32(44_100), u16(0xff00), u8(0));
const streamInfo = Buffer.concat([u16(4096, 4096), Buffer.alloc(6), u8(0x0b, 0xb8, 0x02, 0xf0), Buffer.alloc(20)]);
const flac = fullBox('dfLa', 0, u8(0x80, 0, 0, 34), streamInfo);

describe('a sample entry of video', () => {
  it.each([
    ['avc1', mp4Box('avcC', avcConfig), 'h264', false, true],
    ['avc3', mp4Box('avcC', avcConfig), 'h264', false, true],
    ['hvc1', mp4Box('hvcC', config), 'hevc', true, true],
    ['hev1', mp4Box('hvcC', config), 'hevc', true, true],
    ['av01', mp4Box('av1C', config), 'av1', true, false],
    ['vp09', fullBox('vpcC', 1 << 24, u8(0, 30, 0x82, 1, 1, 1, 0, 0)), 'vp9', true, false],
    ['vp08', fullBox('vpcC', 1 << 24, u8(0, 30, 0x82, 1, 1, 1, 0, 0)), 'vp8', true, false],
  ] as const)('%s', (type, box, codec, enhanced, hasComposition) => {
    const entry = entryOf(videoEntry(type, box));
    const header = parseVideoTagHeader(entry?.header ?? u8());
    expect(header).toMatchObject({ codec, enhanced, isSequenceStart: true });
    expect(entry).toMatchObject({ kind: 'video', codec, hasComposition });
    const composition = hasComposition ? [0, 0, 7] : [];
    for (const [prefix, isKeyFrame] of [
      [entry?.keyPrefix, true],
      [entry?.interPrefix, false],
    ] as const) {
      const frame = parseVideoTagHeader(u8(...(prefix ?? []), ...composition, 9, 9));
      expect(frame).toMatchObject({ codec, isKeyFrame, packetType: 'codedFrames' });
      expect(frame?.compositionTimeMs).toBe(hasComposition ? 7 : 0);
      expect(frame?.tracks[0]?.length).toBe(2);
    }
  });

  it('has what its configuration says, and else its own size', () => {
    expect(entryOf(videoEntry())).toMatchObject({ width: 320, height: 180, codecId: 7 });
    const vp9 = fullBox('vpcC', 1 << 24, u8(1, 31, 0x82, 1, 1, 1, 0, 0));
    expect(parseVideoConfig(entryOf(videoEntry('vp09', vp9))?.header ?? u8())).toMatchObject({
      codecString: 'vp09.01.31.08',
    });
  });

  it.each([
    ['of another codec', videoEntry('mp4v')],
    ['that is encrypted', videoEntry('encv')],
    ['without its configuration', videoEntry('avc1', u8())],
    ['that is cut off', mp4Box('avc1', u8(1, 2, 3))],
  ])('is left out %s', (_, entry) => {
    expect(entryOf(entry)).toBeUndefined();
  });
});

describe('a sample entry of audio', () => {
  it.each([
    ['AAC', audioEntry(), 'aac', 'af001190', 'af01'],
    ['AAC of MPEG-2', audioEntry('mp4a', esds(0x67, aacConfig)), 'aac', 'af001190', 'af01'],
    ['MP3', audioEntry('.mp3', u8()), 'mp3', undefined, '2f'],
    ['MP3 in mp4a', audioEntry('mp4a', esds(0x6b, u8())), 'mp3', undefined, '2f'],
    ['AC-3', audioEntry('ac-3', u8()), 'ac3', undefined, '9161632d33'],
    ['E-AC-3', audioEntry('ec-3', u8()), 'eac3', undefined, '9165632d33'],
    ['Opus', audioEntry('Opus', opus), 'opus', '904f7075734f707573486561640102380144ac000000ff00', '914f707573'],
    ['FLAC', audioEntry('fLaC', flac), 'flac', `90664c6143664c614380000022${streamInfo.toString('hex')}`, '91664c6143'],
  ])('%s', (_, bytes, codec, header, prefix) => {
    const entry = entryOf(bytes);
    expect(entry).toMatchObject({ kind: 'audio', codec });
    expect(entry?.header === undefined ? undefined : Buffer.from(entry.header).toString('hex')).toBe(header);
    expect(Buffer.from(entry?.keyPrefix ?? u8()).toString('hex')).toBe(prefix);
    expect(parseAudioTagHeader(u8(...(entry?.keyPrefix ?? []), 1))).toMatchObject({ codec, packetType: 'codedFrames' });
  });

  it('has the rate and the channels that its configuration says', () => {
    expect(entryOf(audioEntry('mp4a', esds(0x40, u8(0x13, 0x88))))).toMatchObject({ sampleRate: 22_050, channels: 1 });
    expect(parseAudioConfig(entryOf(audioEntry('fLaC', flac))?.header ?? u8())).toMatchObject({
      sampleRate: 48_000,
      channels: 2,
    });
  });

  it('may be QuickTime’s', () => {
    const wave = mp4Box('wave', mp4Box('frma', Buffer.from('mp4a')), esds(0x40, aacConfig));
    const plain = audioEntry('mp4a', u8());
    const body = Buffer.from(plain.subarray(8));
    body.writeUInt16BE(1, 8);
    expect(entryOf(mp4Box('mp4a', body, Buffer.alloc(16), wave))).toMatchObject({ codec: 'aac' });
    body.writeUInt16BE(2, 8);
    expect(entryOf(mp4Box('mp4a', body, Buffer.alloc(36), wave))).toMatchObject({ codec: 'aac' });
    // In a file of ISO's version 1 these bytes are no part of it.
    body.writeUInt16BE(1, 8);
    expect(entryOf(mp4Box('mp4a', body, esds(0x40, aacConfig)), 1)).toMatchObject({ codec: 'aac' });
  });

  it.each([
    ['of another codec', audioEntry('sowt', u8())],
    ['that is encrypted', audioEntry('enca')],
    ['with another codec inside', audioEntry('mp4a', esds(0xdd, aacConfig))],
    ['without its configuration', audioEntry('mp4a', u8())],
    ['of AAC without a configuration', audioEntry('mp4a', esds(0x40, u8()))],
    ['of Opus that is too short', audioEntry('Opus', mp4Box('dOps', u8(0, 2)))],
  ])('is left out %s', (_, entry) => {
    expect(entryOf(entry)).toBeUndefined();
  });
});
