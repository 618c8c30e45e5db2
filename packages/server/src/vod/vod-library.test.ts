import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeSample, sampleTags } from '../../test/flv-sample.js';
import { VodLibrary } from './vod-library.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-library-'));
const mediaDir = join(folder, 'media');
const library = new VodLibrary(mediaDir);

beforeAll(() => {
  mkdirSync(join(mediaDir, 'live'), { recursive: true });
  const sample = encodeSample(sampleTags(1000));
  writeFileSync(join(mediaDir, 'live/a.flv'), sample);
  writeFileSync(join(mediaDir, 'live/grows.flv'), sample);
  writeFileSync(join(mediaDir, 'live/text.flv'), 'text');
  writeFileSync(join(folder, 'outside.flv'), sample);
  symlinkSync(join(mediaDir, 'live/a.flv'), join(mediaDir, 'live/inside.flv'));
  symlinkSync('../../outside.flv', join(mediaDir, 'live/outside.flv'));
  symlinkSync('loop.flv', join(mediaDir, 'live/loop.flv'));
  mkdirSync(join(mediaDir, 'live/folder.flv'));
  execFileSync('mkfifo', [join(mediaDir, 'live/pipe.flv')]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('VodLibrary', () => {
  it('gives players of one file the same, until the last has gone', async () => {
    const [first, second] = await Promise.all([
      library.open({ app: 'live', name: 'a' }),
      library.open({ app: 'live', name: 'flv:inside' }),
    ]);
    expect(first?.file).toBe(second?.file);
    first?.release();
    first?.release();
    expect((await second?.file.seekPoint(500))?.timestamp).toBe(0);
    second?.release();
    const third = await library.open({ app: 'live', name: 'a' });
    expect(third?.file).not.toBe(first?.file);
    third?.release();
  });

  it('sees that a file has grown', async () => {
    const before = await library.open({ app: 'live', name: 'grows' });
    const tags = sampleTags(2000);
    appendFileSync(join(mediaDir, 'live/grows.flv'), encodeSample(tags).subarray(13));
    const after = await library.open({ app: 'live', name: 'grows' });
    expect(before?.file.durationMs).toBe(905);
    expect(after?.file.durationMs).toBe(1905);
    before?.release();
    after?.release();
  });

  it.each(['none', 'outside', 'loop', 'folder', 'pipe', '../outside', 'a/b'])('has no %s', async (name) => {
    const key = { app: 'live', name };
    expect(await library.open(key)).toBeUndefined();
  });

  it.each(['none', 'loop', 'folder', 'pipe', '../outside', 'a/b'])('says at once that it has no %s', (name) => {
    expect(library.mayHave({ app: 'live', name })).toBe(false);
  });

  it('refuses what is no FLV, each time', async () => {
    for (let i = 0; i < 3; i += 1) {
      await expect(library.open({ app: 'live', name: 'text' })).rejects.toMatchObject({ code: 'ERR_FLV_TRUNCATED' });
    }
  });

  it('has nothing where there is no folder', async () => {
    const missing = new VodLibrary(join(folder, 'nowhere'));
    expect(missing.mayHave({ app: 'live', name: 'a' })).toBe(false);
    expect(await missing.open({ app: 'live', name: 'a' })).toBeUndefined();
  });
});
