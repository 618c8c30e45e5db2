import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmfEcmaArray, AmfObject, encodeAmf0 } from '../amf/index.js';
import { fourCcToNumber } from './four-cc.js';
import { fromHex } from './from-hex.vectors.js';
import { encodeMetadata, parseMetadata, parseVideoMetadata, stripSetDataFrame } from './metadata.js';
import { describeMetadata } from './metadata-description.js';

describe('parseMetadata', () => {
  it('reads what a publisher sends', () => {
    const frame = parseMetadata(encodeMetadata({ width: 640 }, { setDataFrame: true }));
    const values = [new AmfEcmaArray([['width', 640]], 1)];
    expect(frame).toEqual({ handler: 'onMetaData', values, setDataFrame: true, complete: true });
  });

  it('reads other handlers', () => {
    expect(parseMetadata(encodeAmf0(['onTextData', new AmfObject([['text', 'x']])]))).toMatchObject({
      handler: 'onTextData',
      setDataFrame: false,
    });
    expect(parseMetadata(encodeAmf0(['@clearDataFrame', 'onMetaData']))).toMatchObject({
      handler: '@clearDataFrame',
      values: ['onMetaData'],
    });
  });

  it('gives what can be read of a malformed message', () => {
    const whole = encodeAmf0(['onCuePoint', 1, 2]);
    const cut = whole.subarray(0, whole.length - 1);
    expect(parseMetadata(cut)).toEqual({ handler: 'onCuePoint', values: [1], setDataFrame: false, complete: false });
    expect(parseMetadata(fromHex('ff'))).toEqual({ handler: '', values: [], setDataFrame: false, complete: false });
    expect(parseMetadata(encodeAmf0([7]))).toEqual({ handler: '', values: [7], setDataFrame: false, complete: true });
    expect(parseMetadata(new Uint8Array())).toMatchObject({ handler: '', values: [], complete: true });
  });

  it('never throws', () => {
    const seed = encodeMetadata({ width: 640, videoTrackIdInfoMap: { 1: { width: 1 } } }, { setDataFrame: true });
    const edits = fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(edits, fc.nat(seed.length), (changes, cut) => {
        const bytes = seed.slice(0, cut);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        describeMetadata(parseMetadata(bytes));
        stripSetDataFrame(bytes);
      }),
      { numRuns: 1000, seed: 20261121 },
    );
  });
});

describe('stripSetDataFrame', () => {
  it('takes off the name and nothing else', () => {
    const plain = encodeMetadata({ width: 640 });
    expect(stripSetDataFrame(encodeMetadata({ width: 640 }, { setDataFrame: true }))).toEqual(plain);
    expect(stripSetDataFrame(plain)).toBe(plain);
    expect(stripSetDataFrame(fromHex('02000d'))).toEqual(fromHex('02000d'));
  });
});

describe('describeMetadata', () => {
  const describeProperties = (properties: Parameters<typeof encodeMetadata>[0]) =>
    describeMetadata(parseMetadata(encodeMetadata(properties)));

  it('describes the metadata of OBS', () => {
    // The properties that OBS Studio 29 sends.
    const description = describeProperties({
      duration: 0,
      fileSize: 0,
      width: 1920,
      height: 1080,
      videocodecid: 7,
      videodatarate: 2500,
      framerate: 30,
      audiocodecid: 10,
      audiodatarate: 160,
      audiosamplerate: 48000,
      audiosamplesize: 16,
      audiochannels: 2,
      stereo: true,
      encoder: 'obs-output module (libobs version 29.0.2)',
    });
    expect(description).toEqual({
      video: [{ trackId: 0, codec: 'h264', width: 1920, height: 1080, frameRate: 30, dataRateKbps: 2500 }],
      audio: [{ trackId: 0, codec: 'aac', sampleRate: 48000, channels: 2, dataRateKbps: 160 }],
      encoder: 'obs-output module (libobs version 29.0.2)',
    });
  });

  it('describes tracks, FourCCs as numbers and as strings', () => {
    const description = describeProperties({
      videocodecid: fourCcToNumber('av01'),
      audiocodecid: 'mp4a',
      stereo: false,
      duration: 12.5,
      cu_basetime: 1_700_000_000_000,
      videoTrackIdInfoMap: { 1: { width: 1024, videocodecid: fourCcToNumber('hvc1') }, x: { width: 1 }, 256: {} },
      audioTrackIdInfoMap: { 1: { channels: 6, samplerate: 48000, audiocodecid: fourCcToNumber('Opus') } },
    });
    expect(description).toEqual({
      video: [
        { trackId: 0, codec: 'av1' },
        { trackId: 1, codec: 'hevc', width: 1024 },
      ],
      audio: [
        { trackId: 0, codec: 'aac' },
        { trackId: 1, codec: 'opus', channels: 6, sampleRate: 48000 },
      ],
      durationSeconds: 12.5,
      baseTimeMs: 1_700_000_000_000,
    });
  });

  it('takes no nonsense', () => {
    expect(describeProperties({ width: Number.NaN, height: -1, framerate: '30', encoder: 5 })).toEqual({
      video: [],
      audio: [],
    });
    expect(describeMetadata(parseMetadata(encodeAmf0(['onMetaData', 5])))).toBeUndefined();
    expect(describeMetadata(parseMetadata(encodeAmf0(['onTextData', new AmfObject([['width', 1]])])))).toBeUndefined();
  });
});

describe('parseVideoMetadata', () => {
  it('reads colorInfo', () => {
    const colorInfo = new AmfObject([['colorConfig', new AmfObject([['bitDepth', 10]])]]);
    const message = Uint8Array.from([...fromHex('94 68766331'), ...encodeAmf0(['colorInfo', colorInfo])]);
    expect(parseVideoMetadata(message)?.get('colorInfo')).toEqual(colorInfo);
    expect(parseVideoMetadata(message.subarray(0, 9))?.size).toBe(0);
    expect(parseVideoMetadata(fromHex('90 68766331'))).toBeUndefined();
  });
});
