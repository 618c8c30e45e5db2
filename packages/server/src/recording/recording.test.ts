import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Amf3Value,
  type AmfInput,
  AmfObject,
  encodeAmf0,
  FlvDemuxer,
  type FlvTag,
  messageTypes,
  parseMetadata,
  type RawMessage,
} from '@millrace/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../config/index.js';
import { silentLogger } from '../log/index.js';
import type { RecordType } from './recording-file.js';
import { Recordings } from './recordings.js';
import type { StreamRecorder } from './stream-recorder.js';

let folder: string;
const running: Recordings[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-recording-'));
});
afterEach(async () => {
  for (const recordings of running.splice(0)) await recordings.close(5000);
  rmSync(folder, { recursive: true, force: true });
});

let wallClockMs = Date.UTC(2026, 10, 21, 8, 4, 5);
function recordingsWith(...set: readonly string[]): Recordings {
  const config = loadConfig({ set: [`media.dir=${join(folder, 'media')}`, ...set] });
  const recordings = new Recordings({ config, log: silentLogger, wallClock: () => wallClockMs });
  running.push(recordings);
  return recordings;
}

const media = (name: string): string => join(folder, 'media', name);

interface Recorded {
  readonly observer: Pick<StreamRecorder, 'write' | 'end'>;
  readonly statuses: string[];
  /** Resolves with the next status that is of this kind, or has come already. */
  status(code: 'Start' | 'Stop' | 'Failed' | 'NoAccess'): Promise<string>;
}

function record(recordings: Recordings, name: string, type: RecordType = 'record', app = 'live'): Recorded {
  const statuses: string[] = [];
  const texts = new Map<string, string>();
  const waiting: (() => void)[] = [];
  const observer = recordings.record({ path: `/${app}/${name}`, app, name }, type, (code, text) => {
    statuses.push(code.replace('NetStream.Record.', ''));
    texts.set(code.replace('NetStream.Record.', ''), text);
    for (const wake of waiting.splice(0)) wake();
  });
  const status = async (code: string): Promise<string> => {
    for (;;) {
      const text = texts.get(code);
      if (text !== undefined) return text;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return { observer, statuses, status };
}

function message(messageTypeId: number, timestamp: number, payload: Uint8Array): RawMessage {
  return { messageTypeId, timestamp, messageStreamId: 1, payload };
}
const audio = (timestamp: number, ...bytes: number[]): RawMessage =>
  message(messageTypes.audio, timestamp, Uint8Array.of(0xaf, 1, ...bytes));
const video = (timestamp: number, ...bytes: number[]): RawMessage =>
  message(messageTypes.video, timestamp, Uint8Array.of(...bytes));
const key = (timestamp: number, seed = 1): RawMessage => video(timestamp, 0x17, 1, 0, 0, 0, seed);
const inter = (timestamp: number, seed = 2): RawMessage => video(timestamp, 0x27, 1, 0, 0, 0, seed);
const avcHeader = (timestamp: number): RawMessage => video(timestamp, 0x17, 0, 0, 0, 0, 1, 0x42, 0xc0, 0x1e);
const data = (timestamp: number, ...values: AmfInput[]): RawMessage =>
  message(messageTypes.dataAmf0, timestamp, encodeAmf0(values));
const metadata = (timestamp = 0): RawMessage =>
  data(timestamp, '@setDataFrame', 'onMetaData', { width: 640, duration: 0, encoder: 'test' });

function tagsOf(file: string): FlvTag[] {
  const demuxer = new FlvDemuxer();
  demuxer.push(new Uint8Array(readFileSync(file)));
  const tags: FlvTag[] = [];
  for (let item = demuxer.next(); item !== undefined; item = demuxer.next()) if (item.kind === 'tag') tags.push(item);
  demuxer.end();
  return tags;
}

/** Type, time and payload of all tags but the head, one line each. */
function linesOf(file: string): string[] {
  return tagsOf(file)
    .slice(1)
    .map(({ tagType, timestamp, payload }) => `${tagType} ${timestamp} ${Buffer.from(payload).toString('hex')}`);
}

function lineOf({ messageTypeId, payload }: RawMessage, timestamp: number): string {
  return `${messageTypeId} ${timestamp} ${Buffer.from(payload).toString('hex')}`;
}

function headOf(file: string): ReadonlyMap<string, unknown> {
  const [first] = tagsOf(file);
  const { values } = parseMetadata(first?.payload ?? new Uint8Array());
  return (values[0] as AmfObject).properties;
}

async function recordAll(recordings: Recordings, name: string, type: RecordType, messages: RawMessage[]) {
  const recorded = record(recordings, name, type);
  for (const each of messages) recorded.observer.write(each);
  recorded.observer.end();
  await recorded.status('Stop');
  return recorded;
}

describe('record', () => {
  it('keeps every message with its time, and completes the head', async () => {
    const sent = [avcHeader(0), key(0), audio(10, 7), inter(40), key(80, 9)];
    const { statuses } = await recordAll(recordingsWith(), 'a/b', 'record', [metadata(), ...sent]);
    expect(statuses).toEqual(['Start', 'Stop']);
    const file = media('live/a/b.flv');
    expect(linesOf(file)).toEqual(sent.map((each) => lineOf(each, each.timestamp)));
    const head = headOf(file);
    expect(Object.fromEntries(head)).toMatchObject({
      recorder: 'millrace',
      recordedFor: 'publisher',
      width: 640,
      encoder: 'test',
      duration: 0.12,
      filesize: statSync(file).size,
      hasKeyframes: true,
    });
    const positions = (head.get('keyframes') as AmfObject).get('filepositions') as number[];
    expect(positions.map((position) => readFileSync(file)[position])).toEqual([9, 9]);
    const headers = (head.get('sequenceHeaders') as AmfObject).get('filepositions') as number[];
    expect(headers.map((position) => readFileSync(file).subarray(position + 11, position + 13))).toEqual([
      Buffer.of(0x17, 0),
    ]);
    expect(existsSync(media('live/a/b.flv.part'))).toBe(false);
  });

  it('begins at 0, at a frame that can be shown, wherever the stream is', async () => {
    const far = 5_000_000;
    const sent = [avcHeader(0), inter(far), key(far + 40), audio(far + 30, 1), inter(far + 80)];
    await recordAll(recordingsWith(), 'x', 'record', sent);
    expect(linesOf(media('live/x.flv')).map((line) => line.split(' ')[1])).toEqual(['0', '0', '0', '40']);
  });

  it('goes on when timestamps wrap or begin anew', async () => {
    const far = 2 ** 32 - 40;
    const sent = [key(far), inter(0), inter(40), inter(400_000), inter(0), inter(40)];
    await recordAll(recordingsWith(), 'x', 'record', sent);
    const times = linesOf(media('live/x.flv')).map((line) => Number(line.split(' ')[1]));
    expect(times).toEqual([0, 40, 80, 400_040, 400_040, 400_080]);
  });

  it('keeps data with its time, in AMF0, and gives metadata in the middle its place', async () => {
    const value = new AmfObject([['text', 'hello']]);
    const extended = message(
      messageTypes.dataAmf3,
      50,
      Uint8Array.from([0, ...encodeAmf0(['onCue', new Amf3Value(value)])]),
    );
    const sent = [
      key(0),
      data(20, 'onCuePoint', 'a'),
      extended,
      metadata(0),
      message(8, 60, new Uint8Array()),
      inter(80),
    ];
    await recordAll(recordingsWith(), 'x', 'record', sent);
    const tags = tagsOf(media('live/x.flv')).slice(1);
    expect(tags.map(({ tagType, timestamp }) => [tagType, timestamp])).toEqual([
      [9, 0],
      [18, 20],
      [18, 50],
      [18, 0],
      [9, 80],
    ]);
    expect(parseMetadata(tags[2]?.payload ?? new Uint8Array())).toMatchObject({ handler: 'onCue', values: [value] });
    expect(tags[0]?.filtered).toBe(false);
  });

  it('keeps a stream of data alone', async () => {
    await recordAll(recordingsWith(), 'x', 'record', [data(1000, 'a'), data(1500, 'b')]);
    expect(linesOf(media('live/x.flv'))).toHaveLength(2);
  });

  it('leaves no file where nothing came, and the older one as it was', async () => {
    const recordings = recordingsWith();
    await recordAll(recordings, 'x', 'record', [metadata()]);
    expect(readdirSync(media('live'))).toEqual([]);
    await recordAll(recordings, 'x', 'record', [key(0)]);
    await recordAll(recordings, 'x', 'record', []);
    expect(linesOf(media('live/x.flv'))).toHaveLength(1);
  });

  it('keeps the older recording until the new one is complete', async () => {
    const recordings = recordingsWith();
    await recordAll(recordings, 'x', 'record', [key(0, 1)]);
    const second = record(recordings, 'x');
    second.observer.write(key(0, 2));
    await second.status('Start');
    expect(linesOf(media('live/x.flv'))).toEqual([lineOf(key(0, 1), 0)]);
    expect(recordings.fileOf('/live/x')).toBe('live/x.flv');
    second.observer.end();
    await second.status('Stop');
    expect(linesOf(media('live/x.flv'))).toEqual([lineOf(key(0, 2), 0)]);
    expect(recordings.fileOf('/live/x')).toBeUndefined();
  });
});

describe('append', () => {
  it('goes on where the last frame ended, under one head', async () => {
    const recordings = recordingsWith();
    await recordAll(recordings, 'x', 'append', [key(0, 1), inter(40)]);
    await recordAll(recordings, 'x', 'append', [key(90_000, 3), inter(90_040)]);
    const file = media('live/x.flv');
    expect(linesOf(file).map((line) => line.split(' ')[1])).toEqual(['0', '40', '80', '120']);
    expect(Object.fromEntries(headOf(file))).toMatchObject({ duration: 0.16, filesize: statSync(file).size });
    expect((headOf(file).get('keyframes') as AmfObject).get('times')).toEqual([0, 0.08]);
    expect(readdirSync(media('live'))).toEqual(['x.flv']);
  });

  it('with a gap leaves out the time that has passed', async () => {
    const recordings = recordingsWith();
    await recordAll(recordings, 'x', 'record', [key(0, 1), inter(40)]);
    const anHourAgo = Date.now() / 1000 - 3600;
    utimesSync(media('live/x.flv'), anHourAgo, anHourAgo);
    await recordAll(recordings, 'x', 'appendWithGap', [key(0, 3)]);
    const time = Number(linesOf(media('live/x.flv'))[2]?.split(' ')[1]);
    expect(time).toBeGreaterThanOrEqual(3_600_080);
    expect(time).toBeLessThan(3_700_000);
  });

  it('makes room for the index in a file of another program', async () => {
    mkdirSync(media('live'), { recursive: true });
    const foreign = join(folder, 'foreign.flv');
    await recordAll(recordingsWith(), 'x', 'record', [key(0, 1)]);
    const bytes = readFileSync(media('live/x.flv'));
    const { payload } = tagsOf(media('live/x.flv'))[0] ?? { payload: [] };
    writeFileSync(foreign, Buffer.concat([bytes.subarray(0, 13), bytes.subarray(13 + payload.length + 15)]));
    renameSync(foreign, media('live/x.flv'));
    await recordAll(recordingsWith(), 'x', 'append', [key(0, 2), inter(40)]);
    expect(headOf(media('live/x.flv')).get('duration')).toBeGreaterThan(0);
    expect(linesOf(media('live/x.flv'))).toHaveLength(3);
    expect(readdirSync(media('live'))).toEqual(['x.flv']);
  });

  it('leaves alone what is no FLV file', async () => {
    mkdirSync(media('live'), { recursive: true });
    writeFileSync(media('live/x.flv'), 'a letter');
    await record(recordingsWith(), 'x', 'append').status('NoAccess');
    expect(readFileSync(media('live/x.flv'), 'utf8')).toBe('a letter');
    expect(readdirSync(media('live'))).toEqual(['x.flv']);
  });
});

describe('what may not be recorded', () => {
  it('a file that is being recorded, until its recorder ends', async () => {
    const recordings = recordingsWith();
    const first = record(recordings, 'x');
    await first.status('Start');
    const second = record(recordings, 'x', 'append');
    await second.status('NoAccess');
    first.observer.write(key(0, 1));
    first.observer.end();
    // Taken over at once: it waits for the first to be complete.
    const third = record(recordings, 'x', 'append');
    third.observer.write(key(0, 2));
    third.observer.end();
    await third.status('Stop');
    expect(first.statuses).toEqual(['Start', 'Stop']);
    expect(linesOf(media('live/x.flv'))).toHaveLength(2);
  });

  it.each([
    '../x',
    '..',
    '.',
    'a/../../x',
    'a/./b',
    '/etc/x',
    'a//b',
    'a/',
    'a\\b',
    '..\\x',
    'C:x',
    'a\0b',
    'a\nb',
    '.hidden',
    'a/.hidden',
    'x.',
    ' x',
    'con',
    'NUL.txt',
    'a?b',
    'a*b',
    'a|b',
    '"',
    '<x>',
    'mp5:x.mp4',
    '\ud800',
    'x'.repeat(300),
    'ü'.repeat(121),
  ])('the name %j', async (name) => {
    mkdirSync(media(''), { recursive: true });
    const recorded = record(recordingsWith(), name);
    recorded.observer.write(key(0));
    await recorded.status('NoAccess');
    expect(readdirSync(folder)).toEqual(['media']);
    expect(readdirSync(media(''))).toEqual([]);
  });

  it.each(['..', 'a/..', '.git'])('in the application %j', async (app) => {
    await record(recordingsWith(), 'x', 'record', app).status('NoAccess');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['flv:x', 'x.flv', 'x'])('but %j is x.flv', async (name) => {
    await recordAll(recordingsWith(), name, 'record', [key(0)]);
    expect(readdirSync(media('live'))).toEqual(['x.flv']);
  });

  it('what a link leads out of the folder', async () => {
    mkdirSync(media(''), { recursive: true });
    mkdirSync(join(folder, 'outside'));
    symlinkSync(join(folder, 'outside'), media('live'));
    await record(recordingsWith(), 'a/b').status('NoAccess');
    expect(readdirSync(join(folder, 'outside'))).toEqual([]);
  });

  it('a link in the place of the file, but a link within the folder leads on', async () => {
    mkdirSync(media('other'), { recursive: true });
    symlinkSync(media('other'), media('live'));
    writeFileSync(join(folder, 'outside.flv'), 'mine');
    symlinkSync(join(folder, 'outside.flv'), media('other/linked.flv'));
    const recordings = recordingsWith();
    await record(recordings, 'linked', 'append').status('NoAccess');
    await record(recordings, 'linked', 'record').status('NoAccess');
    expect(readFileSync(join(folder, 'outside.flv'), 'utf8')).toBe('mine');
    await recordAll(recordings, 'x', 'record', [key(0)]);
    expect(existsSync(media('other/x.flv'))).toBe(true);
  });

  it('anything, where the operator does not want it', async () => {
    await record(recordingsWith('record.publishers=false'), 'x').status('NoAccess');
    expect(existsSync(media(''))).toBe(false);
  });
});

describe('a disk that fails', () => {
  it('a file in the place of the folder', async () => {
    mkdirSync(media(''), { recursive: true });
    writeFileSync(media('live'), '');
    await record(recordingsWith(), 'x').status('Failed');
  });

  it('too little room', async () => {
    const text = await record(recordingsWith(`record.minFreeBytes=${Number.MAX_SAFE_INTEGER}`), 'x').status('Failed');
    expect(text).toBe('The disk is full.');
    expect(readdirSync(media('live'))).toEqual([]);
  });

  it('full in the middle: what was written is kept and complete', async () => {
    const probe = await open(join(folder, 'probe'), 'w');
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    const original = prototype.writev;
    let writes = 0;
    const spy = vi.spyOn(prototype, 'writev').mockImplementation(function (this: FileHandle, ...args) {
      writes += 1;
      const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      return writes === 2 ? Promise.reject(full) : original.apply(this, args);
    });
    try {
      const recordings = recordingsWith();
      const recorded = record(recordings, 'x');
      // As much as is written at once.
      const long = (timestamp: number): RawMessage =>
        message(9, timestamp, Uint8Array.from([0x17, 1, ...new Uint8Array(300_000)]));
      await recorded.status('Start');
      recorded.observer.write(long(0));
      recorded.observer.write(long(40));
      expect(await recorded.status('Failed')).toBe('The disk is full.');
      recorded.observer.write(long(80));
      await recordings.close(5000);
      expect(recorded.statuses).toEqual(['Start', 'Failed']);
      expect(linesOf(media('live/x.flv'))).toHaveLength(1);
      expect(headOf(media('live/x.flv')).get('filesize')).toBe(statSync(media('live/x.flv')).size);
    } finally {
      spy.mockRestore();
    }
  });

  it('too slow: what waits is bounded', async () => {
    const recordings = recordingsWith();
    const recorded = record(recordings, 'x');
    // Nothing is written before the caller's turn ends.
    for (let i = 0; i < 20; i += 1) recorded.observer.write(message(9, i, new Uint8Array(1024 * 1024).fill(0x17)));
    await recorded.status('Failed');
    await recordings.close(5000);
    expect(recorded.statuses).toEqual(['Failed']);
    expect(existsSync(media('live/x.flv.part'))).toBe(false);
  });
});

describe('two servers on one folder', () => {
  it('leave alone what the other records, and do not record into it', async () => {
    const [one, other] = [recordingsWith(), recordingsWith()];
    const first = record(one, 'x');
    await first.status('Start');
    first.observer.write(key(0));
    await other.start();
    expect(readdirSync(media('live'))).toEqual(['x.flv.part']);
    const second = record(other, 'x', 'append');
    expect(await second.status('NoAccess')).toBe('That file is being recorded by another server.');
    first.observer.write(inter(40));
    first.observer.end();
    await first.status('Stop');
    expect(linesOf(media('live/x.flv'))).toHaveLength(2);
    const third = record(other, 'x', 'append');
    await third.status('Start');
    third.observer.end();
    await third.status('Stop');
  });
});

describe('recordings by the configuration', () => {
  const stream = { path: '/live/studio', app: 'live', name: 'studio' };

  it('take the streams of the patterns', () => {
    const recordings = recordingsWith('record.streams=[live/st*o, /other/*]');
    const isRecorded = (path: string): boolean => recordings.observe({ ...stream, path }) !== undefined;
    expect(
      ['/live/studio', '/live/stereo', '/other/a/b', '/live/x', '/olive/studio', '/live/studio2'].map(isRecorded),
    ).toEqual([true, true, true, false, false, false]);
    expect(recordingsWith().observe(stream)).toBeUndefined();
  });

  it('are named by the template and never replace a file', async () => {
    const recordings = recordingsWith('record.streams=live/*');
    for (const seed of [1, 2]) {
      const observer = recordings.observe(stream);
      observer?.write(key(0, seed));
      observer?.end();
    }
    await recordings.close(5000);
    expect(readdirSync(media('live')).sort()).toEqual([
      'studio-2026-11-21-08-04-05-2.flv',
      'studio-2026-11-21-08-04-05.flv',
    ]);
  });

  it('go on in a new file at a key frame, which plays by itself', async () => {
    const recordings = recordingsWith('record.streams=live/*', 'record.maxFileMs=2000', 'record.file={name}.flv');
    const observer = recordings.observe(stream);
    const sent = [
      metadata(),
      avcHeader(0),
      key(0),
      inter(1200),
      audio(2100, 1),
      inter(2200),
      key(3200, 5),
      inter(3240),
    ];
    for (const each of sent) observer?.write(each);
    observer?.end();
    await recordings.close(5000);
    expect(linesOf(media('studio.flv'))).toHaveLength(5);
    expect(linesOf(media('studio-2.flv'))).toEqual([
      lineOf(avcHeader(0), 0),
      lineOf(key(0, 5), 0),
      lineOf(inter(0), 40),
    ]);
    expect(headOf(media('studio-2.flv')).get('width')).toBe(640);
  });

  it('are deleted when they are old or too many; what others made is not', async () => {
    const made = recordingsWith('record.streams=live/*', 'record.file={name}.flv');
    for (const name of ['old', 'older', 'new']) {
      const observer = made.observe({ path: `/live/${name}`, app: 'live', name });
      observer?.write(key(0));
      observer?.end();
    }
    await recordAll(made, 'mine', 'record', [key(0)]);
    await made.close(5000);
    const bytes = statSync(media('new.flv')).size;
    wallClockMs = Date.now();
    const hours = (count: number): number => wallClockMs / 1000 - count * 3600;
    utimesSync(media('old.flv'), hours(3), hours(3));
    utimesSync(media('older.flv'), hours(9), hours(9));
    utimesSync(media('live/mine.flv'), hours(99), hours(99));
    const byAge = recordingsWith('record.keepHours=5');
    await byAge.start();
    await byAge.close(5000);
    expect(readdirSync(media('')).sort()).toEqual(['.millrace', 'live', 'new.flv', 'old.flv']);
    const bySize = recordingsWith(`record.keepBytes=${bytes + 1}`);
    await bySize.start();
    await bySize.close(5000);
    expect(readdirSync(media('')).sort()).toEqual(['.millrace', 'live', 'new.flv']);
    expect(readdirSync(media('live'))).toEqual(['mine.flv']);
  });
});

describe('the next start', () => {
  it('need not be over when an encoder comes back', async () => {
    await recordAll(recordingsWith(), 'x', 'record', [key(0, 1), inter(40)]);
    renameSync(media('live/x.flv'), media('live/x.flv.part'));
    const recordings = recordingsWith();
    const starting = recordings.start();
    await recordAll(recordings, 'x', 'append', [key(0, 2)]);
    await starting;
    expect(linesOf(media('live/x.flv'))).toHaveLength(3);
    renameSync(media('live/x.flv'), media('live/x.flv.part'));
    await recordAll(recordingsWith(), 'x', 'append', [key(0, 3)]);
    expect(linesOf(media('live/x.flv'))).toHaveLength(4);
  });

  it('completes what was cut short, and takes away what is worthless', async () => {
    const recordings = recordingsWith();
    await recordAll(recordings, 'x', 'record', [key(0, 1), inter(40)]);
    const bytes = readFileSync(media('live/x.flv'));
    writeFileSync(media('live/x.flv.part'), bytes.subarray(0, bytes.length - 3));
    writeFileSync(media('live/empty.flv.part'), bytes.subarray(0, 20));
    writeFileSync(media('live/y.flv.tmp'), 'half');
    await recordingsWith().start();
    expect(readdirSync(media('live'))).toEqual(['x.flv']);
    expect(linesOf(media('live/x.flv'))).toEqual([lineOf(key(0, 1), 0), lineOf(inter(0), 40)]);
    expect(headOf(media('live/x.flv')).get('duration')).toBe(0.08);
  });
});
