import { describe, expect, it } from 'vitest';
import { mediaFileName, mediaFileNames, recordingSegments } from './media-file-name.js';

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

describe('mediaFileNames', () => {
  it.each([
    ['x', ['live/x.flv', 'live/x.mp4']],
    ['flv:x', ['live/x.flv']],
    ['x.flv', ['live/x.flv']],
    ['flv:x.mp4', ['live/x.mp4.flv']],
    ['mp4:x', ['live/x.mp4', 'live/x.f4v']],
    ['mp4:x.mp4', ['live/x.mp4']],
    ['mp4:x.f4v', ['live/x.f4v']],
    ['mp4:films/x.f4v', ['live/films/x.f4v']],
    ['mp4:x.flv', ['live/x.flv.mp4', 'live/x.flv.f4v']],
    // Recorded under such a name, it is an FLV file.
    ['x.mp4', ['live/x.mp4', 'live/x.mp4.flv']],
    ['x.f4v', ['live/x.f4v', 'live/x.f4v.flv']],
  ])('%s', (name, files) => {
    expect(mediaFileNames({ app: 'live', name })).toEqual(files);
  });

  it.each([
    'mp4:',
    'mp4:../x',
    'mp4:../x.mp4',
    'mp4:a/../../x.mp4',
    'mp4:/etc/x.mp4',
    'mp4:.x.mp4',
    'mp4:.mp4',
    'mp4:a//x.mp4',
    'mp4:a\\x.mp4',
    'mp4:C:x.mp4',
    'mp4:mp4:x',
    'mp4:x\0.mp4',
    `mp4:${'x'.repeat(3000)}`,
    '../x.mp4',
    '',
  ])('none for %j', (name) => {
    expect(mediaFileNames({ app: 'live', name })).toEqual([]);
  });
});

describe('recordingSegments', () => {
  it.each([
    ['live/x', ['live', 'x']],
    ['live/x.flv', ['live', 'x']],
    ['vod/films/a b.c', ['vod', 'films', 'a b.c']],
  ])('%s', (path, segments) => {
    expect(recordingSegments(path)).toEqual(segments);
  });

  it.each(['..', '', '.hidden', 'a//x', 'a\\x', 'C:x', 'x'.repeat(300)])(
    'none for %j, which is not read either',
    (name) => {
      expect(recordingSegments(`live/${name}`)).toBeUndefined();
      expect(mediaFileName({ app: 'live', name })).toBeUndefined();
    },
  );

  it.each(['con', 'nul.x', 'x.', ' x', 'x ', 'a|b', 'a?b', '\ud800'])('none for %j, which is read', (name) => {
    expect(recordingSegments(`live/${name}`)).toBeUndefined();
    expect(mediaFileName({ app: 'live', name })).toBe(`live/${name}.flv`);
  });
});
