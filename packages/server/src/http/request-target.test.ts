import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequestTarget } from './request-target.js';

describe('parseRequestTarget', () => {
  it.each([
    ['/live/test.flv', { app: 'live', name: 'test', audio: true, video: true }],
    ['/live/room/a.flv', { app: 'live', name: 'room/a', audio: true, video: true }],
    ['/live/room%2Fa.flv', { app: 'live', name: 'room/a', audio: true, video: true }],
    ['/live/%E6%B5%8B%E8%AF%95%20%25.flv', { app: 'live', name: '测试 %', audio: true, video: true }],
    ['/live/a.flv.flv', { app: 'live', name: 'a.flv', audio: true, video: true }],
    ['/live/../../etc/passwd.flv', { app: 'live', name: '../../etc/passwd', audio: true, video: true }],
    ['/live/test.flv?audio=0', { app: 'live', name: 'test', audio: false, video: true }],
    ['/live/test.flv?video=false&x=%zz', { app: 'live', name: 'test', audio: true, video: false }],
    ['/live/test.flv?start=2.5', { app: 'live', name: 'test', audio: true, video: true, startSeconds: 2.5 }],
    ['/live/test.flv?start=-30', { app: 'live', name: 'test', audio: true, video: true, startSeconds: -30 }],
    ['http://host:8080/live/test.flv', { app: 'live', name: 'test', audio: true, video: true }],
    ['//live/test.flv', { app: '', name: 'live/test', audio: true, video: true }],
    ['/live/.flv', { app: 'live', name: '', audio: true, video: true }],
  ])('%s is media', (target, media) => {
    expect(parseRequestTarget(target)).toEqual({ kind: 'media', query: target.split('?')[1] ?? '', ...media });
  });

  it.each([
    '/',
    '*',
    '',
    '/index.html',
    '/test.flv',
    '/live/test',
    '/api/v1/streams',
    '/api/v1/x.flv',
    '/live/a?b=.flv',
  ])('%j is a page', (target) => {
    expect(parseRequestTarget(target)).toEqual({ kind: 'page' });
  });

  it.each([
    '/live/%.flv',
    '/live/%ff.flv',
    '/%c3%28',
    '/live/test.flv?audio=0&video=0',
    '/live/test.flv?start=',
    '/live/test.flv?start=1e3',
    '/live/test.flv?start=NaN',
    '/live/test.flv?start=9999999999999',
  ])('%s is malformed', (target) => {
    expect(parseRequestTarget(target).kind).toBe('malformed');
  });

  it('reads any name that a client encodes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        expect(parseRequestTarget(`/live/${encodeURIComponent(name)}.flv`)).toMatchObject({ app: 'live', name });
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (target) => {
        expect(parseRequestTarget(target).kind).toBeDefined();
      }),
      { seed: 2, numRuns: 200 },
    );
  });
});
