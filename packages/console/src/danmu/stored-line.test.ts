import { expect, it } from 'vitest';
import { readStoredLines } from './stored-line.js';

it('reads danmu, and passes over everything else', () => {
  const danmu = (content: unknown): string => JSON.stringify({ mediaTimeMs: 1500, content });
  const text = [
    danmu({ userID: 'a', danmuType: 0, content: '<b>hi</b>' }),
    danmu({ danmuType: 1, content: '3' }),
    JSON.stringify({ mediaTimeMs: 1500, amf0: '05' }),
    danmu({ content: 7 }),
    danmu(null),
    '{"mediaTimeMs":"1","content":{"content":"x"}}',
    'null',
    '{',
    '',
  ].join('\n');
  expect(readStoredLines(text)).toEqual([
    { seconds: 1.5, user: 'a', said: '<b>hi</b>' },
    { seconds: 1.5, user: '', said: '🎁 × 3' },
  ]);
});
