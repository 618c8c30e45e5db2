import { describe, expect, it } from 'vitest';
import { publishSettings, shellWord } from './publish-settings.js';

const place = { pageUrl: new URL('http://media.example:8080/'), rtmpPort: 1935 };

describe('publishSettings', () => {
  it('gives the exact texts for the usual stream', () => {
    expect(publishSettings(place, { app: 'live', name: 'test' })).toEqual({
      ffmpegFile:
        'ffmpeg -re -stream_loop -1 -i input.mp4 -c:v libx264 -preset veryfast -tune zerolatency -g 60 -c:a aac ' +
        '-f flv rtmp://media.example/live/test',
      ffmpegTest:
        'ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 ' +
        '-c:v libx264 -preset veryfast -tune zerolatency -g 60 -pix_fmt yuv420p -c:a aac ' +
        '-f flv rtmp://media.example/live/test',
      obs: { service: 'Custom…', server: 'rtmp://media.example/live', streamKey: 'test', keyframeInterval: '2 s' },
      ffplay: 'ffplay -fflags nobuffer rtmp://media.example/live/test',
      vlc: 'rtmp://media.example/live/test',
    });
  });

  it('names another RTMP port everywhere', () => {
    const settings = publishSettings({ ...place, rtmpPort: 1936 }, { app: 'live', name: 'test' });
    expect(settings.obs.server).toBe('rtmp://media.example:1936/live');
    for (const text of [settings.ffmpegFile, settings.ffmpegTest, settings.ffplay, settings.vlc]) {
      expect(text).toContain('rtmp://media.example:1936/live/test');
    }
  });

  it('quotes a name that a shell would run', () => {
    const settings = publishSettings(place, { app: 'live', name: "$(id); it's `x`\nrm" });
    expect(settings.ffplay).toBe("ffplay -fflags nobuffer 'rtmp://media.example/live/$(id); it'\\''s `x`%0Arm'");
  });
});

describe('shellWord', () => {
  it.each([
    ['rtmp://h:1/live/test', 'rtmp://h:1/live/test'],
    ['a b', "'a b'"],
    ["'", "''\\'''"],
    ['$HOME', "'$HOME'"],
    ['', "''"],
  ])('%j becomes %s', (text, word) => {
    expect(shellWord(text)).toBe(word);
  });
});
