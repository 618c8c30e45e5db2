import { describe, expect, it } from 'vitest';
import {
  formatAudio,
  formatBitrate,
  formatBytes,
  formatChannels,
  formatCount,
  formatDuration,
  formatFrameRate,
  formatResolution,
  formatSampleRate,
  formatSeconds,
  formatVideo,
  formatViewerKinds,
} from './format.js';

describe('formatBitrate', () => {
  it.each([
    [0, '0 kbit/s'],
    [819.6, '820 kbit/s'],
    [999.4, '999 kbit/s'],
    [999.5, '1.00 Mbit/s'],
    [2480, '2.48 Mbit/s'],
    [9994, '9.99 Mbit/s'],
    [9995, '10.0 Mbit/s'],
    [12_540, '12.5 Mbit/s'],
    [-1, '–'],
    [Number.NaN, '–'],
  ])('%d kbit/s is %s', (kbps, text) => {
    expect(formatBitrate(kbps)).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0:00'],
    [7999, '0:07'],
    [725_000, '12:05'],
    [3_729_000, '1:02:09'],
    [86_399_999, '23:59:59'],
    [86_400_000, '1 d 00:00'],
    [274_320_000, '3 d 04:12'],
    [-5, '–'],
    [Number.POSITIVE_INFINITY, '–'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1200, '1.2 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_500, '1.0 MB'],
    [2.4e9, '2.4 GB'],
    [5e18, '5000 PB'],
    [-1, '–'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('small formats', () => {
  it('counts one and many', () => {
    expect([0, 1, 2].map((count) => formatCount(count, 'viewer'))).toEqual(['0 viewers', '1 viewer', '2 viewers']);
  });

  it('rounds seconds', () => {
    expect([0.04, 0.94, 9.96, 12.4, -1].map(formatSeconds)).toEqual(['0.0 s', '0.9 s', '10 s', '12 s', '–']);
  });

  it('leaves out what is not known', () => {
    expect(formatResolution(1920, undefined)).toBeUndefined();
    expect(formatFrameRate(0)).toBeUndefined();
    expect(formatSampleRate(undefined)).toBeUndefined();
    expect(formatChannels(0)).toBeUndefined();
  });

  it('writes frame and sample rates without needless zeros', () => {
    expect([30, 29.97002997, 59.94].map(formatFrameRate)).toEqual(['30 fps', '29.97 fps', '59.94 fps']);
    expect([48_000, 44_100, 22_050].map(formatSampleRate)).toEqual(['48 kHz', '44.1 kHz', '22.05 kHz']);
  });

  it('names channel layouts', () => {
    expect([1, 2, 4, 6].map(formatChannels)).toEqual(['mono', 'stereo', '4 channels', '5.1']);
  });
});

describe('tracks and viewers', () => {
  it('describes a video track', () => {
    const video = { codec: 'H.264', width: 1280, height: 720, frameRate: 30, bitrateKbps: 2000 };
    expect(formatVideo(video)).toBe('H.264 · 1280×720 · 30 fps');
    expect(formatVideo({ codec: 'HEVC', bitrateKbps: 0 })).toBe('HEVC');
    expect(formatVideo(null)).toBe('no video');
  });

  it('describes an audio track', () => {
    expect(formatAudio({ codec: 'AAC', sampleRate: 44_100, channels: 1, bitrateKbps: 64 })).toBe(
      'AAC · 44.1 kHz · mono',
    );
    expect(formatAudio(null)).toBe('no audio');
  });

  it('names only the ways somebody watches by', () => {
    expect(formatViewerKinds({ total: 3, rtmp: 1, httpFlv: 0, wsFlv: 2 })).toBe('1 RTMP · 2 WebSocket');
    expect(formatViewerKinds({ total: 0, rtmp: 0, httpFlv: 0, wsFlv: 0 })).toBeUndefined();
  });
});
