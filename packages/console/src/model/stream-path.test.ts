import { describe, expect, it } from 'vitest';
import { formatStreamHash, parseStreamHash, streamKey } from './stream-path.js';

describe('stream hash', () => {
  it.each([
    { app: 'live', name: 'test' },
    { app: 'live', name: 'folder/test' },
    { app: 'app', name: 'ü <b>#%?&/ "x"' },
    { app: 'a/b', name: "it's (1)!*" },
  ])('comes back the same: $app $name', (path) => {
    expect(parseStreamHash(formatStreamHash(path))).toEqual(path);
  });

  it('is readable for ordinary names', () => {
    expect(formatStreamHash({ app: 'live', name: 'test' })).toBe('#/live/test');
  });

  it.each(['', '#', '#/', '#/live', '#/live/', '#test', '#/live/%zz'])('names no stream: %j', (hash) => {
    expect(parseStreamHash(hash)).toBeUndefined();
  });

  it('takes the rest of the path as the name', () => {
    expect(parseStreamHash('#/live/a/b')).toEqual({ app: 'live', name: 'a/b' });
  });

  it('has a key as in the address', () => {
    expect(streamKey({ app: 'live', name: 'test' })).toBe('/live/test');
  });
});
