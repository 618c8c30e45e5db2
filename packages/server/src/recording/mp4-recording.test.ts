import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeAmf0, messageTypes, type RawMessage } from '@millrace/protocol';
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from 'mediabunny';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../config/index.js';
import { silentLogger } from '../log/index.js';
import type { RecordType } from './recording-file.js';
import { Recordings } from './recordings.js';

let folder: string;
const running: Recordings[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-mp4-'));
});
afterEach(async () => {
  for (const recordings of running.splice(0)) await recordings.close(5000);
  rmSync(folder, { recursive: true, force: true });
});

const media = (name: string): string => join(folder, 'live', name);
const files = (): string[] => (existsSync(media('')) ? readdirSync(media('')).sort() : []);
const lost: unknown[] = [];

function recordingsWith(...set: readonly string[]): Recordings {
  const config = loadConfig({ set: [`media.dir=${folder}`, ...set] });
  const log = { ...silentLogger, warn: (fields: unknown) => void lost.push(fields), child: () => log };
  const recordings = new Recordings({ config, log, wallClock: () => Date.UTC(2026, 10, 21) });
  running.push(recordings);
  return recordings;
}

/** Resolves with the statuses when the last recording of the stream is over. */
async function recordAll(
  name: string,
  messages: readonly RawMessage[],
  type: RecordType = 'record',
): Promise<string[]> {
  const statuses: string[] = [];
  const recordings = recordingsWith();
  let isTold = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    isTold = resolve;
  });
  const recorder = recordings.record({ path: `/live/${name}`, app: 'live', name }, type, (code, text) => {
    statuses.push(`${code.replace('NetStream.Record.', '')}: ${text}`);
    isTold();
  });
  // Else all would be held until the file is open.
  await told;
  for (const message of messages) recorder.write(message);
  recorder.end();
  await recordings.close(5000);
  return statuses;
}

function message(messageTypeId: number, timestamp: number, bytes: Iterable<number>): RawMessage {
  return { messageTypeId, timestamp, messageStreamId: 1, payload: Uint8Array.from(bytes) };
}
const audio = (timestamp: number, ...bytes: number[]): RawMessage =>
  message(messageTypes.audio, timestamp, [0xaf, 1, ...bytes]);
const aacHeader = (timestamp: number, rate = 0x12): RawMessage =>
  message(messageTypes.audio, timestamp, [0xaf, 0, rate, 0x10]);
const speex = (timestamp: number): RawMessage => message(messageTypes.audio, timestamp, [0xb6, 1, 2]);
// Baseline 3.1, 640 x 360: as x264 makes them.
const sps = [
  0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0, 0, 3, 0, 1, 0, 0, 3, 0, 0x32, 0x0f, 0x16, 0x2e,
  0x48,
];
const avcHeader = (timestamp: number, level = 0x1e): RawMessage =>
  message(messageTypes.video, timestamp, [
    ...[0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, level, 0xff, 0xe1, 0, sps.length],
    ...sps,
    ...[1, 0, 4, 0x68, 0xcb, 0x83, 0xcb],
  ]);
const video = (first: number, timestamp: number, offset: number, seed: number): RawMessage =>
  message(messageTypes.video, timestamp, [first, 1, 0, offset >> 8, offset & 255, 0, 0, 0, 2, 0x65, seed]);
const key = (timestamp: number, seed = 1, offset = 0): RawMessage => video(0x17, timestamp, offset, seed);
const inter = (timestamp: number, seed = 2, offset = 0): RawMessage => video(0x27, timestamp, offset, seed);

interface ReadPacket {
  readonly kind: string;
  readonly ms: number;
  readonly isKey: boolean;
  readonly last: number | undefined;
}

/** What another program's reader finds in the file, track by track. */
async function packetsIn(file: string): Promise<{ packets: ReadPacket[]; durationMs: number }> {
  const input = new Input({ source: new BufferSource(readFileSync(file)), formats: ALL_FORMATS });
  const packets: ReadPacket[] = [];
  for (const track of await input.getTracks()) {
    for await (const packet of new EncodedPacketSink(track).packets(undefined, undefined, { skipLiveWait: true })) {
      const { timestamp, type, data } = packet;
      packets.push({ kind: track.type, ms: Math.round(timestamp * 1000), isKey: type === 'key', last: data.at(-1) });
    }
  }
  return { packets, durationMs: Math.round((await input.computeDuration()) * 1000) };
}

const headers = [avcHeader(0), aacHeader(0)];

describe('an MP4 recording', () => {
  it.each(['mp4:x', 'x.mp4', 'mp4:x.mp4'])('of the name %s has every frame with its time', async (name) => {
    const frames = [key(0, 1, 80), audio(0, 5), inter(40, 2, 120), inter(80, 3), audio(23, 6), key(1200, 4, 80)];
    expect(await recordAll(name, [...headers, ...frames])).toEqual([
      'Start: Recording live/x.mp4.',
      'Stop: Recorded live/x.mp4.',
    ]);
    expect(files()).toEqual(['x.mp4']);
    const { packets, durationMs } = await packetsIn(media('x.mp4'));
    expect(packets.filter(({ kind }) => kind === 'video').sort((a, b) => a.ms - b.ms)).toEqual([
      { kind: 'video', ms: 80, isKey: true, last: 1 },
      { kind: 'video', ms: 80, isKey: false, last: 3 },
      { kind: 'video', ms: 160, isKey: false, last: 2 },
      { kind: 'video', ms: 1280, isKey: true, last: 4 },
    ]);
    expect(packets.filter(({ kind }) => kind === 'audio').map(({ ms, last }) => [ms, last])).toEqual([
      [0, 5],
      [23, 6],
    ]);
    expect(durationMs).toBeGreaterThan(1280);
  });

  it('says in its head how long it is, and where its key frames are at its end', async () => {
    const frames = Array.from({ length: 100 }, (_, i) => (i % 25 === 0 ? key(i * 40) : inter(i * 40)));
    await recordAll('x.mp4', [avcHeader(0), ...frames]);
    const bytes = readFileSync(media('x.mp4'));
    const durationAt = bytes.indexOf('mvhd') + 4 + 24;
    expect(bytes.readBigUInt64BE(durationAt)).toBe(4000n);
    const index = bytes.length - bytes.readUInt32BE(bytes.length - 4);
    expect(bytes.toString('latin1', index + 4, index + 8)).toBe('mfra');
    const entries = index + 8 + 24;
    expect(bytes.readUInt32BE(entries - 4)).toBe(4);
    for (let i = 0; i < 4; i += 1) {
      expect(bytes.readBigUInt64BE(entries + i * 19)).toBe(BigInt(i * 1000));
      const moof = Number(bytes.readBigUInt64BE(entries + i * 19 + 8));
      expect(bytes.toString('latin1', moof + 4, moof + 8)).toBe('moof');
    }
  });

  it('waits for the second kind, and begins without it when it does not come', async () => {
    await recordAll('x.mp4', [avcHeader(0), key(0), inter(40), aacHeader(50), audio(50, 1)]);
    expect((await packetsIn(media('x.mp4'))).packets.map(({ kind }) => kind)).toEqual(['video', 'video', 'audio']);
  });

  it.each([
    ['audio that comes late', [aacHeader(5000), audio(5000, 7)]],
    ['a new audio configuration', [aacHeader(0), audio(0, 3), aacHeader(5000, 0x11), audio(5000, 8)]],
  ])('%s goes on in another file, from a key frame on', async (_, sound) => {
    const early = sound.filter(({ timestamp }) => timestamp === 0);
    const rest = sound.filter(({ timestamp }) => timestamp > 0);
    const frames = [key(0), inter(2500), inter(4000), ...rest, inter(5040), key(6000, 9), audio(6000, 4), inter(6040)];
    const statuses = await recordAll('x.mp4', [avcHeader(0), ...early, ...frames]);
    expect(files()).toEqual(['x-2.mp4', 'x.mp4']);
    expect(statuses.filter((status) => status.startsWith('Stop'))).toHaveLength(2);
    const first = await packetsIn(media('x.mp4'));
    expect(first.packets.filter(({ kind }) => kind === 'video')).toHaveLength(4);
    const second = await packetsIn(media('x-2.mp4'));
    expect(second.packets.map(({ kind, ms, last }) => [kind, ms, last])).toEqual([
      ['video', 0, 9],
      ['video', 40, 2],
      ['audio', 0, 4],
    ]);
  });

  it('is described by the first configuration that frames came with, also where the file is opened late', async () => {
    const recordings = recordingsWith();
    const recorder = recordings.record({ path: '/live/x', app: 'live', name: 'x.mp4' }, 'record', () => undefined);
    const sound = [aacHeader(0, 0x10), aacHeader(0), audio(0, 3), aacHeader(40, 0x11), audio(50, 8)];
    for (const each of [avcHeader(0), ...sound, key(0)]) recorder.write(each);
    recorder.end();
    await recordings.close(5000);
    const { packets } = await packetsIn(media('x.mp4'));
    expect(packets.map(({ kind, last }) => [kind, last])).toEqual([
      ['video', 1],
      ['audio', 3],
    ]);
  });

  it('goes on in one file where a configuration is sent again', async () => {
    await recordAll('x.mp4', [...headers, key(0), audio(0, 1), ...headers, key(1000), audio(1000, 2)]);
    expect(files()).toEqual(['x.mp4']);
    expect((await packetsIn(media('x.mp4'))).packets).toHaveLength(4);
  });

  it('goes on when timestamps wrap or begin anew, and never back', async () => {
    const far = 2 ** 32 - 40;
    const frames = [key(far), inter(0), inter(40), inter(400_000), inter(0), inter(40), inter(20)];
    await recordAll('x.mp4', [avcHeader(far), ...frames]);
    const times = (await packetsIn(media('x.mp4'))).packets.map(({ ms }) => ms);
    expect(times).toEqual([0, 40, 80, 400_040, 400_040, 400_080, 400_060]);
  });

  it('says once what it has no place for', async () => {
    lost.splice(0);
    const cue = message(messageTypes.dataAmf0, 10, encodeAmf0(['onCuePoint', 'a']));
    const meta = message(messageTypes.dataAmf0, 0, encodeAmf0(['@setDataFrame', 'onMetaData', { width: 640 }]));
    await recordAll('x.mp4', [meta, avcHeader(0), key(0), speex(0), cue, speex(20), cue, inter(40)]);
    expect((await packetsIn(media('x.mp4'))).packets).toHaveLength(2);
    expect(lost).toEqual([{ lost: 'Speex audio' }, { lost: 'data messages' }]);
  });

  it('fails where there is nothing that it has a place for', async () => {
    const statuses = await recordAll('x.mp4', [speex(0), speex(20)]);
    expect(statuses).toEqual(['Start: Recording live/x.mp4.', 'Failed: MP4 cannot hold Speex audio; FLV can.']);
    expect(files()).toEqual([]);
  });

  it('leaves nothing of data alone', async () => {
    const statuses = await recordAll('x.mp4', [message(messageTypes.dataAmf0, 0, encodeAmf0(['onCuePoint', 'a']))]);
    expect(statuses.at(-1)).toBe('Stop: There was nothing to record.');
    expect(files()).toEqual([]);
  });

  it.each(['append', 'appendWithGap'] as const)('cannot be gone on with by %s', async (type) => {
    await recordAll('x.mp4', [...headers, key(0), audio(0, 1)]);
    const before = readFileSync(media('x.mp4'));
    expect(await recordAll('x.mp4', [...headers, key(0)], type)).toEqual([
      'NoAccess: Nothing can be appended to an MP4 recording: use the type record, or an FLV file.',
    ]);
    expect(readFileSync(media('x.mp4'))).toEqual(before);
    expect(files()).toEqual(['x.mp4']);
  });

  it('is another file than the FLV recording of the same name', async () => {
    await recordAll('x', [avcHeader(0), key(0)]);
    await recordAll('mp4:x', [avcHeader(0), key(0)]);
    expect(files()).toEqual(['x.flv', 'x.mp4']);
  });

  it('is made of the streams of the configuration, rotated and deleted as FLV ones are', async () => {
    const settings = ['record.streams=live/*', 'record.file={app}/{name}.mp4', 'record.maxFileMs=1000'];
    const recordings = recordingsWith(...settings);
    const observer = recordings.observe({ path: '/live/cam', app: 'live', name: 'cam' });
    for (const each of [...headers, key(0), audio(0, 1), inter(900), key(1000), audio(1000, 2), key(2500)])
      observer?.write(each);
    observer?.end();
    await recordings.close(5000);
    expect(files()).toEqual(['cam-2.mp4', 'cam-3.mp4', 'cam.mp4']);
    writeFileSync(media('foreign.mp4'), readFileSync(media('cam.mp4')).subarray(100));
    const later = recordingsWith(...settings, 'record.keepBytes=1');
    await later.start();
    expect(files()).toEqual(['foreign.mp4']);
  });

  it('plays up to its last whole fragment wherever it was cut, and is completed at the next start', async () => {
    const frames = Array.from({ length: 90 }, (_, i) => (i % 25 === 0 ? key(i * 40, i) : inter(i * 40, i)));
    await recordAll('whole.mp4', [avcHeader(0), ...frames]);
    const whole = readFileSync(media('whole.mp4'));
    const moov = whole.indexOf('moov') - 4;
    const headEnd = moov + whole.readUInt32BE(moov);
    const all = (await packetsIn(media('whole.mp4'))).packets;
    rmSync(media('whole.mp4'));
    for (let cut = 0; cut < whole.length; cut += cut < headEnd ? 197 : 131) {
      writeFileSync(media('x.mp4.part'), whole.subarray(0, cut));
      const recordings = recordingsWith();
      await recordings.start();
      const isKept = files().includes('x.mp4');
      expect(files()).toEqual(isKept ? ['x.mp4'] : []);
      if (!isKept) continue;
      const { packets, durationMs } = await packetsIn(media('x.mp4'));
      expect(packets).toEqual(all.slice(0, packets.length));
      expect(durationMs).toBe(packets.length * 40);
      rmSync(media('x.mp4'));
    }
  });

  it('is kept up to its last whole fragment where the disk gets full, and has its duration', async () => {
    const probe = await open(join(folder, 'probe'), 'w');
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const original = prototype.writev;
    // Nothing has room any more behind what was written first; what is written over has.
    let end = Number.POSITIVE_INFINITY;
    const spy = vi.spyOn(prototype, 'writev').mockImplementation(async function (this: FileHandle, parts, position) {
      const length = parts.reduce((sum, part) => sum + part.byteLength, 0);
      if ((position ?? 0) + length > end) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      if (end === Number.POSITIVE_INFINITY) end = (position ?? 0) + length;
      return await original.call(this, parts, position);
    });
    try {
      const long = (timestamp: number): RawMessage =>
        message(messageTypes.video, timestamp, [0x17, 1, 0, 0, 0, ...new Uint8Array(300_000)]);
      const statuses = await recordAll('x.mp4', [avcHeader(0), long(0), long(2500), long(5000), long(7500)]);
      expect(statuses).toEqual(['Start: Recording live/x.mp4.', 'Failed: The disk is full.']);
    } finally {
      spy.mockRestore();
    }
    expect(files()).toEqual(['x.mp4']);
    const { packets, durationMs } = await packetsIn(media('x.mp4'));
    expect(packets.map(({ ms }) => ms)).toEqual([0, 2500].slice(0, packets.length));
    expect(packets.length).toBeGreaterThan(0);
    expect(durationMs).toBe(packets.length * 2500);
  });

  it('does not begin where there is too little room', async () => {
    const recordings = recordingsWith(`record.minFreeBytes=${Number.MAX_SAFE_INTEGER}`);
    const failed = new Promise<string>((resolve) => {
      recordings.record({ path: '/live/x', app: 'live', name: 'mp4:x' }, 'record', (code, text) =>
        resolve(`${code} ${text}`),
      );
    });
    expect(await failed).toBe('NetStream.Record.Failed The disk is full.');
    expect(files()).toEqual([]);
  });

  it('is not written by two at once', async () => {
    const recordings = recordingsWith();
    const record = (name: string): Promise<string> =>
      new Promise((resolve) => {
        recordings.record({ path: `/live/${name}`, app: 'live', name }, 'record', (code) => resolve(code));
      });
    expect(await record('mp4:x')).toBe('NetStream.Record.Start');
    expect(recordings.fileOf('/live/mp4:x')).toBe('live/x.mp4');
    expect(await record('x.mp4')).toBe('NetStream.Record.NoAccess');
    expect(await record('x')).toBe('NetStream.Record.Start');
  });

  it('leaves alone a part that another program has made', async () => {
    mkdirSync(media(''), { recursive: true });
    writeFileSync(media('x.mp4.part'), 'a letter');
    await recordingsWith().start();
    expect(readFileSync(media('x.mp4.part'), 'utf8')).toBe('a letter');
  });
});
