import { describe, expect, it } from 'vitest';
import { audioSampleEntry, videoSampleEntry } from './mp4-sample-entry.js';
import { vp9FrameSize } from './mp4-vp9.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
/** The box that a codec has in its sample entry, from its type on. */
function boxIn(entry: Buffer | undefined, type: string): string | undefined {
  const at = entry?.indexOf(type) ?? -1;
  return at < 0 ? undefined : entry?.toString('hex', at + 4, at - 4 + entry.readUInt32BE(at - 4));
}
const audio = { record: undefined, config: { sampleRate: 48_000, channels: 6 }, firstFrame: undefined };
const unknownSize = { width: 0, height: 0 };

// Frames of FFmpeg 5.1's encoders at 448 kbit/s, 5.1 channels; the boxes are those of FFmpeg's own MP4 files of them.
describe('audioSampleEntry', () => {
  it('makes dac3 of a frame of AC-3', () => {
    const entry = audioSampleEntry({ ...audio, codec: 'ac3', firstFrame: hex('0b77 b50b 1e40 ebf8 403e') });
    expect(entry?.toString('latin1', 4, 8)).toBe('ac-3');
    expect(boxIn(entry, 'dac3')).toBe('103de0');
  });

  it('makes dec3 of a frame of E-AC-3', () => {
    const entry = audioSampleEntry({ ...audio, codec: 'eac3', firstFrame: hex('0b77 037f 3f87 c000 20f8') });
    expect(entry?.toString('latin1', 4, 8)).toBe('ec-3');
    expect(boxIn(entry, 'dec3')).toBe('0e00200f00');
  });

  it.each(['ac3', 'eac3'] as const)('makes none of what is no frame of %s', (codec) => {
    expect(audioSampleEntry({ ...audio, codec, firstFrame: hex('0b78 037f') })).toBeUndefined();
    expect(audioSampleEntry({ ...audio, codec })).toBeUndefined();
  });

  it('turns the numbers of OpusHead round', () => {
    // RFC 7845 §5.1: 2 channels, pre-skip 312, 48 kHz, no gain, family 0.
    const record = hex('4f707573 48656164 01 02 3801 80bb0000 0000 00');
    expect(boxIn(audioSampleEntry({ ...audio, codec: 'opus', record }), 'dOps')).toBe('000201380000bb80000000');
  });

  it('tells Opus without a header by the channels alone', () => {
    const entry = audioSampleEntry({ ...audio, codec: 'opus', record: new Uint8Array(0) });
    expect(boxIn(entry, 'dOps')).toBe('000601380000bb80000000');
  });

  it.each([
    ['with fLaC and the header of the block', `664c6143 80000022 ${'11'.repeat(34)}`],
    ['with the header of the block', `80000022 ${'11'.repeat(34)}`],
    ['bare', '11'.repeat(34)],
  ])('takes STREAMINFO %s', (_, record) => {
    const entry = audioSampleEntry({ ...audio, codec: 'flac', record: hex(record) });
    expect(boxIn(entry, 'dfLa')).toBe(`0000000080000022${'11'.repeat(34)}`);
  });

  it.each(['speex', 'nellymoser', 'adpcm', 'pcm', 'g711ALaw', 'unknown'] as const)('has none for %s', (codec) => {
    expect(audioSampleEntry({ ...audio, codec, record: hex('00'), firstFrame: hex('00') })).toBeUndefined();
  });
});

describe('videoSampleEntry', () => {
  const video = { record: hex('01020304'), config: undefined, firstFrame: undefined };

  it.each([
    ['h264', 'avc1', 'avcC', '01020304'],
    ['hevc', 'hvc1', 'hvcC', '01020304'],
    ['av1', 'av01', 'av1C', '01020304'],
    ['vp8', 'vp08', 'vpcC', '0100000001020304'],
    ['vp9', 'vp09', 'vpcC', '0100000001020304'],
  ] as const)('%s: the record as it came', (codec, type, configuration, content) => {
    const entry = videoSampleEntry({ ...video, codec }, { width: 640, height: 360 });
    expect(entry?.toString('latin1', 4, 8)).toBe(type);
    expect(boxIn(entry, configuration)).toBe(content);
    expect([entry?.readUInt16BE(32), entry?.readUInt16BE(34)]).toEqual([640, 360]);
  });

  it('takes the whole content of vpcC, and the AV1 descriptor of a transport stream', () => {
    const boxed = videoSampleEntry({ ...video, codec: 'vp9', record: hex('01000000 000a 8201') }, unknownSize);
    expect(boxIn(boxed, 'vpcC')).toBe('01000000000a8201');
    const descriptor = videoSampleEntry({ ...video, codec: 'av1', record: hex('8004 81000c00') }, unknownSize);
    expect(boxIn(descriptor, 'av1C')).toBe('81000c00');
  });

  it.each(['vvc', 'h263', 'screen', 'screen2', 'vp6', 'vp6a', 'unknown'] as const)('has none for %s', (codec) => {
    expect(videoSampleEntry({ ...video, codec }, unknownSize)).toBeUndefined();
  });

  it('has none without a configuration', () => {
    expect(videoSampleEntry({ ...video, codec: 'h264', record: undefined }, unknownSize)).toBeUndefined();
  });
});

describe('vp9FrameSize', () => {
  it('reads a key frame of libvpx', () => {
    expect(vp9FrameSize(hex('8249 8342 0013 f00b 3606 3824'))).toEqual({ width: 320, height: 180 });
  });

  it.each(['', '82', '8249 8342', '8649 8342 0013 f00b 36', '4249 8342 0013 f00b 36'])('finds none in %j', (text) => {
    expect(vp9FrameSize(hex(text))).toBeUndefined();
  });
});
