import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeAmf0, encodeFlvHeader, encodeFlvTag, flvTagTypes, RtmpRemoteError } from '@millrace/protocol';
import fc from 'fast-check';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConvertReport } from './convert-report.js';
import { flvToMp4 } from './flv-to-mp4.js';
import { mp4ToFlv } from './mp4-to-flv.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-convert-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string): string => join(folder, name);

async function run(conversion: typeof flvToMp4, bytes: Uint8Array, name = 'out'): Promise<ConvertReport> {
  writeFileSync(path('in'), bytes);
  const [source, target] = [await open(path('in'), 'r'), await open(path(name), 'w+')];
  try {
    return await conversion(source, target, () => undefined);
  } finally {
    await source.close();
    await target.close();
  }
}

function flv(...tags: readonly Uint8Array[]): Buffer {
  return Buffer.concat([encodeFlvHeader({ audio: true, video: true }), ...tags]);
}
const { audio, video, script } = flvTagTypes;
const avcHeader = (level = 0x1e): Uint8Array =>
  encodeFlvTag(video, 0, Uint8Array.of(0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, level, 0xff, 0xe0, 0));
const frame = (first: number, timeMs: number, seed: number, offset = 0): Uint8Array =>
  encodeFlvTag(video, timeMs, Uint8Array.of(first, 1, 0, offset >> 8, offset & 255, 0, 0, 0, 2, 0x65, seed));
const aacHeader = encodeFlvTag(audio, 0, Uint8Array.of(0xaf, 0, 0x12, 0x10));
const sound = (timeMs: number, seed: number): Uint8Array => encodeFlvTag(audio, timeMs, Uint8Array.of(0xaf, 1, seed));
const data = (timeMs: number, name: string): Uint8Array => encodeFlvTag(script, timeMs, encodeAmf0([name, 'x']));

const sample = flv(
  avcHeader(),
  aacHeader,
  frame(0x17, 0, 1, 80),
  sound(10, 5),
  frame(0x27, 40, 2, 120),
  sound(33, 6),
  frame(0x27, 80, 3),
  frame(0x17, 1500, 4, 40),
);

/** What another program's reader finds: kind, presentation time, last byte. */
async function packetsIn(name: string): Promise<[string, number, number | undefined][]> {
  const input = new Input({ source: new BufferSource(readFileSync(path(name))), formats: ALL_FORMATS });
  const packets: [string, number, number | undefined][] = [];
  for (const track of await input.getTracks()) {
    for await (const { timestamp, data: bytes } of new EncodedPacketSink(track).packets()) {
      packets.push([track.type, Math.round(timestamp * 1000), bytes.at(-1)]);
    }
  }
  return packets.sort(([a, x], [b, y]) => (a === b ? x - y : a < b ? 1 : -1));
}

describe('flvToMp4', () => {
  it('keeps every frame with its time, and has its head in front', async () => {
    expect(await run(flvToMp4, sample)).toEqual({
      durationMs: 2960,
      frames: 6,
      bytes: readFileSync(path('out')).length,
      lost: new Map(),
      damagedBytes: 0,
      missingFrames: 0,
    });
    const bytes = readFileSync(path('out'));
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
    expect(await packetsIn('out')).toEqual([
      ['video', 80, 1],
      ['video', 80, 3],
      ['video', 160, 2],
      ['video', 1540, 4],
      ['audio', 10, 5],
      ['audio', 33, 6],
    ]);
  });

  it('comes back as it was', async () => {
    await run(flvToMp4, sample, 'mp4');
    await run(mp4ToFlv, readFileSync(path('mp4')), 'flv');
    await run(flvToMp4, readFileSync(path('flv')), 'again');
    expect(readFileSync(path('again'))).toEqual(readFileSync(path('mp4')));
  });

  it('says what it leaves out', async () => {
    const speex = encodeFlvTag(audio, 0, Uint8Array.of(0xb6, 1));
    const report = await run(flvToMp4, flv(avcHeader(), frame(0x17, 0, 1), speex, data(0, 'onCue'), speex));
    expect(report.lost).toEqual(
      new Map([
        ['Speex audio', 2],
        ['data messages', 1],
      ]),
    );
  });

  it('lets a codec change its configuration, and change back', async () => {
    const changing = flv(
      avcHeader(),
      frame(0x17, 0, 1),
      avcHeader(0x1f),
      frame(0x17, 40, 2),
      avcHeader(),
      frame(0x17, 80, 3),
    );
    expect(await run(flvToMp4, changing, 'mp4')).toMatchObject({ frames: 3 });
    const back = await run(mp4ToFlv, readFileSync(path('mp4')), 'flv');
    expect(back.frames).toBe(3);
    const bytes = readFileSync(path('flv'));
    // Of each sequence header: what follows its version, profile and compatibility.
    const levels = [...bytes.keys()].filter((at) => bytes.readUIntBE(Math.min(at, bytes.length - 3), 3) === 0x0142c0);
    expect(levels.map((at) => bytes[at + 3])).toEqual([0x1e, 0x1f, 0x1e]);
  });

  it('puts a recording that began late at 0, and one behind another after it', async () => {
    const late = flv(
      avcHeader(),
      frame(0x17, 500_000, 1),
      frame(0x27, 500_040, 2),
      frame(0x17, 100, 3),
      frame(0x27, 140, 4),
    );
    await run(flvToMp4, late);
    expect((await packetsIn('out')).map(([, timeMs]) => timeMs)).toEqual([0, 40, 40, 80]);
  });

  it('passes over damage', async () => {
    const broken = flv(avcHeader(), frame(0x17, 0, 1), Buffer.alloc(500, 0xee), frame(0x27, 40, 2), frame(0x27, 80, 3));
    const report = await run(flvToMp4, broken);
    expect(report.frames).toBe(3);
    expect(report.damagedBytes).toBe(500);
  });

  it.each([
    ['nothing', new Uint8Array(0), 'ERR_FLV_TRUNCATED'],
    ['something else', Buffer.from('a letter to a friend'), 'ERR_FLV_SIGNATURE'],
    ['no tags', flv(), 'ERR_FLV_NO_MEDIA'],
    ['data alone', flv(data(0, 'onCue')), 'ERR_FLV_NO_MEDIA'],
    ['frames without a configuration', flv(frame(0x17, 0, 1)), 'ERR_FLV_NO_MEDIA'],
  ])('refuses %s', async (_, bytes, code) => {
    await expect(run(flvToMp4, bytes)).rejects.toMatchObject({ code });
  });

  it('throws nothing but RtmpRemoteError, whatever it reads', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { maxLength: 12 }),
      fc.nat(sample.length),
      async (changes, length) => {
        const bytes = Buffer.from(sample);
        for (const [at, value] of changes) bytes[at] = value;
        const cut = bytes.subarray(0, length);
        const outcome = await run(flvToMp4, cut).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(RtmpRemoteError);
        else await packetsIn('out');
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 14 });
  });
});
