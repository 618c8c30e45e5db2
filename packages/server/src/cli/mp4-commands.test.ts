import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { captureOutput } from '../../test/captured-output.js';
import { audioTrack, encodeFragments, encodeMp4, videoTrack } from '../../test/mp4-sample.js';
import { convert } from './convert.js';
import { info } from './info.js';
import { repair } from './repair.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-mp4-commands-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'a.mp4');

const written = captureOutput();

const tracks = [videoTrack(60), audioTrack(100)];
const whole = encodeMp4(tracks, { isFront: true });
const fragments = encodeFragments(tracks, 0.5);

describe('millrace info', () => {
  it('says what is in an MP4 file', async () => {
    writeFileSync(file, whole);
    await info(file, { json: false });
    expect(process.exitCode).toBe(0);
    expect(written.out).toContain('duration:   2.4 s\n');
    expect(written.out).toMatch(/^video: {6}H\.264 .*320 x 180, 25 frames a second, \d+ kbit\/s, 60 samples$/m);
    expect(written.out).toContain('key frames: 3, at most 1 s apart\n');
    expect(written.out).toMatch(/^audio: {6}AAC, 48000 Hz, 2 channels, \d+ kbit\/s, 100 samples$/m);
    expect(written.out).toContain('damage:     none\n');
  });

  it('says it to programs as of an FLV file', async () => {
    writeFileSync(file, fragments);
    await info(file, { json: true });
    expect(JSON.parse(written.out)).toMatchObject({
      durationMs: 2400,
      video: { codec: 'h264', tags: 60, bytes: 6000 },
      audio: { codec: 'aac', tags: 100, bytes: 2000, config: { sampleRate: 48_000 } },
      keyFrameCount: 3,
      longestGopMs: 1000,
      damageCount: 0,
    });
  });

  it('finds that it was cut off', async () => {
    writeFileSync(file, whole.subarray(0, -1000));
    await info(file, { json: false });
    expect(process.exitCode).toBe(2);
    expect(written.out).toContain('the box mdat is cut off\n');
    expect(written.out).toMatch(/\d+ samples of video are not in the file\n/);
  });

  it('knows a file by what is in it', async () => {
    const named = join(folder, 'film');
    writeFileSync(named, whole);
    await info(named, { json: false });
    expect(written.out).toContain('60 samples');
    writeFileSync(file, 'text, and no film');
    await info(file, { json: false });
    expect(process.exitCode).toBe(1);
    expect(written.err).toContain('it is no MP4 file');
  });
});

describe('millrace convert', () => {
  it('says that frames are missing, and makes nothing of none', async () => {
    const target = join(folder, 'film.flv');
    writeFileSync(file, fragments.subarray(0, -1000));
    await convert(file, target, { force: false });
    expect(written.err).toBe('');
    expect(written.out).toMatch(/left out, for the source lists them and has not got them: \d+ frames\n/);
    expect(process.exitCode).toBe(2);
    rmSync(target);
    const { length } = fragments.subarray(0, fragments.indexOf('mdat'));
    writeFileSync(file, fragments.subarray(0, length + 4));
    await convert(file, target, { force: false });
    expect(written.err).toContain('there are no frames in it');
    expect(process.exitCode).toBe(1);
    expect(existsSync(target)).toBe(false);
  });
});

describe('millrace repair', () => {
  it('leaves out a fragment that is torn', async () => {
    writeFileSync(file, fragments.subarray(0, -100));
    await repair(file, {});
    expect(written.err).toBe('');
    expect(process.exitCode).toBe(0);
    const repaired = readFileSync(file);
    expect(fragments.subarray(0, repaired.length).equals(repaired)).toBe(true);
    expect(written.out).toContain('the box mdat is cut off');
    written.clear();
    await info(file, { json: true });
    expect(JSON.parse(written.out)).toMatchObject({ damageCount: 0, video: { tags: 50 } });
  });

  it('says that it cannot do more', async () => {
    writeFileSync(file, whole.subarray(0, -100));
    await repair(file, {});
    expect(process.exitCode).toBe(1);
    expect(written.err).toContain('an MP4 file without fragments cannot be repaired');
    expect(existsSync(`${file}.repaired`)).toBe(false);
    expect(readFileSync(file)).toHaveLength(whole.length - 100);
  });
});
