import { describe, expect, it } from 'vitest';
import { mediaFileName } from './media-file-name.js';

describe('mediaFileName', () => {
  it.each([
    ['live', 'x', 'live/x.flv'],
    ['live', 'flv:x', 'live/x.flv'],
    ['live', 'x.flv', 'live/x.flv'],
    ['live', 'flv:x.flv', 'live/x.flv'],
    ['vod/films', 'a b.c', 'vod/films/a b.c.flv'],
    ['vod', 'films/a', 'vod/films/a.flv'],
    ['/live/', 'x', 'live/x.flv'],
  ])('%s and %s', (app, name, file) => {
    expect(mediaFileName({ app, name })).toBe(file);
  });

  it.each([
    ['live', '..'],
    ['live', '../x'],
    ['live', 'a/../../x'],
    ['..', 'x'],
    ['live', './x'],
    ['live', '/etc/passwd'],
    ['live', 'a//x'],
    ['live', 'a/'],
    ['live', '.hidden'],
    ['live', 'x\0'],
    ['live', 'x\n'],
    ['live', '..\\x'],
    ['live', 'C:x'],
    ['live', 'mp4:x'],
    ['live', ''],
    ['live', '.flv'],
    ['live', 'flv:'],
    ['', 'x'],
    ['live', 'x'.repeat(300)],
    ['live', 'x'.repeat(3000)],
  ])('none for %j and %j', (app, name) => {
    expect(mediaFileName({ app, name })).toBeUndefined();
  });
});
