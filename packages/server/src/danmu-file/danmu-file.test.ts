import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Danmu, formatStoredDanmu, type ServiceHeader } from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DanmuReader, DanmuWriter, danmuFileOf, dropDanmuPart, settleDanmu } from './index.js';

let folder: string;
let recording: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-danmu-'));
  recording = join(folder, 'show.flv');
  file = danmuFileOf(recording);
});
afterEach(() => rmSync(folder, { recursive: true }));

const header: ServiceHeader = {
  ...{ version: 0, transimitType: 'broadcast', serviceType: 0, priority: 4, abandon: true },
  ...{ messageId: 'm', networkId: 'n' },
};
const danmu: Danmu = {
  ...{ userId: 'u', userLevel: '', deviceType: 0, roomId: 'r', timeStampMs: 1, danmuType: 0, content: 'hi' },
};
const line = (mediaTimeMs: number, content = 'hi'): string =>
  formatStoredDanmu({ mediaTimeMs, receivedAtMs: 5, header, danmu: { ...danmu, content } });

function writer(isAppended: boolean, errors: unknown[] = []): DanmuWriter {
  return new DanmuWriter({ recording, isAppended, onError: (error) => errors.push(error) });
}

async function reader(): Promise<DanmuReader> {
  return new DanmuReader(await open(file));
}

const timesOf = (lines: readonly { readonly mediaTimeMs: number }[]): number[] =>
  lines.map(({ mediaTimeMs }) => mediaTimeMs);

describe('what was said during a recording', () => {
  it('is a file once the recording is complete, and replaces that of the one before', async () => {
    writeFileSync(file, 'old\n');
    const first = writer(false);
    first.write(line(1));
    first.write(line(2));
    await first.close();
    expect(readFileSync(file, 'utf8')).toBe('old\n');
    await settleDanmu(recording, true);
    expect(readFileSync(file, 'utf8')).toBe(`${line(1)}\n${line(2)}\n`);
  });

  it('is no file where nothing was said, nor what was said before', async () => {
    writeFileSync(file, 'old\n');
    await writer(false).close();
    await settleDanmu(recording, true);
    await settleDanmu(recording, true);
    expect(existsSync(file)).toBe(false);
    const dropped = writer(false);
    dropped.write(line(1));
    await dropped.close();
    await dropDanmuPart(recording);
    await settleDanmu(recording, true);
    expect(existsSync(file)).toBe(false);
  });

  it('is appended to, behind a line that was cut short', async () => {
    const first = writer(true);
    first.write(line(1));
    await first.close();
    appendFileSync(file, line(2).slice(0, 50));
    const second = writer(true);
    second.write(line(3));
    await second.close();
    const read = await reader();
    expect(timesOf(await read.next(10, 10))).toEqual([1, 3]);
    await read.close();
  });

  it('is given up where the disk does not take it, and says so once', async () => {
    rmSync(folder, { recursive: true });
    const errors: unknown[] = [];
    const failing = writer(false, errors);
    failing.write(line(1));
    await failing.close();
    failing.write(line(2));
    expect(errors).toMatchObject([{ code: 'ENOENT' }]);
    const full = writer(false, errors);
    for (let i = 0; i < 10_000; i += 1) full.write(line(i));
    expect(full.lost).toBeGreaterThan(0);
    await full.close();
    expect(errors).toHaveLength(2);
    // For the clean-up.
    folder = mkdtempSync(join(tmpdir(), 'millrace-danmu-'));
  });
});

describe('DanmuReader', () => {
  it('gives lines by their time, as the file grows', async () => {
    writeFileSync(file, `${line(100)}\n${line(200)}\n${line(300)}\n${line(400).slice(0, 99)}`);
    const read = await reader();
    expect(timesOf(await read.next(99, 10))).toEqual([]);
    expect(timesOf(await read.next(250, 1))).toEqual([100]);
    expect(timesOf(await read.next(250, 10))).toEqual([200]);
    expect(timesOf(await read.next(1000, 10))).toEqual([300]);
    appendFileSync(file, `${line(400).slice(99)}\n`);
    expect(timesOf(await read.next(1000, 10))).toEqual([400]);
    await read.seek(250);
    expect(timesOf(await read.next(1000, 10))).toEqual([300, 400]);
    await read.close();
  });

  it('finds every time in a long file with damage in it', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => line(i * 10, i % 7 === 0 ? 'x'.repeat(300) : 'hi'));
    const damaged = lines.map((one, i) => (i % 100 === 50 ? 'z'.repeat(i === 1550 ? 400_000 : 90) : one));
    writeFileSync(file, damaged.join('\n'));
    expect(statSync(file).size).toBeGreaterThan(1_000_000);
    const read = await reader();
    for (const timeMs of [0, 5, 9_990, 15_490, 15_500, 15_501, 20_001, 29_980, 100_000]) {
      await read.seek(timeMs);
      const expected = lines.flatMap((_, i) => (i % 100 === 50 || i * 10 < timeMs || i === 2999 ? [] : [i * 10]));
      expect(timesOf(await read.next(Number.POSITIVE_INFINITY, 3)), `from ${timeMs}`).toEqual(expected.slice(0, 3));
    }
    await read.close();
  });

  it('gives long lines a few at a time', async () => {
    writeFileSync(
      file,
      Array.from({ length: 10 }, (_, i) => `${line(i, 'x'.repeat(400))}\n`)
        .join('')
        .repeat(20),
    );
    const read = await reader();
    const counts: number[] = [];
    for (let found = await read.next(100, 1000); found.length > 0; found = await read.next(100, 1000)) {
      counts.push(found.length);
    }
    expect(counts.reduce((sum, count) => sum + count)).toBe(200);
    expect(Math.max(...counts)).toBeLessThan(110);
    await read.close();
  });

  it('reads a part of a file that is none', async () => {
    writeFileSync(file, Buffer.alloc(3_000_000, 0x61));
    appendFileSync(file, `\n${line(7)}\n`);
    const read = await reader();
    expect(await read.next(10, 10)).toEqual([]);
    await read.next(10, 10);
    expect(timesOf(await read.next(10, 10))).toEqual([7]);
    await read.close();
  });
});
