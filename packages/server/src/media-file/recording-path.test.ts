import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mediaFileNames } from './media-file-name.js';
import { recordingPath } from './recording-path.js';

describe('recordingPath', () => {
  it.each([
    ['live/show.flv', 'live', 'show', 'flv'],
    ['live/show/monday.flv', 'live', 'show/monday', 'flv'],
    ['live/a.flv.flv', 'live', 'a.flv.flv', 'flv'],
    ['live/a.mp4.flv', 'live', 'a.mp4.flv', 'flv'],
    ['live/flv.flv', 'live', 'flv', 'flv'],
    ['live/show.mp4', 'live', 'mp4:show.mp4', 'mp4'],
    ['films/show.f4v', 'films', 'mp4:show.f4v', 'f4v'],
  ])('%s is played as %s, %s', (path, app, name, format) => {
    expect(recordingPath(path)).toEqual({ path, format, key: { app, name } });
    expect(mediaFileNames({ app, name })[0]).toBe(path);
  });

  it.each([
    '',
    'show.flv',
    '/show.flv',
    'live/.flv',
    'live/.show.flv',
    '.live/show.flv',
    'live/../show.flv',
    'live//show.flv',
    'live/show.txt',
    'live/show.flv/',
    'live/show.FLV',
    'live/show.flv.part',
    'live\\show.flv',
    'live/c:show.flv',
    'live/sh\u0000ow.flv',
    'live/a/.mp4',
    `live/${'x'.repeat(3000)}.flv`,
  ])('%j is none', (path) => {
    expect(recordingPath(path)).toBeUndefined();
  });

  it('names what players find', () => {
    const part = fc.stringMatching(/^[a-z.:\\ü/]{0,12}$/);
    fc.assert(
      fc.property(part, fc.constantFrom('flv', 'mp4', 'f4v'), (name, suffix) => {
        const found = recordingPath(`live/${name}.${suffix}`);
        if (found !== undefined) expect(mediaFileNames(found.key)[0]).toBe(found.path);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
