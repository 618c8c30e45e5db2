import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatStoredDanmu, formatStoredMessage, type ServiceHeader } from '@millrace/protocol';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { danmuExport } from './danmu-export.js';

let folder: string;
let before: typeof process.exitCode;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-export-'));
  before = process.exitCode;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  process.exitCode = before;
  vi.restoreAllMocks();
});

const header: ServiceHeader = {
  ...{ version: 0, transimitType: 'broadcast', serviceType: 0, priority: 4, abandon: true },
  ...{ messageId: 'm', networkId: 'n' },
};
const danmu = { userId: 'u', userLevel: '', deviceType: 0, roomId: 'r', timeStampMs: 1, danmuType: 0, content: 'hi' };
const lines = [
  formatStoredDanmu({ mediaTimeMs: 1500, receivedAtMs: 1, header, danmu }),
  formatStoredMessage({ mediaTimeMs: 1600, receivedAtMs: 1, header: { ...header, serviceType: 9 }, content: 'x' }),
];

it('gives the lines of a recording that are sound, or subtitles', async () => {
  writeFileSync(join(folder, 'a.danmu.jsonl'), `${lines[0]}\nnothing\n${lines[1]}\n{"cut`);
  const out = join(folder, 'out');
  await danmuExport(join(folder, 'a.flv'), { ass: false, out });
  expect(process.exitCode).toBe(0);
  expect(readFileSync(out, 'utf8')).toBe(`${lines.join('\n')}\n`);
  await danmuExport(join(folder, 'a.danmu.jsonl'), { ass: true, out: `${out}.ass` });
  expect(readFileSync(`${out}.ass`, 'utf8').match(/^Dialogue: 0,0:00:01\.50.*hi$/gm)).toHaveLength(1);
});

it('says in one line what is wrong', async () => {
  const errors: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => errors.push(String(text)) > 0);
  await danmuExport(join(folder, 'a.flv'), { ass: false });
  writeFileSync(join(folder, 'a.danmu.jsonl'), `${lines[0]}\n`);
  await danmuExport(join(folder, 'a.flv'), { ass: false, out: join(folder, 'a.danmu.jsonl') });
  expect(process.exitCode).toBe(1);
  expect(errors).toEqual([
    `${join(folder, 'a.danmu.jsonl')}: there is no such file or folder\n`,
    `${join(folder, 'a.danmu.jsonl')} is there already; choose another name, or delete it first\n`,
  ]);
});
