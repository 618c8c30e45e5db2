import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { urlSignature } from '../src/access/url-signature.js';
import type { RecordingDetail, RecordingInfo, RecordingList } from '../src/http/index.js';
import { encodeSample, metadataTag, sampleTags } from './flv-sample.js';
import { FlvClient } from './wire/flv-client.js';
import { avcHeader, avcKey } from './wire/media-samples.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { settle, TestPublisher } from './wire/test-publisher.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-recordings-'));
const mediaDir = join(folder, 'media');
const file = (name: string): string => join(mediaDir, name);
const sample = encodeSample(sampleTags(5000));
let server: TestServer;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function ask(path: string, { method = 'GET', headers = {}, port = server.httpPort } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

async function list(query = '', port = server.httpPort): Promise<RecordingList> {
  const { status, body } = await ask(`/api/v1/recordings${query}`, { port });
  expect(status).toBe(200);
  return JSON.parse(body.toString()) as RecordingList;
}

async function rowOf(path: string): Promise<RecordingInfo | undefined> {
  return (await list()).recordings.find((one) => one.path === path);
}

beforeAll(async () => {
  mkdirSync(file('live/show'), { recursive: true });
  mkdirSync(file('films'));
  mkdirSync(file('live/.hidden'));
  writeFileSync(file('live/plain.flv'), sample);
  writeFileSync(file('live/show/monday ü#.flv'), sample);
  writeFileSync(file('films/a.flv'), sample);
  writeFileSync(file('live/cut.flv'), sample.subarray(0, sample.length - 7));
  writeFileSync(file('live/text.flv'), 'no FLV at all');
  writeFileSync(file('live/empty.flv'), '');
  writeFileSync(file('live/.secret.flv'), sample);
  writeFileSync(file('live/.hidden/x.flv'), sample);
  writeFileSync(file('live/notes.txt'), 'text');
  writeFileSync(file('top.flv'), sample);
  writeFileSync(file('live/film.mp4'), 'ftyp?');
  writeFileSync(join(folder, 'outside.flv'), sample);
  symlinkSync('../../outside.flv', file('live/outside.flv'));
  symlinkSync('../..', file('live/up'));
  const indexed = metadataTag({
    duration: 5,
    width: 640,
    height: 360,
    keyframes: { times: [0, 1, 2], filepositions: [200, 300, 400] },
    title: 'A film',
  });
  writeFileSync(file('films/indexed.flv'), encodeSample([indexed, ...sampleTags(5000)]));
  utimesSync(file('films/a.flv'), 1_600_000_000, 1_600_000_000);
  server = await startTestServer([`media.dir=${mediaDir}`, 'access.apiFrom=127.0.0.1', 'limits.stallTimeoutMs=300']);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('GET /api/v1/recordings', () => {
  it('lists what can be played, newest first, and nothing else', async () => {
    const { recordings, total, next, incomplete, deletable } = await list();
    expect(recordings.map(({ path }) => path).sort()).toEqual([
      'films/a.flv',
      'films/indexed.flv',
      'live/cut.flv',
      'live/empty.flv',
      'live/film.mp4',
      'live/plain.flv',
      'live/show/monday ü#.flv',
      'live/text.flv',
    ]);
    expect(recordings.at(-1)?.path).toBe('films/a.flv');
    expect({ total, next, incomplete, deletable }).toEqual({
      total: 8,
      next: null,
      incomplete: false,
      deletable: true,
    });
  });

  it('tells what is in a file', async () => {
    expect(await rowOf('live/plain.flv')).toEqual({
      path: 'live/plain.flv',
      app: 'live',
      name: 'plain',
      format: 'flv',
      bytes: sample.length,
      modifiedAt: expect.any(Number),
      recording: false,
      durationMs: 4905,
      video: { codec: 'H.264', codecString: 'avc1.42c01e' },
      audio: { codec: 'AAC', codecString: 'mp4a.40.2', sampleRate: 48_000, channels: 2 },
      seekable: false,
      keyFrames: null,
      damage: null,
      urls: { file: '/recordings/live/plain.flv', flv: '/live/plain.flv' },
    });
    expect(await rowOf('films/indexed.flv')).toMatchObject({
      durationMs: 5000,
      video: { width: 640, height: 360 },
      seekable: true,
      keyFrames: 3,
    });
    const odd = await rowOf('live/show/monday ü#.flv');
    expect(odd?.urls.file).toBe('/recordings/live/show/monday%20%C3%BC%23.flv');
    expect((await ask(odd?.urls.file ?? '')).body.equals(sample)).toBe(true);
  });

  it('goes on where files are damaged', async () => {
    const damages = new Map((await list()).recordings.map(({ path, damage }) => [path, damage]));
    expect(damages.get('live/text.flv')).toBe('It is no FLV file.');
    expect(damages.get('live/empty.flv')).toBe('It is empty.');
    expect(damages.get('live/cut.flv')).toContain('cut off');
    expect((await rowOf('live/cut.flv'))?.durationMs).toBe(4900);
  });

  it('has what was never completed, and no more than once what has both names', async () => {
    writeFileSync(file('live/left.flv.part'), sample);
    writeFileSync(file('live/plain.flv.part'), sample);
    const { recordings } = await list('?app=live&order=name');
    expect(recordings.filter(({ path }) => path === 'live/plain.flv').length).toBe(1);
    const left = recordings.find(({ path }) => path === 'live/left.flv');
    expect(left).toMatchObject({ damage: 'It was never completed.', recording: false, durationMs: 4905 });
    expect((await ask('/recordings/live/left.flv')).body.equals(sample)).toBe(true);
    rmSync(file('live/plain.flv.part'));
    expect((await ask('/api/v1/recordings/live/left.flv', { method: 'DELETE' })).status).toBe(204);
    expect(existsSync(file('live/left.flv.part'))).toBe(false);
  });

  it('can be asked for by application, beginning, text, order and page', async () => {
    const paths = async (query: string) => (await list(query)).recordings.map(({ path }) => path);
    expect(await paths('?app=films&order=name')).toEqual(['films/a.flv', 'films/indexed.flv']);
    expect(await paths('?prefix=live/s')).toEqual(['live/show/monday ü#.flv']);
    expect(await paths('?search=MONDAY%20%C3%9C')).toEqual(['live/show/monday ü#.flv']);
    expect(await paths('?app=fil')).toEqual([]);
    for (const order of ['name', 'newest']) {
      const whole = await paths(`?order=${order}`);
      const paged: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: RecordingList = await list(`?order=${order}&limit=4${cursor && `&cursor=${cursor}`}`);
        expect(page.total).toBe(8);
        paged.push(...page.recordings.map(({ path }) => path));
        cursor = page.next;
      }
      expect(paged).toEqual(whole);
    }
  });

  it.each(['limit=-1', 'limit=1001', 'limit=x', 'order=size', 'cursor=x', 'cursor=bnVsbA'])(
    'refuses %s',
    async (query) => {
      expect((await ask(`/api/v1/recordings?${query}`)).status).toBe(400);
    },
  );

  it('reads heads of files only once', async () => {
    mkdirSync(file('many'));
    for (let i = 0; i < 1200; i += 1) writeFileSync(file(`many/${String(i).padStart(4, '0')}.flv`), sample);
    try {
      const first = await list('?app=many&limit=1000&order=name');
      expect(first.recordings.length).toBe(1000);
      expect(first.total).toBe(1200);
      // The same size and the same time: what is not read again does not look different.
      const { atimeMs, mtimeMs } = { atimeMs: 1_700_000_000, mtimeMs: 1_700_000_000 };
      utimesSync(file('many/0000.flv'), atimeMs, mtimeMs);
      const [known] = (await list('?app=many&limit=1&order=name')).recordings;
      expect(known?.damage).toBeNull();
      writeFileSync(file('many/0000.flv'), Buffer.alloc(sample.length));
      utimesSync(file('many/0000.flv'), atimeMs, mtimeMs);
      expect((await list('?app=many&limit=1&order=name')).recordings[0]?.damage).toBeNull();
    } finally {
      rmSync(file('many'), { recursive: true });
    }
  });

  it('is one row with more for one path', async () => {
    const { status, body } = await ask('/api/v1/recordings/films/indexed.flv');
    const detail = JSON.parse(body.toString()) as RecordingDetail;
    expect(status).toBe(200);
    expect(detail.keyFrameTimesMs).toEqual([0, 1000, 2000]);
    expect(detail.metadata).toMatchObject({ title: 'A film', width: 640 });
    expect(detail.bitrateKbps).toBeGreaterThan(0);
  });

  it('is not for pages of other origins, nor for addresses that may not', async () => {
    const { headers } = await ask('/api/v1/recordings', { headers: { origin: 'http://elsewhere.example' } });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect((await ask('/api/v1/recordings/live/plain.flv', { method: 'OPTIONS' })).status).toBe(405);
    const closed = await startTestServer([`media.dir=${mediaDir}`, 'access.apiFrom=192.0.2.1']);
    try {
      expect((await ask('/api/v1/recordings', { port: closed.httpPort })).status).toBe(403);
      const path = '/api/v1/recordings/live/plain.flv';
      expect((await ask(path, { port: closed.httpPort, method: 'DELETE' })).status).toBe(403);
    } finally {
      await closed.close();
    }
  });
});

describe('what leads elsewhere', () => {
  const paths = [
    'live/outside.flv',
    'live/up/outside.flv',
    'live/.secret.flv',
    'live/.hidden/x.flv',
    'live/../../outside.flv',
    '../outside.flv',
    'live/..%2f..%2foutside.flv',
    'live/%2e%2e/%2e%2e/outside.flv',
    '%2fetc/passwd.flv',
    'live//plain.flv',
    './live/plain.flv',
    'live/plain.flv%00.flv',
    'live/plain%00.flv',
    'live/a%5cplain.flv',
    'live/c:plain.flv',
    'live/notes.txt',
    'top.flv',
    'live/none.flv',
    'live/left.flv.part',
    'live',
    '',
    `live/${'x'.repeat(300)}.flv`,
    `live/${'x/'.repeat(900)}a.flv`,
  ];

  it.each(paths)('%s is not there', async (path) => {
    for (const method of ['GET', 'DELETE']) {
      const { status } = await ask(`/api/v1/recordings/${path}`, { method });
      expect([404, 405]).toContain(status);
    }
    expect((await ask(`/recordings/${path}`)).status).toBe(404);
    expect((await ask(`/recordings/${path}?start=1`)).status).toBe(404);
    expect(existsSync(join(folder, 'outside.flv'))).toBe(true);
  });
});

describe('DELETE /api/v1/recordings/PATH', () => {
  it('is of one recording, not of the list', async () => {
    const { status, headers } = await ask('/api/v1/recordings', { method: 'DELETE' });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
    expect((await ask('/api/v1/recordings/', { method: 'DELETE' })).status).toBe(404);
  });

  it('deletes a file, once', async () => {
    writeFileSync(file('live/old.flv'), sample);
    const path = '/api/v1/recordings/live/old.flv';
    expect((await ask(path, { method: 'DELETE' })).status).toBe(204);
    expect(existsSync(file('live/old.flv'))).toBe(false);
    expect((await ask(path, { method: 'DELETE' })).status).toBe(404);
  });

  it('is for nobody where the API is for everybody', async () => {
    const open = await startTestServer([`media.dir=${mediaDir}`]);
    try {
      const path = '/api/v1/recordings/live/plain.flv';
      const { status, body } = await ask(path, { port: open.httpPort, method: 'DELETE' });
      expect(status).toBe(403);
      expect(body.toString()).toContain('access.apiFrom');
      expect((await list('', open.httpPort)).deletable).toBe(false);
    } finally {
      await open.close();
    }
  });
});

describe('GET /recordings/APP/NAME.flv', () => {
  const path = '/recordings/live/plain.flv';
  const size = sample.length;

  it('sends the file with what tells its version', async () => {
    const { status, headers, body } = await ask(path);
    expect(status).toBe(200);
    expect(body.equals(sample)).toBe(true);
    expect(headers).toMatchObject({
      'content-type': 'video/x-flv',
      'content-length': String(size),
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
      'last-modified': expect.stringContaining('GMT'),
      etag: expect.stringMatching(/^"[^"]+"$/),
    });
    expect(headers['content-disposition']).toBeUndefined();
    const head = await ask(path, { method: 'HEAD' });
    expect(head.body.length).toBe(0);
    expect({ ...head.headers, date: '' }).toEqual({ ...headers, date: '' });
  });

  it('names the file for those who save it', async () => {
    const { headers } = await ask('/recordings/live/show/monday%20%C3%BC%23.flv?download');
    expect(headers['content-disposition']).toContain("filename*=UTF-8''monday%20%C3%BC%23.flv");
    expect((await ask('/recordings/live/film.mp4')).headers['content-type']).toBe('video/mp4');
  });

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=13-99', 13, 99],
    ['bytes=100-', 100, size - 1],
    ['bytes=-5', size - 5, size - 1],
    [`bytes=-${size + 5}`, 0, size - 1],
    ['bytes=-99999999999999999999999', 0, size - 1],
    ['bytes=5-99999999999999999999999', 5, size - 1],
    ['BYTES=1-2', 1, 2],
    ['bytes= 1-2', 1, 2],
    ['bytes=1-2, 3-4', 1, 4],
  ])('sends %s', async (range, start, end) => {
    const { status, headers, body } = await ask(path, { headers: { range } });
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(`bytes ${start}-${end}/${size}`);
    expect(body.equals(sample.subarray(start, end + 1))).toBe(true);
  });

  it.each([`bytes=${size}-`, 'bytes=99999999999999999999999-', 'bytes=-0', 'bytes=9-3'])(
    'has nothing for %s',
    async (range) => {
      const { status, headers, body } = await ask(path, { headers: { range } });
      expect(status).toBe(416);
      expect(headers['content-range']).toBe(`bytes */${size}`);
      expect(body.length).toBe(0);
    },
  );

  it.each([
    'bytes=0-1,5-6',
    'bytes=',
    'bytes=x-y',
    'bytes',
    'bytes=--1',
    'bytes=1.5-2',
    'bytes=0x1-2',
    'seconds=1-2',
    '=0-1',
    ',',
    `bytes=${'0-0,2-2,'.repeat(800)}9-9`,
  ])('sends the whole for %s', async (range) => {
    const { status, body } = await ask(path, { headers: { range } });
    expect(status).toBe(200);
    expect(body.length).toBe(size);
  });

  it('sends no range to HEAD', async () => {
    const { status, headers } = await ask(path, { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect([status, headers['content-length']]).toEqual([200, String(size)]);
  });

  it('answers conditions', async () => {
    const { headers } = await ask(path);
    const { etag = '', 'last-modified': modified = '' } = headers;
    const status = async (conditions: Record<string, string>) => (await ask(path, { headers: conditions })).status;
    expect(await status({ 'if-none-match': etag })).toBe(304);
    expect(await status({ 'if-none-match': `"x", W/${etag}` })).toBe(304);
    expect(await status({ 'if-none-match': '*' })).toBe(304);
    expect(await status({ 'if-none-match': '"x"' })).toBe(200);
    expect(await status({ 'if-modified-since': modified })).toBe(304);
    expect(await status({ 'if-modified-since': 'Sat, 01 Jan 2000 00:00:00 GMT' })).toBe(200);
    expect(await status({ 'if-modified-since': 'some day' })).toBe(200);
    expect(await status({ 'if-match': etag })).toBe(200);
    expect(await status({ 'if-match': '"x"' })).toBe(412);
    expect(await status({ 'if-unmodified-since': modified })).toBe(200);
    expect(await status({ 'if-unmodified-since': 'Sat, 01 Jan 2000 00:00:00 GMT' })).toBe(412);
    const range = 'bytes=0-1';
    expect(await status({ range, 'if-range': etag })).toBe(206);
    expect(await status({ range, 'if-range': modified })).toBe(206);
    expect(await status({ range, 'if-range': '"x"' })).toBe(200);
    expect(await status({ range, 'if-range': `W/${etag}` })).toBe(200);
  });

  it('has another version when it has changed', async () => {
    writeFileSync(file('live/changes.flv'), sample);
    const before = (await ask('/recordings/live/changes.flv')).headers.etag ?? '';
    appendFileSync(file('live/changes.flv'), encodeSample(sampleTags(100)).subarray(13));
    const range = { range: 'bytes=0-1', 'if-range': before };
    expect((await ask('/recordings/live/changes.flv', { headers: range })).status).toBe(200);
    rmSync(file('live/changes.flv'));
  });

  it('finds places beyond 4 GiB', async () => {
    writeFileSync(file('live/huge.flv'), sample);
    truncateSync(file('live/huge.flv'), 5 * 2 ** 30);
    appendFileSync(file('live/huge.flv'), 'the end');
    try {
      const { status, headers, body } = await ask('/recordings/live/huge.flv', {
        headers: { range: `bytes=${5 * 2 ** 30}-` },
      });
      expect([status, body.toString()]).toEqual([206, 'the end']);
      expect(headers['content-range']).toBe(`bytes ${5 * 2 ** 30}-${5 * 2 ** 30 + 6}/${5 * 2 ** 30 + 7}`);
    } finally {
      rmSync(file('live/huge.flv'));
    }
  });

  it('closes the connection where the file becomes shorter', async () => {
    writeFileSync(file('live/shrinks.flv'), Buffer.alloc(64 * 1024 * 1024));
    const cut = new Promise<string>((resolve) => {
      const options = { host: '127.0.0.1', port: server.httpPort, path: '/recordings/live/shrinks.flv', agent: false };
      httpRequest(options, (response) => {
        truncateSync(file('live/shrinks.flv'), 1000);
        response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
        response.on('end', () => resolve('whole'));
        response.resume();
      }).end();
    });
    expect(await cut).toBe('ECONNRESET');
    rmSync(file('live/shrinks.flv'));
  });

  it('lets those go who take nothing', async () => {
    writeFileSync(file('live/big.flv'), Buffer.alloc(64 * 1024 * 1024));
    const socket = connect(server.httpPort, '127.0.0.1');
    socket.pause();
    const closed = new Promise<void>((resolve) => {
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
    });
    socket.write('GET /recordings/live/big.flv HTTP/1.1\r\nHost: x\r\n\r\n');
    const sending = async (): Promise<number> => {
      const { body } = await ask('/metrics');
      return Number(/millrace_recording_players\{transport="download"\} (\d+)/.exec(body.toString())?.[1]);
    };
    await expect.poll(sending).toBe(1);
    await expect.poll(sending, { timeout: 5000 }).toBe(0);
    socket.resume();
    await closed;
    rmSync(file('live/big.flv'));
  });

  it('answers one request after the other on a connection', async () => {
    const socket = connect(server.httpPort, '127.0.0.1');
    const head = (range: string, end: string) =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nRange: bytes=${range}\r\n${end}\r\n`;
    socket.write(head('0-2', '') + head('3-4', '') + head('5-5', 'Connection: close\r\n'));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('latin1');
    expect([...text.matchAll(/content-range: bytes (\S+)\//gi)].map(([, range]) => range)).toEqual([
      '0-2',
      '3-4',
      '5-5',
    ]);
    expect(text).toContain('\r\n\r\nFLV');
  });

  it('speaks HTTP/1.0', async () => {
    const socket = connect(server.httpPort, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    expect(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4).equals(sample)).toBe(true);
  });

  it.each(['http://[', 'http://a:99999', 'https://'])(
    'takes the absolute form, whatever its authority: %s',
    async (authority) => {
      const socket = connect(server.httpPort, '127.0.0.1');
      socket.write(`HEAD ${authority}${path}?download HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      const head = Buffer.concat(chunks).toString();
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      expect(head).toContain('attachment');
    },
  );

  it('answers preflights, and refuses other methods', async () => {
    const { status, headers } = await ask(path, { method: 'OPTIONS' });
    expect([status, headers['access-control-allow-origin']]).toEqual([204, '*']);
    expect((await ask(path, { method: 'DELETE' })).status).toBe(405);
  });
});

describe('recordings as HTTP-FLV', () => {
  const times = async (path: string, port = server.httpPort): Promise<{ type: string; timestamp: number }[]> => {
    const { status, body } = await ask(path, { port });
    expect(status).toBe(200);
    return readTags(body);
  };

  it('plays a recording where nothing is live', async () => {
    const tags = await times('/live/plain.flv');
    expect(tags.slice(0, 4).map(({ type }) => type)).toEqual(['script', 'video', 'audio', 'video']);
    expect(tags.length).toBe(1 + sampleTags(5000).length);
    expect(tags.at(-1)?.timestamp).toBe(4905);
    expect((await ask('/live/plain.flv', { method: 'HEAD' })).status).toBe(200);
    expect((await ask('/live/none.flv')).status).toBe(404);
    expect((await ask('/live/text.flv')).status).toBe(404);
  });

  it.each([
    ['2', 2000],
    ['2.9', 2000],
    ['0', 0],
    ['0.5', 0],
    ['-1.5', 3000],
    ['-99999', 0],
    ['4', 4000],
    ['999999999999', 4000],
  ])('begins with the key frame at or before %s s', async (start, first) => {
    for (const path of ['/live/plain.flv', '/recordings/live/plain.flv']) {
      const tags = await times(`${path}?start=${start}`);
      // Metadata and the sequence headers, then the key frame.
      expect(tags.slice(0, 4).map(({ type }) => type)).toEqual(['script', 'video', 'audio', 'video']);
      expect(tags.slice(0, 4).map(({ timestamp }) => timestamp)).toEqual([first, first, first, first]);
      expect(tags.at(-1)?.timestamp).toBe(4905);
    }
  });

  it.each([
    '/live/plain.flv',
    '/live/outside.flv',
    '/live/empty.flv',
    '/live/text.flv',
    '/live/none.flv',
    '/recordings/live/plain.flv?start=1',
    '/recordings/live/outside.flv?start=1',
    '/recordings/live/empty.flv?start=1',
  ])('says to HEAD what GET would have: %s', async (path) => {
    const got = await ask(path);
    const told = await ask(path, { method: 'HEAD' });
    expect(told.status).toBe(got.status);
    expect(told.body.length).toBe(0);
    for (const name of ['content-type', 'content-length', 'accept-ranges']) {
      expect(told.headers[name]).toBe(got.headers[name]);
    }
  });

  it('leaves a medium out', async () => {
    const tags = await times('/live/plain.flv?audio=0&start=1');
    expect(tags.some(({ type }) => type === 'audio')).toBe(false);
  });

  it.each(['', 'x', '1e3', 'NaN', '0x1', '1;2'])('refuses start=%s', async (start) => {
    expect((await ask(`/live/plain.flv?start=${start}`)).status).toBe(400);
    expect((await ask(`/recordings/live/plain.flv?start=${start}`)).status).toBe(400);
  });

  it('ends a file that becomes shorter, or is damaged, with what is sound', async () => {
    expect((await times('/live/cut.flv')).at(-1)?.timestamp).toBe(4900);
  });

  it('asks who may watch, as of live streams', async () => {
    const settings = ['access.urlSecret=a-secret-of-some-length', 'access.urlFor=play'];
    const guarded = await startTestServer([`media.dir=${mediaDir}`, ...settings]);
    try {
      const { httpPort: port } = guarded;
      const grant = { action: 'play', path: '/live/plain', expires: '4000000000', ip: '' } as const;
      const query = `expires=${grant.expires}&sign=${urlSignature('a-secret-of-some-length', grant)}`;
      for (const path of ['/recordings/live/plain.flv', '/live/plain.flv']) {
        expect((await ask(path, { port })).status).toBe(401);
        expect((await ask(path, { port, method: 'HEAD' })).status).toBe(401);
        expect((await ask(`${path}?${query}`, { port })).status).toBe(200);
        expect((await ask(`${path}?start=1&${query}`, { port })).status).toBe(200);
      }
      expect((await ask(`/recordings/films/a.flv?${query}`, { port })).status).toBe(401);
    } finally {
      await guarded.close();
    }
  });

  it('prefers what is live, and shows a recording that is being made', async () => {
    const client = await server.connected();
    const messageStreamId = await client.createStream();
    client.sendCommand('publish', client.nextTransactionId(), [null, 'plain', 'record'], messageStreamId);
    await client.status('NetStream.Publish.Start');
    const publisher = new TestPublisher(client, messageStreamId);
    publisher.video(0, avcHeader());
    publisher.video(40, avcKey(1));
    await settle(publisher);
    const viewer = await FlvClient.http(server.httpPort, '/live/plain.flv');
    expect((await viewer.until(2)).map(({ timestamp }) => timestamp)).toEqual([40, 40]);
    await expect.poll(async () => (await rowOf('live/plain.flv'))?.recording).toBe(true);
    const path = '/api/v1/recordings/live/plain.flv';
    expect((await ask(path, { method: 'DELETE' })).status).toBe(409);
    expect(existsSync(file('live/plain.flv'))).toBe(true);
    publisher.deleteStream();
    await viewer.ended;
    await expect.poll(async () => (await rowOf('live/plain.flv'))?.recording).toBe(false);
    expect((await rowOf('live/plain.flv'))?.keyFrames).toBe(1);
    expect((await ask(path, { method: 'DELETE' })).status).toBe(204);
  });
});

const types: Readonly<Record<number, string>> = { 8: 'audio', 9: 'video', 18: 'script' };

/** The tags of a file that is sound. */
function readTags(bytes: Buffer): { type: string; timestamp: number }[] {
  expect(bytes.toString('latin1', 0, 3)).toBe('FLV');
  const tags: { type: string; timestamp: number }[] = [];
  for (let at = 13; at < bytes.length; ) {
    const length = bytes.readUIntBE(at + 1, 3);
    tags.push({ type: types[bytes.readUInt8(at)] ?? '?', timestamp: bytes.readUIntBE(at + 4, 3) });
    at += 11 + length;
    expect(bytes.readUInt32BE(at)).toBe(11 + length);
    at += 4;
  }
  return tags;
}
