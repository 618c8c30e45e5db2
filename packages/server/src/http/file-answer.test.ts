import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileAnswer } from './file-answer.js';

const file = {
  bytes: 5 * 2 ** 40,
  modifiedMs: 1_700_000_000_500,
  version: 'abc',
  contentType: 'video/x-flv',
  fileName: 'show.flv',
};

function answerTo(headers: Record<string, string>, bytes = file.bytes) {
  return fileAnswer({ ...file, bytes }, { method: 'GET', headers, isDownload: false });
}

describe('fileAnswer', () => {
  it('finds ranges in terabytes', () => {
    expect(answerTo({ range: `bytes=${2 ** 42}-${2 ** 42 + 1}` })).toMatchObject({
      status: 206,
      start: 2 ** 42,
      length: 2,
      headers: { 'content-range': `bytes ${2 ** 42}-${2 ** 42 + 1}/${file.bytes}` },
    });
  });

  it('has no ranges of an empty file', () => {
    expect(answerTo({}, 0)).toMatchObject({ status: 200, length: 0 });
    for (const range of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) {
      expect(answerTo({ range }, 0)).toMatchObject({ status: 416, length: 0 });
    }
  });

  it('names files in every language', () => {
    const named = (fileName: string) =>
      fileAnswer({ ...file, fileName }, { method: 'GET', headers: {}, isDownload: true }).headers[
        'content-disposition'
      ];
    expect(named('show.flv')).toBe('attachment; filename=show.flv');
    expect(named('a"b.flv')).toBe('attachment; filename="a\\"b.flv"');
    expect(named('日本.flv')).toContain("filename*=UTF-8''%E6%97%A5%E6%9C%AC.flv");
  });

  it('never gives more than there is, whatever it is asked', () => {
    const range = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^bytes=[-0-9, ]{0,40}$/),
      fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => `bytes=${from}-${to}`),
    );
    fc.assert(
      fc.property(range, fc.nat(1000), fc.option(fc.string({ unit: 'binary' })), (text, bytes, condition) => {
        const conditions = condition === null ? {} : { 'if-range': condition, 'if-match': condition };
        const { status, start, length, headers } = answerTo({ range: text, ...conditions }, bytes);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(start + length).toBeLessThanOrEqual(bytes);
        if (status === 206) expect(length).toBeGreaterThan(0);
        if (status === 200 || status === 206) expect(headers['content-length']).toBe(length);
        else expect(length).toBe(0);
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});
