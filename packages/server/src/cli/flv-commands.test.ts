import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFlvHeader, encodeFlvTag, encodeMetadata } from '@millrace/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { captureOutput } from '../../test/captured-output.js';
import { explainFileError, namingTarget, temporaryOf } from './file-error.js';
import { fileProgress } from './file-progress.js';
import { formatBytes, formatTime, info } from './info.js';
import { repair } from './repair.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-flv-commands-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'a.flv');

const written = captureOutput();

const key = Uint8Array.of(0x17, 1, 0, 0, 0, 1, 2, 3);
const sound = [
  encodeFlvHeader({ audio: true, video: true }),
  encodeFlvTag(18, 0, encodeMetadata({ width: 640, height: 360, framerate: 25, encoder: 'test\n' })),
  encodeFlvTag(9, 0, key),
  encodeFlvTag(8, 10, Uint8Array.of(0xaf, 1, 2)),
  encodeFlvTag(9, 40, key),
];
const noise = Buffer.alloc(50, 0xee);

describe('millrace info', () => {
  it('says what is in a file', async () => {
    writeFileSync(file, Buffer.concat(sound));
    await info(file, { json: false });
    expect(process.exitCode).toBe(0);
    expect(written.out).toContain('duration:   0.08 s (the file does not say; millrace repair makes it do so)\n');
    expect(written.out).toMatch(/^video: {6}H\.264, 640 x 360, 25 frames a second, \d+ kbit\/s, 2 tags$/m);
    expect(written.out).toContain('key frames: 2, at most 0.04 s apart\n');
    expect(written.out).toMatch(/^audio: {6}AAC, \d+ kbit\/s, 1 tag$/m);
    expect(written.out).toContain('made by:    "test\\n"\n');
    expect(written.out).toContain('damage:     none\n');
  });

  it('says where damage is, and its exit code is 2', async () => {
    writeFileSync(file, Buffer.concat([...sound.slice(0, 3), noise, ...sound.slice(3)]));
    const offset = Buffer.concat(sound.slice(0, 3)).length;
    await info(file, { json: false });
    expect(process.exitCode).toBe(2);
    expect(written.out).toContain(
      `damage:     1 place, 50 bytes\n            at ${offset}, 50 bytes: no tag is here\n`,
    );
    written.clear();
    await info(file, { json: true });
    expect(JSON.parse(written.out)).toMatchObject({ damages: [{ offset, end: offset + 50 }], keyFrameCount: 2 });
  });

  it.each([
    ['no FLV file', 'some text', /^cannot read .*a\.flv: it is no FLV file \(offset 0\)\n$/],
    ['an empty file', '', /^cannot read .*a\.flv: it ends within the file header \(offset 0\)\n$/],
  ])('explains %s in one line', async (_, content, line) => {
    writeFileSync(file, content.padEnd(content === '' ? 0 : 20));
    await info(file, { json: false });
    expect(written.err).toMatch(line);
    expect(process.exitCode).toBe(1);
  });

  it.each([
    ['missing.flv', 'there is no such file or folder'],
    ['', 'is a folder, not a file'],
    ['loop.flv', 'its links lead round in a circle'],
    ['plain/x.flv', 'a file stands where a folder is named'],
    ['pipe.flv', 'is a device or a pipe, not a file'],
    ['x'.repeat(300), 'the name is too long'],
  ])('explains %j', async (name, text) => {
    const odd = join(folder, 'odd');
    mkdirSync(odd);
    symlinkSync('loop.flv', join(odd, 'loop.flv'));
    writeFileSync(join(odd, 'plain'), '');
    execFileSync('mkfifo', [join(odd, 'pipe.flv')]);
    await info(join(odd, name), { json: false });
    rmSync(odd, { recursive: true });
    expect(written.err).toContain(text);
    expect(written.err.split('\n')).toHaveLength(2);
  });
});

describe('millrace repair', () => {
  it('replaces the file with what is sound of it', async () => {
    writeFileSync(file, Buffer.concat([...sound.slice(0, 3), noise, ...sound.slice(3), Uint8Array.of(9, 0, 0)]));
    await repair(file, {});
    expect(process.exitCode).toBe(0);
    expect(written.out).toContain('0.08 s, 3 tags, 2 key frames');
    expect(written.out).toContain('left out, with 53 bytes:\n');
    written.clear();
    await info(file, { json: false });
    expect(written.out).toContain('damage:     none\n');
    expect(written.out).toContain('duration:   0.08 s\n');
    expect(readdirSync(folder)).toEqual(['a.flv']);
  });

  it('leaves the file alone with --out, and what is there in its place', async () => {
    const bytes = Buffer.concat(sound);
    writeFileSync(file, bytes);
    const other = join(folder, 'b.flv');
    await repair(file, { out: other });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(existsSync(other)).toBe(true);
    await repair(file, { out: other });
    expect(written.err).toContain('is there already');
    await repair(file, { out: file });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    rmSync(other);
  });

  it('leaves a file alone in which there is nothing', async () => {
    writeFileSync(file, Buffer.concat([encodeFlvHeader({ audio: true, video: true }), noise]));
    await repair(file, {});
    expect(written.err).toContain('there is nothing to save in it');
    expect(process.exitCode).toBe(1);
    expect(readdirSync(folder)).toEqual(['a.flv']);
  });
});

describe('what people read', () => {
  it('has sizes and times', () => {
    expect([0, 9999, 10_000, 4_294_967_296].map(formatBytes)).toEqual(['0 bytes', '9999 bytes', '10.0 kB', '4.3 GB']);
    expect([0, 1234, 59_999, 3_725_000].map(formatTime)).toEqual(['0 s', '1.23 s', '00:01:00', '01:02:05']);
  });

  it('has a bar for big files on a terminal only', () => {
    const written: string[] = [];
    const write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
    fileProgress('reading', 1e9, { isTTY: false, write }).update(0.5);
    fileProgress('reading', 1e6, { isTTY: true, write }).update(0.5);
    expect(written).toEqual([]);
    const bar = fileProgress('reading', 1e9, { isTTY: true, write });
    bar.update(0.5);
    bar.update(0.501);
    bar.clear();
    expect(written).toEqual([`\rreading [${'#'.repeat(15)}${' '.repeat(15)}] 50%`, '\r\x1b[K']);
  });

  it('names the file that is written, and not how it is called until it is complete', () => {
    const full = Object.assign(new Error('full'), { code: 'ENOSPC', syscall: 'write' });
    expect(explainFileError('a.flv', namingTarget(full, 'b.mp4'))).toBe('b.mp4: the disk is full');
    const denied = Object.assign(new Error('denied'), { code: 'EACCES', path: temporaryOf('b.mp4') });
    expect(explainFileError('a.flv', namingTarget(denied, 'b.mp4'))).toBe('b.mp4: permission denied');
  });

  it('has no explanation for bugs', () => {
    expect(explainFileError('x', new TypeError('x'))).toBeUndefined();
  });
});
