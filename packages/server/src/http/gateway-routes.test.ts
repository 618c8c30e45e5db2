import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { RtmpRemoteError } from '@millrace/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { gate } from '../../test/wire/gate.js';
import { createGatewayRoutes } from './gateway-routes.js';
import type { AnswerRemoting, RemotingPost } from './remoting-post.js';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const maxBodyBytes = 1000;
const amf = { 'content-type': 'application/x-amf' };

async function start(
  answerRemoting: AnswerRemoting = async ({ body }) => body,
  origins: readonly string[] = ['*'],
): Promise<{ port: number; url: string }> {
  const { fetch } = createGatewayRoutes({ answerRemoting, maxBodyBytes, origins });
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}/gateway` };
}

/** A POST whose body is still to come. */
function beginPost(port: number, headers: Record<string, string | number> = {}) {
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    path: '/gateway',
    method: 'POST',
    headers: { ...amf, ...headers },
  });
  closers.push(() => void request.destroy());
  const status = new Promise<number>((resolve, reject) => {
    request.on('response', (response: IncomingMessage) => resolve(response.resume().statusCode ?? 0));
    request.on('error', reject);
  });
  status.catch(() => undefined);
  return { request, status };
}

describe('the gateway', () => {
  it('gives the body and who sends it, and answers with bytes', async () => {
    const posts: RemotingPost[] = [];
    const { url } = await start(async (post) => {
      posts.push(post);
      return Uint8Array.of(9);
    });
    const headers = { 'content-type': 'Application/X-AMF ; charset=x', 'user-agent': 'Player', referer: 'http://r/' };
    const response = await fetch(`${url}/chat/room%201/?a=b`, { method: 'POST', headers, body: Uint8Array.of(1, 2) });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-amf',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
    });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.of(9));
    const [post] = posts;
    expect(post).toMatchObject({
      app: 'chat/room 1',
      query: 'a=b',
      url: `${url}/chat/room%201/?a=b`,
      address: '127.0.0.1',
      userAgent: 'Player',
      referer: 'http://r/',
      bearerToken: undefined,
    });
    expect(Array.from(post?.body ?? [])).toEqual([1, 2]);
  });

  it.each([
    ['text', { 'content-type': 'text/plain' }],
    ['something like it', { 'content-type': 'application/x-amfoo' }],
    ['a compressed body', { ...amf, 'content-encoding': 'gzip' }],
  ])('415 for %s', async (_name, headers) => {
    const { url } = await start();
    const response = await fetch(url, { method: 'POST', headers, body: Uint8Array.of(1) });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ error: 'unsupported-media-type' });
  });

  it.each(['application/x-amf; charset=utf-8', 'Application/X-AMF'])('takes %s, not encoded', async (type) => {
    const { url } = await start();
    const headers = { 'content-type': type, 'content-encoding': 'Identity' };
    expect((await fetch(url, { method: 'POST', headers, body: Uint8Array.of(1) })).status).toBe(200);
  });

  it('405 for other methods, a hint for GET', async () => {
    const { url } = await start();
    const refused = await fetch(url, { method: 'PUT', headers: amf, body: 'x' });
    expect(refused.status).toBe(405);
    expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    for (const path of ['', '/', '/chat']) {
      const hint = await fetch(url + path);
      expect(hint.status).toBe(200);
      expect(await hint.text()).toContain('Flash Remoting');
    }
  });

  it('lets pages of other origins call', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/chat`, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST, OPTIONS',
    });
  });

  it('lets SWFs of other origins call, and read nothing else', async () => {
    const { url } = await start();
    const root = await fetch(new URL('/crossdomain.xml', url));
    expect(root.headers.get('content-type')).toMatch(/^text\/x-cross-domain-policy/);
    const master = await root.text();
    expect(master).toContain('permitted-cross-domain-policies="all"');
    expect(master).not.toContain('allow-access-from');
    expect(await (await fetch(`${url}/crossdomain.xml`)).text()).toContain('<allow-access-from domain="*"');
  });

  it('lets only pages and SWFs of configured origins call', async () => {
    let calls = 0;
    const answer: AnswerRemoting = async ({ body }) => {
      calls += 1;
      return body;
    };
    const { url } = await start(answer, ['https://good.example', 'http://other.example:8080', 'http://a"b']);
    const call = (headers: Record<string, string>) => fetch(url, { method: 'POST', headers: { ...amf, ...headers } });
    const bad = await call({ origin: 'http://bad.example' });
    expect(bad.status).toBe(403);
    expect(bad.headers.get('access-control-allow-origin')).toBeNull();
    expect(calls).toBe(0);
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'http://bad.example' } });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    const good = await call({ origin: 'https://good.example' });
    expect(good.status).toBe(200);
    expect(good.headers.get('access-control-allow-origin')).toBe('https://good.example');
    expect(good.headers.get('vary')).toBe('origin');
    expect((await call({})).status).toBe(200);
    const domains = (await (await fetch(`${url}/crossdomain.xml`)).text()).match(/<allow-access-from [^>]*>/g);
    expect(domains).toEqual([
      '<allow-access-from domain="good.example" secure="true"/>',
      '<allow-access-from domain="other.example" secure="false"/>',
    ]);
  });

  it('400 for what is no packet', async () => {
    const { url } = await start(async () => {
      throw new RtmpRemoteError('ERR_AMF_PACKET_LENGTH', 'A value is longer', { offset: 4 });
    });
    const response = await fetch(url, { method: 'POST', headers: amf, body: Uint8Array.of(1) });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: 'bad-request',
      message: 'ERR_AMF_PACKET_LENGTH: A value is longer (at byte 4)',
    });
  });
});

describe('bodies', () => {
  it('413 for one that is announced too large', async () => {
    const { port } = await start();
    const { request, status } = beginPost(port, { 'content-length': maxBodyBytes + 1 });
    request.flushHeaders();
    expect(await status).toBe(413);
  });

  it('413 for one that becomes too large', async () => {
    const { port, url } = await start();
    const { request, status } = beginPost(port);
    request.write(new Uint8Array(maxBodyBytes));
    request.write(new Uint8Array(1));
    expect(await status).toBe(413);
    const exact = await fetch(url, { method: 'POST', headers: amf, body: new Uint8Array(maxBodyBytes) });
    expect(exact.status).toBe(200);
  });

  it('503 where too much is held already, until it is answered', async () => {
    const release = gate();
    let waiting = 0;
    const allWait = gate();
    const { port, url } = await start(async ({ body }) => {
      waiting += 1;
      if (waiting === 8) allWait.open();
      if (waiting <= 8) await release.passed;
      return body;
    });
    const held = Array.from({ length: 8 }, () => {
      const { request, status } = beginPost(port);
      request.end(new Uint8Array(maxBodyBytes));
      return status;
    });
    await allWait.passed;
    const refused = await fetch(url, { method: 'POST', headers: amf, body: new Uint8Array(1) });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    release.open();
    expect(await Promise.all(held)).toEqual(held.map(() => 200));
    expect((await fetch(url, { method: 'POST', headers: amf, body: new Uint8Array(1) })).status).toBe(200);
  });

  it('503 for more than 256 requests at a time', async () => {
    const release = gate();
    let waiting = 0;
    const allWait = gate();
    const { port, url } = await start(async ({ body }) => {
      waiting += 1;
      if (waiting === 256) allWait.open();
      await release.passed;
      return body;
    });
    const held = Array.from({ length: 256 }, () => {
      const { request, status } = beginPost(port);
      request.end();
      return status;
    });
    await allWait.passed;
    expect((await fetch(url, { method: 'POST', headers: amf })).status).toBe(503);
    release.open();
    await Promise.all(held);
    expect((await fetch(url, { method: 'POST', headers: amf })).status).toBe(200);
  });

  it('does not count those whose body is still to come', async () => {
    const { port, url } = await start();
    const sent = Array.from({ length: 300 }, () => {
      const { request, status } = beginPost(port);
      status.catch(() => undefined);
      return new Promise<void>((resolve) => request.write(new Uint8Array(1), () => resolve()));
    });
    await Promise.all(sent);
    // Connections are accepted in order: the server has seen them all.
    expect((await fetch(url, { method: 'POST', headers: amf, body: Uint8Array.of(1) })).status).toBe(200);
  });

  it('what a client began and gave up is held no longer', async () => {
    let calls = 0;
    const { port, url } = await start(async ({ body }) => {
      calls += 1;
      return body;
    });
    for (let i = 0; i < 20; i += 1) {
      const { request } = beginPost(port);
      const sent = new Promise<void>((resolve) => request.write(new Uint8Array(maxBodyBytes - 1), () => resolve()));
      await sent;
      const closed = new Promise<void>((resolve) => request.once('close', () => resolve()));
      request.destroy();
      await closed;
    }
    let response = await fetch(url, { method: 'POST', headers: amf, body: new Uint8Array(1) });
    // The server may see the last of them go a little later.
    while (response.status === 503)
      response = await fetch(url, { method: 'POST', headers: amf, body: new Uint8Array(1) });
    expect(calls).toBe(1);
  });
});
