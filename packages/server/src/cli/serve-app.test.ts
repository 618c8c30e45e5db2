import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { serve } from './serve.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-serve-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

class Exit extends Error {}

/** What `millrace serve --app FILE` says on stderr before it exits with 1. */
async function refusal(app: string): Promise<string> {
  const lines: unknown[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(text) > 0);
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Exit();
  });
  const set = [
    'rtmp.listen=127.0.0.1:0',
    'http.listen=127.0.0.1:0',
    `media.dir=${join(folder, 'media')}`,
    `state.dir=${join(folder, 'state')}`,
  ];
  await expect(serve({ set, app, demo: false })).rejects.toBeInstanceOf(Exit);
  expect(exit).toHaveBeenCalledWith(1);
  return lines.join('');
}

describe('serve --app', () => {
  it.each([
    ['broken.mjs', 'export default {{', /^cannot load FILE \(app\.file\): [^\n]+\n$/],
    ['throws.mjs', 'throw new Error("no database")', /^cannot load FILE \(app\.file\): Error: no database[^\n]*\n$/],
    ['empty.mjs', '', /^cannot load FILE \(app\.file\): it has no default export[^\n]*\n$/],
    [
      'wrong.mjs',
      'export default { onConect() {} }',
      /^cannot load FILE \(app\.file\): there is no handler "onConect"[^\n]*\n$/,
    ],
    ['missing.mjs', undefined, /^cannot load FILE \(app\.file\): there is no such file\n$/],
  ])('%s stops the start with one line', async (name, content, message) => {
    const file = join(folder, name);
    if (content !== undefined) writeFileSync(file, content);
    expect((await refusal(file)).replace(file, 'FILE')).toMatch(message);
    expect(existsSync(file)).toBe(content !== undefined);
  });
});
