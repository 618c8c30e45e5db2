import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeSample, sampleTags } from '../../test/flv-sample.js';
import { encodeMp4, videoTrack } from '../../test/mp4-sample.js';
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
  writeFileSync(join(mediaDir, 'live/film.mp4'), encodeMp4([videoTrack(50)]));
  writeFileSync(join(mediaDir, 'live/old.f4v'), encodeMp4([videoTrack(25)]));
  writeFileSync(join(mediaDir, 'live/both.flv'), encodeSample(sampleTags(1000)));
  writeFileSync(join(mediaDir, 'live/both.mp4'), encodeMp4([videoTrack(75)]));
  writeFileSync(join(mediaDir, 'live/named.mp4.flv'), encodeSample(sampleTags(1000)));
  writeFileSync(join(mediaDir, 'live/words.mp4'), 'words, and no film');
  writeFileSync(join(folder, 'outside.mp4'), encodeMp4([videoTrack(25)]));
  symlinkSync('../../outside.mp4', join(mediaDir, 'live/outside.mp4'));
  mkdirSync(join(mediaDir, 'live/folder.mp4'));
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

  it.each([
    ['film', 2000],
    ['mp4:film', 2000],
    ['mp4:film.mp4', 2000],
    ['film.mp4', 2000],
    ['mp4:old', 1000],
    ['mp4:old.f4v', 1000],
    // The FLV file of that name.
    ['both', 905],
    ['mp4:both', 3000],
    ['named.mp4', 905],
  ])('finds %s', async (name, durationMs) => {
    const key = { app: 'live', name };
    expect(library.mayHave(key)).toBe(true);
    const recording = await library.open(key);
    expect(recording?.file.durationMs).toBe(durationMs);
    recording?.release();
  });

  it.each(['old', 'mp4:a', 'flv:film', 'mp4:outside', 'mp4:outside.mp4', 'mp4:../outside.mp4', 'mp4:folder'])(
    'has no %s',
    async (name) => {
      expect(await library.open({ app: 'live', name })).toBeUndefined();
    },
  );

  it('refuses what is no MP4, each time', async () => {
    for (let i = 0; i < 3; i += 1) {
      const opening = library.open({ app: 'live', name: 'mp4:words' });
      await expect(opening).rejects.toMatchObject({ code: 'ERR_MP4_SIGNATURE' });
    }
  });

  it('has nothing where there is no folder', async () => {
    const missing = new VodLibrary(join(folder, 'nowhere'));
    expect(missing.mayHave({ app: 'live', name: 'a' })).toBe(false);
    expect(await missing.open({ app: 'live', name: 'a' })).toBeUndefined();
  });
});
