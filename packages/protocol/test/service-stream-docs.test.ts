import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeLatencySei, parseStoredDanmu } from '../src/index.js';
import { danmu, danmuHeader, danmuMessageHex } from '../src/service/service.vectors.js';

const page = readFileSync(new URL('../../../docs/service-stream.md', import.meta.url), 'utf8');

/** The first block of code after a piece of text. */
function blockAfter(heading: string): string {
  const [, block] = /```\w*\n(.*?)```/s.exec(page.slice(page.indexOf(heading))) ?? [];
  if (block === undefined) throw new Error(`no block of code after ${heading}`);
  return block;
}

describe('docs/service-stream.md', () => {
  it('has the bytes of the danmu that the tests read and write', () => {
    const rows = blockAfter('### One danmu').trim().split('\n');
    expect(rows.map((row) => row.slice(0, 58).replace(/\s+/g, '')).join('')).toBe(danmuMessageHex);
    expect(page).toContain(`of type 20, ${danmuMessageHex.length / 2} bytes`);
  });

  it('has a line of the store', () => {
    expect(parseStoredDanmu(blockAfter('## Stored danmu'))).toEqual({
      mediaTimeMs: 1500,
      receivedAtMs: 1_700_000_000_250,
      header: danmuHeader,
      danmu,
    });
  });

  it('has the SEI as it is sent', () => {
    const [first = ''] = blockAfter('The SEI is').split('\n');
    const sent = first.replace(/[\s-]/g, '').replace('0000018b', '000003018b');
    expect(Buffer.from(encodeLatencySei(1_700_000_000_000)).toString('hex')).toBe(sent);
  });
});
