import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handshakeCrypto, type NetConnection } from '@millrace/client';
import { AmfObject, EncryptedClientHandshake, type EncryptedCrypto, type EncryptedVersion } from '@millrace/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { type App, type AppClient, defineApp } from '../src/index.js';
import { httpAnswer } from './wire/flv-client.js';
import { aacFrame, aacHeader, avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { expectTheSame } from './wire/publish-and-play.js';
import type { TestServer } from './wire/start-test-server.js';
import { digestsOf, TestPublisher } from './wire/test-publisher.js';
import { transportScene } from './wire/transport-scene.js';
import { everythingFrom, openTunnel, openTunneled, type PostOptions, post, rawPost } from './wire/tunnel-socket.js';
import { concat, pattern } from './wire/wire-bytes.js';
import type { WireClient } from './wire/wire-client.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-transport-rtmpt-'));
afterAll(() => rmSync(folder, { recursive: true }));
const scene = transportScene();
const { closeAfter, dial } = scene;

const withTls = ['tls.selfSigned=true', 'rtmps.listen=127.0.0.1:0', 'https.listen=127.0.0.1:0'];
const c0c1 = concat(Uint8Array.of(3), new Uint8Array(8), pattern(1528));

function serve(settings: readonly string[] = [], app?: App): Promise<TestServer> {
  return scene.serve([`state.dir=${folder}`, ...settings], app);
}

async function tunneled(port: number, options: PostOptions = {}): Promise<WireClient> {
  const client = await openTunneled(port, options);
  closeAfter(() => client.destroy());
  return client;
}

async function connected(port: number, options: PostOptions = {}): Promise<WireClient> {
  const client = await tunneled(port, options);
  await client.handshake();
  await client.connectApp();
  return client;
}

/** A port of this server, by what it is for. */
type Port = 'rtmp' | 'rtmps' | 'http' | 'https';

function portOf({ running }: TestServer, name: Port): number {
  const bound = running[name];
  if (bound === undefined) throw new Error(`there is no ${name}`);
  return bound.port;
}

describe('RTMPT', () => {
  it.each<[string, Port, boolean]>([
    ['on the port of RTMP', 'rtmp', false],
    ['with TLS on the port of RTMP', 'rtmp', true],
    ['on the port of RTMPS', 'rtmps', true],
    ['on the port of HTTP', 'http', false],
    ['on the port of HTTPS', 'https', true],
  ])('publishes and plays %s, every message the same', async (_name, port, tls) => {
    const server = await serve(withTls);
    const client = await connected(portOf(server, port), { tls });
    const publisher = new TestPublisher(client, await client.publish('test'));
    const player = await connected(portOf(server, port), { tls });
    await player.play('test');
    publisher.video(0, avcHeader());
    publisher.audio(0, aacHeader());
    for (let i = 0; i < 20; i += 1) {
      publisher.video(i * 40, i % 10 === 0 ? avcKey(i, i === 10 ? 3_000_000 : 30_000) : avcInter(i, 2000));
      publisher.audio(i * 40 + 3, aacFrame(i));
    }
    const played = [];
    while (played.length < publisher.sent.length) {
      const { type, timestamp, payload } = await player.nextMedia();
      played.push({ type, timestamp, payload });
    }
    expect(digestsOf(played)).toEqual(digestsOf(publisher.sent));
  });

  it.each<[string, string, Port]>([
    ['rtmpt', 'rtmp', 'rtmp'],
    ['rtmp', 'rtmpt', 'rtmp'],
    ['rtmpt', 'rtmpte', 'http'],
    ['rtmpte', 'rtmpt', 'rtmp'],
    ['rtmpts', 'rtmpts', 'https'],
    ['rtmpts', 'rtmpts', 'rtmps'],
  ])('publishes by %s and plays by %s on the port of %s, every message the same', async (from, to, port) => {
    const server = await serve(withTls);
    const connect = async (scheme: string): Promise<NetConnection> => {
      const number = scheme === 'rtmp' ? server.port : portOf(server, port);
      return await scene.connect(`${scheme}://127.0.0.1:${number}/live`, { tls: { rejectUnauthorized: false } });
    };
    await expectTheSame(await connect(from), await connect(to));
  });

  it('shares a port with RTMP: from one to the other', async () => {
    const server = await serve();
    const publisher = await TestPublisher.open(server, 'test');
    const player = await connected(server.port);
    await player.play('test');
    publisher.video(0, avcHeader());
    const frame = publisher.video(0, avcKey(1));
    await player.nextMedia();
    expect((await player.nextMedia()).payload).toEqual(frame.payload);
  });

  it.each([6, 8, 9] as const)('answers RTMPE version %i with its own', async (version: EncryptedVersion) => {
    const server = await serve();
    const handshake = new EncryptedClientHandshake({ crypto: handshakeCrypto as EncryptedCrypto, nowMs: 0, version });
    const client = await tunneled(server.port);
    client.write(handshake.takeOutput() ?? new Uint8Array(0));
    handshake.receive(await client.readRaw(3073), 0);
    expect(handshake.done).toBe(true);
  });

  it('answers RTMPE with plain RTMP where that is switched off', async () => {
    const client = await tunneled((await serve(['rtmp.encrypted=false'])).port);
    client.write(concat(Uint8Array.of(6), c0c1.subarray(1)));
    expect((await client.readRaw(3073))[0]).toBe(3);
  });

  it('is known to the application by who opened the tunnel', async () => {
    const seen: [boolean, string][] = [];
    const onConnect = ({ tls, address }: AppClient): void => void seen.push([tls, address]);
    const server = await serve(withTls, defineApp({ onConnect }));
    await connected(server.port);
    await connected(server.port, { tls: true });
    expect(seen).toEqual([
      [false, '127.0.0.1'],
      [true, '127.0.0.1'],
    ]);
  });

  it('has the address that a load balancer names, and goes on from another', async () => {
    const seen: string[] = [];
    const onConnect = ({ address }: AppClient): void => void seen.push(address);
    const server = await serve(['rtmp.proxyFrom=127.0.0.1'], defineApp({ onConnect }));
    const socket = dial(server.port);
    socket.write('PROXY TCP4 203.0.113.7 198.51.100.1 56324 1935\r\n');
    socket.write(rawPost('/open/1', '\0'));
    const [answer] = await once(socket, 'data');
    const client = await openTunneled(server.httpPort, { id: String(answer).trim().split('\r\n').at(-1) ?? '' });
    closeAfter(() => client.destroy());
    await client.handshake();
    await client.connectApp();
    expect(seen).toEqual(['203.0.113.7']);
  });

  it('is negotiated where it is there', async () => {
    const answerOf = async (settings: readonly string[], wanted: string): Promise<unknown> => {
      const client = await (await serve(settings)).handshaken();
      const answer = await client.connectApp('live', { negotiate: `${wanted},rtmp` });
      const info = answer.values[3];
      return info instanceof AmfObject && info.get('negotiate');
    };
    expect(await answerOf([], 'rtmpt')).toBe('rtmpt');
    expect(await answerOf([], 'rtmpte')).toBe('rtmpte');
    expect(await answerOf([], 'rtmpts')).toBe('rtmp');
    expect(await answerOf(withTls, 'rtmpts')).toBe('rtmpts');
    expect(await answerOf(['rtmp.tunneled=false'], 'rtmpt')).toBe('rtmp');
  });

  it('can be switched off', async () => {
    const server = await serve(['rtmp.tunneled=false']);
    const socket = dial(server.port);
    socket.write(rawPost('/open/1', '\0'));
    expect(await everythingFrom(socket)).toMatch(/^HTTP\/1\.1 400 .*This is a port for RTMP/s);
    expect((await post(server.httpPort, '/open/1')).status).toBe(405);
  });
});

describe('a request of a tunnel', () => {
  it('is answered as players expect it', async () => {
    const { port } = await serve();
    const opened = await post(port, '/open/1');
    expect(opened).toMatchObject({ status: 200, headers: { 'content-type': 'application/x-fcs' } });
    expect(String(opened.body)).toMatch(/^[0-9a-f]{32}\n$/);
    const id = String(opened.body).trim();
    const answer = await post(port, `/send/${id}/0`, c0c1);
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/x-fcs' } });
    expect([answer.body.length, ...answer.body.subarray(0, 2)]).toEqual([3074, 1, 3]);
    expect((await post(port, `/send/${id}/1`, '')).body).toEqual(Buffer.from([1]));
    expect((await post(port, `/close/${id}/2`)).body).toEqual(Buffer.from([0]));
    expect((await post(port, `/idle/${id}/3`)).status).toBe(404);
  });

  it('tells Flash to stay with this server', async () => {
    const { port } = await serve();
    expect((await post(port, '/fcs/ident2')).status).toBe(404);
  });

  it.each<[string, (id: string) => string]>([
    ['HTTP/1.0', (id) => `POST /send/${id}/0 HTTP/1.0\r\nContent-Length: 1537\r\n\r\n`],
    ['an absolute target', (id) => `POST http://x/send/${id}/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 1537\r\n\r\n`],
    ['no Host', (id) => `POST /send/${id}/0 HTTP/1.1\r\nContent-Length: 1537\r\n\r\n`],
    ['capitals and slashes', (id) => `POST //SEND/${id.toUpperCase()}/0/ HTTP/1.1\r\nContent-Length: 1537\r\n\r\n`],
    ['chunks', (id) => `POST /send/${id}/0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n601\r\n`],
  ])('may come with %s', async (name, head) => {
    const { port } = await serve();
    const socket = dial(port);
    socket.write(Buffer.concat([Buffer.from(head(await openTunnel(port))), c0c1]));
    if (name === 'chunks') socket.write('\r\n0\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(
      /^HTTP\/1\.1 200 OK\r\nContent-Type: application\/x-fcs\r\nContent-Length: 3074\r\n/,
    );
  });

  it('may ask for another protocol, which it does not get, on both ports', async () => {
    const { port, httpPort } = await serve();
    for (const at of [port, httpPort]) {
      const socket = dial(at);
      const id = await openTunnel(at);
      const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n';
      const request = rawPost(`/send/${id}/0`, c0c1, upgrade);
      // Some of the body comes with the header, some after it.
      socket.write(request.subarray(0, -800));
      socket.write(request.subarray(-800));
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK\r\n.*Content-Length: 3074\r\n/s);
      socket.write(rawPost(`/idle/${id}/1`, ''));
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 OK\r\n.*Content-Length: 1\r\n/s);
    }
  });

  it('that is to be the last on its connection is answered, whatever follows', async () => {
    const { port } = await serve();
    const socket = dial(port);
    socket.write(Buffer.concat([rawPost('/open/1', '', 'Connection: close\r\n'), rawPost('/open/1', '')]));
    expect(await everythingFrom(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n[0-9a-f]{32}\n$/s);
  });

  it('may be the last thing that is said on its connection', async () => {
    const { port, httpPort } = await serve();
    for (const at of [port, httpPort]) {
      const id = await openTunnel(at);
      // The number 0 is waited for, and later an idle is held: both are answered after the end has come.
      for (const request of [rawPost(`/send/${id}/1`, c0c1), rawPost(`/idle/${id}/2`, '')]) {
        const socket = dial(at);
        socket.end(request);
        expect(await everythingFrom(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      }
    }
  });

  it('may wait to be asked for its body', async () => {
    const { port } = await serve();
    const socket = dial(port);
    const [head, body] = [rawPost(`/send/${await openTunnel(port)}/0`, c0c1, 'Expect: 100-continue\r\n'), c0c1];
    socket.write(head.subarray(0, head.length - body.length));
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 100 /);
    socket.write(body);
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('may come over any connection, before others, twice, and many at a time', async () => {
    const { port } = await serve();
    const id = await openTunnel(port);
    const cuts = [0, 1, 500, 1000, 1500, c0c1.length];
    const parts = [4, 2, 0, 1, 3].map(
      (at) => [at, post(port, `/send/${id}/${at}`, c0c1.subarray(cuts[at], cuts[at + 1]))] as const,
    );
    const answers = await Promise.all(parts.map(async ([at, answer]) => [at, await answer] as const));
    expect(answers.map(([at, { body }]) => [at, body.length])).toEqual([
      [4, 3074],
      [2, 1],
      [0, 1],
      [1, 1],
      [3, 1],
    ]);
    const last = answers[0]?.[1].body;
    expect((await post(port, `/send/${id}/4`, c0c1.subarray(1500))).body).toEqual(last);
  });

  it('may be sent along before the one before it has been answered', async () => {
    const { port } = await serve();
    const id = await openTunnel(port);
    const socket = dial(port);
    const cuts = [0, 700, 1400, 1537];
    socket.write(
      Buffer.concat([0, 1, 2].map((at) => rawPost(`/send/${id}/${at}`, c0c1.subarray(cuts[at], cuts[at + 1])))),
    );
    socket.write(rawPost(`/close/${id}/3`, '\0', 'Connection: close\r\n'));
    const all = await everythingFrom(socket);
    expect(all.match(/Content-Length: \d+/g)).toEqual([1, 1, 3074, 1].map((length) => `Content-Length: ${length}`));
  });

  it.each<[string, number]>([
    ['/send/00000000000000000000000000000000/0', 404],
    ['/idle/x/1', 404],
    ['/send/x', 400],
    ['/send/x/y', 400],
    ['/open/1/2', 400],
  ])('to %s is answered with %i on every port', async (path, status) => {
    const server = await serve();
    expect((await post(server.port, path)).status).toBe(status);
    expect((await post(server.httpPort, path)).status).toBe(status);
  });

  it('is a POST: others keep their meaning', async () => {
    const server = await serve();
    const socket = dial(server.port);
    socket.write('GET /open/1 HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await everythingFrom(socket)).toMatch(/^HTTP\/1\.1 400 .*This is a port for RTMP/s);
    expect((await httpAnswer(server.httpPort, 'GET', '/open/1')).status).toBe(404);
    const other = dial(server.port);
    other.write(rawPost('/gateway', 'x'));
    expect(await everythingFrom(other)).toMatch(/^HTTP\/1\.1 400 .*This is a port for RTMP/s);
  });

  it('is none of the API, and open to those whom that is not', async () => {
    const server = await serve(['access.apiFrom=192.0.2.1']);
    expect((await post(server.httpPort, '/open/1')).status).toBe(200);
  });
});
