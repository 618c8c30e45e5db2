import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { FakeStreamSource } from '../../test/fake-stream-source.js';
import { noRecordings } from '../../test/no-recordings.js';
import { loadConfig } from '../config/index.js';
import { silentLogger } from '../log/index.js';
import { createHttpServer } from './http-server.js';
import type { Admit } from './visit.js';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const serverInfo = {
  version: '0.0.0',
  startedAt: 0,
  uptimeMs: 0,
  rtmpPort: 1935,
  httpPort: 8080,
  defaultApp: 'live',
  connections: 0,
  recordingViewers: { rtmp: 0, httpFlv: 0, download: 0 },
  memoryBytes: 0,
};

async function start(
  options: { set?: string[]; files?: Record<string, string>; admit?: Admit; isApiAllowed?: () => boolean } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-http-'));
  mkdirSync(join(folder, 'console/assets'), { recursive: true });
  for (const [name, content] of Object.entries(options.files ?? {})) writeFileSync(join(folder, name), content);
  const streams = new FakeStreamSource();
  streams.published.add('/live/test');
  const server = createHttpServer({
    config: loadConfig({ set: ['http.listen=127.0.0.1:0', ...(options.set ?? [])] }),
    logger: silentLogger,
    streams,
    isApiAllowed: options.isApiAllowed ?? (() => true),
    admit: options.admit ?? (() => ({ ok: true, visit: { end: () => undefined } })),
    answerRemoting: async () => new Uint8Array(),
    services: { snapshot: () => [], danmu: () => undefined },
    recordings: noRecordings,
    mayDelete: () => false,
    sharedObjects: { snapshot: () => [], read: () => undefined },
    metrics: { contentType: 'text/plain; charset=utf-8', text: async () => 'up 1\n' },
    serverInfo: () => serverInfo,
    acceptRtmp: (socket) => socket.close(),
    consoleFolder: join(folder, 'console'),
  });
  const { port } = await server.listen();
  closers.push(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });
  return { streams, server, port, url: `http://127.0.0.1:${port}` };
}

/** Sends `text` and collects what comes back until the server closes. */
function rawRequest(port: number, text: string): { socket: Socket; closed: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  closers.push(() => void socket.destroy());
  const received: Buffer[] = [];
  socket.on('data', (bytes) => received.push(bytes));
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(Buffer.concat(received).toString('latin1')));
  });
  socket.write(text);
  return { socket, closed };
}

/** Without the normalising of paths that fetch does. */
function get(port: number, path: string, method = 'GET', headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: string }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

describe('HTTP-FLV', () => {
  it('sends chunks, and the last one when the stream ends', async () => {
    const { streams, port } = await start();
    streams.greeting = Buffer.from('FLV');
    const { closed } = rawRequest(port, 'GET /live/test.flv HTTP/1.1\r\nHost: x\r\n\r\n');
    const { sink, info } = await streams.nextViewer();
    expect(info).toEqual({ kind: 'httpFlv', chunked: true, address: '127.0.0.1', audio: true, video: true });
    sink.write(Buffer.from('-one-'));
    sink.write(new Uint8Array(Buffer.from('two')));
    expect(sink.pendingBytes).toBe(0);
    sink.end();
    const [head = '', ...body] = (await closed).split('\r\n\r\n');
    expect(body).toEqual(['00000003\r\nFLV\r\n00000005\r\n-one-\r\n00000003\r\ntwo\r\n0', '']);
    expect(head.toLowerCase()).toMatch(/^http\/1\.1 200 ok\r\n/);
    expect(head.toLowerCase()).toContain('content-type: video/x-flv');
    expect(head.toLowerCase()).toContain('access-control-allow-origin: *');
    expect(head.toLowerCase()).toContain('cache-control: no-store');
    expect(head.toLowerCase()).toContain('connection: close');
    expect(head.toLowerCase()).toContain('transfer-encoding: chunked');
  });

  it('answers HTTP/1.0, which does without a host', async () => {
    const { port } = await start();
    expect(await rawRequest(port, 'GET /healthz HTTP/1.0\r\n\r\n').closed).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('sends HTTP/1.0, which has no chunks, the bytes as they are', async () => {
    const { streams, port } = await start();
    const { closed } = rawRequest(port, 'GET /live/test.flv HTTP/1.0\r\n\r\n');
    const { sink, info } = await streams.nextViewer();
    expect(info.chunked).toBe(false);
    sink.write(Buffer.from('FLV-one'));
    sink.end();
    const [head = '', body] = (await closed).split('\r\n\r\n');
    expect(body).toBe('FLV-one');
    expect(head.toLowerCase()).not.toMatch(/content-length|transfer-encoding/);
  });

  it('lets a viewer in before the first byte', async () => {
    const { streams, url } = await start();
    const abort = new AbortController();
    const response = await fetch(`${url}/live/test.flv?audio=0`, { signal: abort.signal });
    expect(response.status).toBe(200);
    const { info, gone } = await streams.nextViewer();
    expect(info).toMatchObject({ audio: false, video: true });
    abort.abort();
    await gone;
  });

  it('is read by fetch to its end', async () => {
    const { streams, url } = await start();
    streams.published.add('/live/房间/a b');
    const response = await fetch(`${url}/live/${encodeURIComponent('房间/a b')}.flv`);
    const { sink, gone } = await streams.nextViewer();
    sink.write(Buffer.alloc(300_000, 7));
    sink.end();
    expect((await response.arrayBuffer()).byteLength).toBe(300_000);
    await gone;
  });

  it('tells what a slow viewer has not taken, and lets go of it', async () => {
    const { streams, port } = await start();
    const { socket, closed } = rawRequest(port, 'GET /live/test.flv HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.pause();
    const { sink, gone } = await streams.nextViewer();
    const shared = Buffer.alloc(16 * 1024 * 1024);
    sink.write(shared);
    expect(sink.pendingBytes).toBeGreaterThan(1024 * 1024);
    sink.end();
    await gone;
    socket.destroy();
    await closed;
  });

  it('closes the connection of a client that sends another request behind the stream', async () => {
    const { streams, port } = await start();
    const request = 'GET /live/test.flv HTTP/1.1\r\nHost: x\r\n\r\n';
    const { closed } = rawRequest(port, request + request);
    const { gone } = await streams.nextViewer();
    await gone;
    await closed;
  });

  it('serves a stream that was asked for behind another request', async () => {
    const { streams, port } = await start();
    streams.greeting = Buffer.from('FLV');
    const { closed } = rawRequest(
      port,
      'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /live/test.flv HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    const { sink } = await streams.nextViewer();
    sink.end();
    expect(await closed).toMatch(
      /^HTTP\/1\.1 200 OK.*\r\n\r\nokHTTP\/1\.1 200 OK.*\r\n\r\n00000003\r\nFLV\r\n0\r\n\r\n$/s,
    );
  });

  it('says what is not there', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/live/nothing.flv`);
    expect(response.status).toBe(404);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toEqual({
      error: 'not-published',
      message: 'Nothing is published as /live/nothing now.',
    });
  });

  it('answers HEAD, preflights and other methods', async () => {
    const { port } = await start();
    expect(await get(port, '/live/test.flv', 'HEAD')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'video/x-flv' },
      body: '',
    });
    expect(await get(port, '/live/nothing.flv', 'HEAD')).toMatchObject({ status: 404, body: '' });
    expect(await get(port, '/live/test.flv', 'OPTIONS', { 'access-control-request-headers': 'range' })).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'GET, HEAD, OPTIONS' },
    });
    expect(await get(port, '/live/test.flv', 'POST')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    });
  });

  it.each(['/live/%.flv', '/live/%ff.flv', '/%', '/live/test.flv?audio=0&video=0'])('refuses %s', async (path) => {
    const { port } = await start();
    expect(await get(port, path)).toMatchObject({ status: 400, headers: { connection: 'close' } });
  });
});

describe('WebSocket-FLV', () => {
  async function watch(options: ConstructorParameters<typeof WebSocket>[2] = {}, set: string[] = []) {
    const started = await start({ set });
    started.streams.greeting = Buffer.from('FLV');
    const client = new WebSocket(`ws://127.0.0.1:${started.port}/live/test.flv`, options);
    closers.push(() => client.terminate());
    const messages: unknown[] = [];
    client.on('message', (data, isBinary) => messages.push(isBinary ? data : 'text'));
    client.on('error', () => undefined);
    const closed = new Promise<{ code: number; reason: string }>((resolve) => {
      client.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    const viewer = await started.streams.nextViewer();
    return { ...started, client, messages, closed, ...viewer };
  }

  it('sends each write as a binary message, until the stream ends', async () => {
    const { sink, info, messages, closed, gone } = await watch();
    expect(info).toEqual({ kind: 'wsFlv', chunked: false, address: '127.0.0.1', audio: true, video: true });
    sink.write(Buffer.from('one'));
    sink.write(new Uint8Array(70_000));
    expect(sink.pendingBytes).toBe(0);
    sink.end();
    sink.write(Buffer.from('late'));
    expect(await closed).toEqual({ code: 1000, reason: 'the stream has ended' });
    expect(messages).toEqual([Buffer.from('FLV'), Buffer.from('one'), Buffer.alloc(70_000)]);
    await gone;
  });

  it('tells what a slow viewer has not taken', async () => {
    const { client, sink } = await watch();
    if (client.readyState !== WebSocket.OPEN) await new Promise((resolve) => client.once('open', resolve));
    client.pause();
    sink.write(new Uint8Array(16 * 1024 * 1024));
    expect(sink.pendingBytes).toBeGreaterThan(1024 * 1024);
  });

  it('does not compress', async () => {
    const { client } = await watch({ perMessageDeflate: true });
    expect(client.extensions).toBe('');
  });

  it('answers pings', async () => {
    const { client } = await watch();
    const pong = new Promise<string>((resolve) => client.on('pong', (data) => resolve(data.toString())));
    if (client.readyState !== WebSocket.OPEN) await new Promise((resolve) => client.once('open', resolve));
    client.ping('x');
    expect(await pong).toBe('x');
  });

  it('finds viewers that have died', async () => {
    const { gone } = await watch({ autoPong: false }, ['limits.idleTimeoutMs=100']);
    await gone;
  });

  it.each([
    ['too long', (client: WebSocket) => client.send(new Uint8Array(5000))],
    ['too many', (client: WebSocket) => Array.from({ length: 200 }, () => client.send('x'))],
    ['too many pings', (client: WebSocket) => Array.from({ length: 200 }, () => client.ping())],
  ])('lets go of a viewer whose messages are %s', async (_, talk) => {
    const { client, gone, closed } = await watch();
    if (client.readyState !== WebSocket.OPEN) await new Promise((resolve) => client.once('open', resolve));
    talk(client);
    await gone;
    await closed;
  });

  it.each([
    ['/live/nothing.flv', 404],
    ['/api/v1/streams', 404],
    ['/', 404],
    ['/live/%ff.flv', 400],
  ])('refuses %s', async (path, status) => {
    const { port } = await start();
    const { closed } = rawRequest(
      port,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    expect(await closed).toMatch(new RegExp(`^HTTP/1.1 ${status} .*"message":`, 's'));
  });
});

describe('a request that asks for another protocol, sent along without waiting', () => {
  const health = (headers: string): string => `GET /healthz HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

  it.each([
    ['h2c', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'],
    [
      'h2c, twice',
      `Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n${health('Connection: Upgrade\r\nUpgrade: h2c\r\n').slice(0, -2)}`,
    ],
  ])('is answered in turn: %s', async (_name, headers) => {
    const { port } = await start();
    const asked = health('') + health('') + health(headers) + health('Connection: close\r\n');
    const { closed } = rawRequest(port, asked);
    expect((await closed).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(asked.split('GET').length - 1);
  });

  it('and is a WebSocket that is refused, is so in turn', async () => {
    const { port } = await start();
    const { closed } = rawRequest(port, health('') + health('Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    expect(await closed).toMatch(/^HTTP\/1\.1 200 .*HTTP\/1\.1 404 /s);
  });
});

describe('the API and the console', () => {
  const files = {
    'secret.txt': 'secret',
    'console/index.html': '<!doctype html><title>millrace</title>',
    'console/assets/page-1a2b.js': `export const text = '${'x'.repeat(5000)}';`,
  };

  it('answers in JSON', async () => {
    const { port } = await start();
    const json = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
    expect(await get(port, '/api/v1/streams')).toMatchObject({ status: 200, headers: json, body: '{"streams":[]}' });
    const server = await get(port, '/api/v1/server');
    expect(JSON.parse(server.body)).toEqual(serverInfo);
    expect(server.headers['access-control-allow-origin']).toBeUndefined();
    expect(await get(port, '/healthz')).toMatchObject({ status: 200, body: 'ok' });
    expect(await get(port, '/healthz', 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await get(port, '/api/v1/other')).toMatchObject({ status: 404, headers: json });
    expect(await get(port, '/api/v1/streams', 'DELETE')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  });

  it('serves the console', async () => {
    const { port } = await start({ files });
    const page = await get(port, '/');
    expect(page).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
      },
      body: files['console/index.html'],
    });
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    expect(await get(port, '/index.html?x')).toMatchObject({ status: 200, body: page.body });
    expect(await get(port, '/', 'GET', { 'if-none-match': String(page.headers.etag) })).toMatchObject({ status: 304 });
    expect(await get(port, '/', 'POST')).toMatchObject({ status: 405 });
    expect(await get(port, '/assets/page-1a2b.js')).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
      },
      body: files['console/assets/page-1a2b.js'],
    });
  });

  it('compresses what is worth it', async () => {
    const { url } = await start({ files });
    const response = await fetch(`${url}/assets/page-1a2b.js`);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.text()).toBe(files['console/assets/page-1a2b.js']);
    expect((await fetch(`${url}/`)).headers.get('content-encoding')).toBeNull();
  });

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets//../../secret.txt',
    '/assets',
  ])('has nothing at %s', async (path) => {
    const { port } = await start({ files });
    expect(await get(port, path)).toMatchObject({ status: 404 });
  });

  it('says that the console is not built', async () => {
    const { port } = await start();
    const page = await get(port, '/');
    expect(page.status).toBe(503);
    expect(page.body).toContain('npm run build');
  });
});

describe('limits', () => {
  it('closes connections that do not finish their header', async () => {
    const { port } = await start({ set: ['limits.handshakeTimeoutMs=100'] });
    const silent = rawRequest(port, '');
    const slow = rawRequest(port, 'GET / HTTP/1.1\r\nHost:');
    expect(await slow.closed).toContain('408');
    await silent.closed;
  });

  it('refuses a header that is too large', async () => {
    const { port } = await start();
    expect(await rawRequest(port, `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`).closed).toContain('431');
  });

  it('refuses connections beyond limits.connections', async () => {
    const { streams, port, url } = await start({ set: ['limits.connections=1'] });
    const { socket } = rawRequest(port, 'GET /live/test.flv HTTP/1.1\r\nHost: x\r\n\r\n');
    const { gone } = await streams.nextViewer();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    socket.destroy();
    await gone;
  });

  it('closes with viewers that read and viewers that do not', async () => {
    const { streams, server, port } = await start();
    const reading = rawRequest(port, 'GET /live/test.flv HTTP/1.1\r\nHost: x\r\n\r\n');
    await streams.nextViewer();
    const stuck = rawRequest(port, 'GET /live/test.flv HTTP/1.1\r\nHost: x\r\n\r\n');
    stuck.socket.pause();
    const { sink } = await streams.nextViewer();
    sink.write(Buffer.alloc(16 * 1024 * 1024));
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/live/test.flv`);
    const code = new Promise((resolve) => webSocket.on('close', resolve));
    await streams.nextViewer();
    await server.close();
    expect(await code).toBe(1001);
    await reading.closed;
    stuck.socket.destroy();
  });
});

describe('the rule of addresses', () => {
  it('is for the page and the API, not for the health check', async () => {
    const { url } = await start({ isApiAllowed: () => false });
    for (const path of ['/', '/api/v1/streams', '/api/v1/shared-objects', '/api/v1/server', '/no/such']) {
      const response = await fetch(`${url}${path}`);
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ error: 'forbidden' });
    }
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
