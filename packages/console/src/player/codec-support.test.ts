import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../api/index.js';
import { planFile, planPlayback } from './codec-support.js';

const h264 = { codec: 'H.264', codecString: 'avc1.64001f', bitrateKbps: 0 };
const aac = { codec: 'AAC', codecString: 'mp4a.40.2', bitrateKbps: 0 };

function stream(video: StreamInfo['video'], audio: StreamInfo['audio'], uptimeMs = 60_000) {
  const viewers = { total: 0, rtmp: 0, httpFlv: 0, wsFlv: 0 };
  const publisher = { address: '', software: '' };
  const rest = {
    bitrateKbps: 0,
    viewers,
    bytesIn: 0,
    bytesOut: 0,
    jumps: 0,
    latency: null,
    recording: null,
    warnings: [],
  };
  return { app: 'live', name: 'a', path: '/live/a', publishedAt: 0, uptimeMs, publisher, video, audio, ...rest };
}
const everything = () => true;
const withoutHevc = (type: string) => !type.includes('hvc1');

describe('planPlayback', () => {
  it('plays both tracks', () => {
    expect(planPlayback(stream(h264, aac), everything)).toEqual({ kind: 'play', video: true, audio: true });
  });

  it('plays one track alone once it is clear that no other follows', () => {
    expect(planPlayback(stream(h264, null), everything)).toEqual({ kind: 'play', video: true, audio: false });
    expect(planPlayback(stream(null, aac), everything)).toEqual({ kind: 'play', video: false, audio: true });
    expect(planPlayback(stream(h264, null, 200), everything)).toEqual({ kind: 'wait' });
  });

  it('waits for the first track', () => {
    expect(planPlayback(stream(null, null), everything)).toEqual({ kind: 'wait' });
  });

  it('asks the browser with the codec string of the stream, or with a common one', () => {
    const asked: string[] = [];
    const ask = (type: string) => {
      asked.push(type);
      return true;
    };
    planPlayback(stream(h264, aac), ask);
    planPlayback(stream({ codec: 'HEVC', bitrateKbps: 0 }, null), ask);
    expect(asked).toEqual([
      'video/mp4; codecs="avc1.64001f"',
      'audio/mp4; codecs="mp4a.40.2"',
      'video/mp4; codecs="hvc1.1.6.L93.B0"',
    ]);
  });

  it('says that the browser cannot play the video', () => {
    expect(planPlayback(stream({ codec: 'HEVC', bitrateKbps: 0 }, aac), withoutHevc)).toEqual({
      kind: 'unplayable',
      reason: 'This browser cannot play HEVC video.',
    });
  });

  it('refuses codecs that the FLV player does not know, whatever the browser says', () => {
    expect(planPlayback(stream({ codec: 'VP6', bitrateKbps: 0 }, aac), everything).kind).toBe('unplayable');
    expect(planPlayback(stream({ codec: 'constructor', bitrateKbps: 0 }, null), everything).kind).toBe('unplayable');
    expect(planPlayback(stream(null, { codec: 'Speex', bitrateKbps: 0 }), everything).kind).toBe('unplayable');
  });

  it('plays the picture without a sound that it cannot play, and says so', () => {
    expect(planPlayback(stream(h264, { codec: 'Speex', bitrateKbps: 0 }), everything)).toEqual({
      kind: 'play',
      video: true,
      audio: false,
      notice: 'This browser cannot play Speex audio: the picture plays without sound.',
    });
  });
});

describe('planFile', () => {
  const hevc = { codec: 'HEVC', codecString: 'hvc1.1.6.L93.B0' };
  const without = (codec: string) => (type: string) => !type.includes(codec);

  it('plays what the browser has, and says what it has not', () => {
    expect(planFile({ video: hevc, audio: aac }, everything)).toEqual({ kind: 'play', video: true, audio: true });
    expect(planFile({ video: hevc, audio: aac }, without('hvc1'))).toEqual({
      ...{ kind: 'play', video: false, audio: true },
      notice: 'This browser cannot play HEVC video: the sound plays without a picture.',
    });
    expect(planFile({ video: hevc, audio: aac }, without('mp4a'))).toMatchObject({ video: true, audio: false });
    expect(planFile({ video: { codec: 'unknown' }, audio: null }, () => false)).toMatchObject({ kind: 'play' });
  });

  it('plays nothing where nothing is left', () => {
    const reason = 'This browser cannot play HEVC video.';
    expect(planFile({ video: hevc, audio: null }, () => false)).toEqual({ kind: 'unplayable', reason });
    expect(planFile({ video: hevc, audio: aac }, () => false)).toEqual({ kind: 'unplayable', reason });
    expect(planFile({ video: null, audio: aac }, () => false)).toMatchObject({ kind: 'unplayable' });
  });
});
