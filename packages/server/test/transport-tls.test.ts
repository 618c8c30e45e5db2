import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type ConnectOptions, NetConnection } from '@millrace/client';
import { AmfObject } from '@millrace/protocol';
import { generate } from 'selfsigned';
import { afterAll, describe, expect, it } from 'vitest';
import { type App, type AppClient, defineApp } from '../src/index.js';
import { closeOf } from './wire/close-of.js';
import { httpAnswer } from './wire/flv-client.js';
import { avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { memoryInUse, memorySettledTo } from './wire/memory-in-use.js';
import { expectTheSame } from './wire/publish-and-play.js';
import type { TestServer } from './wire/start-test-server.js';
import { TestPublisher } from './wire/test-publisher.js';
import { transportScene } from './wire/transport-scene.js';
import { pattern } from './wire/wire-bytes.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-transport-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const scene = transportScene();
const { closeAfter } = scene;

const ownCertificate = join(folder, 'tls-self-signed.pem');
const withTls = ['tls.selfSigned=true', 'rtmps.listen=127.0.0.1:0', 'https.listen=127.0.0.1:0'];
const c0c1 = Buffer.concat([Uint8Array.of(3), new Uint8Array(8), pattern(1528)]);
const anyCertificate = { tls: { rejectUnauthorized: false } };

function serve(settings: readonly string[] = withTls, app?: App): Promise<TestServer> {
  return scene.serve([`state.dir=${folder}`, ...settings], app);
}

function rtmpsPort({ running }: TestServer): number {
  if (running.rtmps === undefined) throw new Error('there is no port for RTMPS');
  return running.rtmps.port;
}

function connect(url: string, options: ConnectOptions = anyCertificate): Promise<NetConnection> {
  return scene.connect(url, options);
}

function dial(port: number): Socket {
  // Nobody reads it yet, and the end of what is not read is never seen.
  return scene.dial(port).resume();
}

async function everythingFrom(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on('data', (bytes) => parts.push(bytes));
  await closeOf(socket);
  return Buffer.concat(parts);
}

async function secured(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  closeAfter(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket.resume();
}

async function publishAndPlay(from: string, to: string): Promise<void> {
  const [publisher, player] = [await connect(from), await connect(to)];
  await expectTheSame(publisher, player);
}

describe('RTMPS', () => {
  it('is served on the port of RTMP and on its own, every message the same', async () => {
    const server = await serve();
    await publishAndPlay(`rtmps://127.0.0.1:${server.port}/live`, `rtmps://127.0.0.1:${rtmpsPort(server)}/live`);
  });

  it('and RTMP share a port', async () => {
    const server = await serve();
    await publishAndPlay(`rtmp://127.0.0.1:${server.port}/live`, `rtmps://127.0.0.1:${server.port}/live`);
  });

  it('is not there without a certificate: who asks for it is closed at once', async () => {
    const server = await serve([]);
    expect(server.running).toMatchObject({ rtmps: undefined, https: undefined, fingerprint: undefined });
    await expect(NetConnection.connect(`rtmps://127.0.0.1:${server.port}/live`, anyCertificate)).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECT_FAILED',
    });
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s', async (version) => {
    const server = await serve();
    const socket = await secured(server.port, { minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
    socket.write(c0c1);
    expect((await once(socket, 'data'))[0][0]).toBe(3);
  });

  it('speaks nothing newer than tls.maxVersion, and nothing older than TLSv1.2', async () => {
    const server = await serve([...withTls, 'tls.maxVersion=TLSv1.2']);
    expect((await secured(server.port)).getProtocol()).toBe('TLSv1.2');
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' };
    await expect(secured(server.port, old)).rejects.toThrow();
  });

  it('is verified by clients: against the authorities they trust, and by name', async () => {
    const server = await serve();
    const url = `rtmps://localhost:${server.port}/live`;
    const ca = readFileSync(ownCertificate, 'utf8');
    const refused = { code: 'ERR_RTMP_CONNECT_FAILED' };
    await expect(NetConnection.connect(url)).rejects.toMatchObject(refused);
    await connect(`rtmps://127.0.0.1:${server.port}/live`, { tls: { ca } });
    await connect(`rtmps://127.0.0.1:${server.port}/live`, { tls: { ca: [ca], servername: 'localhost' } });
    const elsewhere = { tls: { ca, servername: 'example.org' } };
    await expect(NetConnection.connect(`rtmps://127.0.0.1:${server.port}/live`, elsewhere)).rejects.toMatchObject(
      refused,
    );
  });

  it('is for clients with a certificate, where there is an authority for them', async () => {
    const authority = join(folder, 'authority.pem');
    const pair = await generate([{ name: 'commonName', value: 'encoder' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true }],
    });
    writeFileSync(authority, pair.cert);
    const server = await serve([...withTls, `tls.clientCa=${authority}`]);
    const url = `rtmps://127.0.0.1:${server.port}/live`;
    await connect(url, { tls: { rejectUnauthorized: false, cert: pair.cert, key: pair.private } });
    await expect(NetConnection.connect(url, anyCertificate)).rejects.toThrow();
    const other = await generate([{ name: 'commonName', value: 'encoder' }], { keyType: 'ec', algorithm: 'sha256' });
    const wrong = { tls: { rejectUnauthorized: false, cert: other.cert, key: other.private } };
    await expect(NetConnection.connect(url, wrong)).rejects.toThrow();
    await connect(`rtmp://127.0.0.1:${server.port}/live`);
  });

  it.each(['rtmp', 'rtmps', 'rtmpe'])(
    'by %s too, a player that does not read holds no memory, and catches up by a jump',
    async (scheme) => {
      const server = await serve([...withTls, 'live.maxLagMs=1000', 'live.maxGopBytes=6000000']);
      const slow = await connect(`${scheme}://127.0.0.1:${server.port}/live`, {
        ...anyCertificate,
        maxQueuedBytes: 65_536,
      });
      const player = await slow.createStream();
      await player.play('test');
      const publisher = await TestPublisher.open(server, 'test');
      publisher.video(0, avcHeader());
      await publisher.client.barrier();
      const before = memoryInUse();
      for (let i = 0; i < 400; i += 1) {
        publisher.video(i * 40, i % 10 === 0 ? avcKey(i, 400_000) : avcInter(i, 400_000));
        await publisher.client.barrier();
        // What is kept for comparing is not the server's.
        publisher.sent.length = 0;
      }
      expect(await memorySettledTo(before + 96 * 1024 * 1024)).toBeLessThan(before + 96 * 1024 * 1024);
      const { streams } = JSON.parse((await httpAnswer(server.httpPort, 'GET', '/api/v1/streams')).body);
      expect(streams[0]).toMatchObject({ viewers: { total: 1 } });
      const times: number[] = [];
      for await (const event of player) {
        if (event.type !== 'video') continue;
        times.push(event.timestamp);
        if (event.timestamp >= 390 * 40) break;
      }
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times.length).toBeLessThan(390);
    },
  );

  it('is known to the application', async () => {
    const seen: [boolean, string][] = [];
    const onConnect = ({ tls, address }: AppClient): void => void seen.push([tls, address]);
    const server = await serve(withTls, defineApp({ onConnect }));
    await connect(`rtmps://127.0.0.1:${server.port}/live`);
    await connect(`rtmp://127.0.0.1:${server.port}/live`);
    expect(seen).toEqual([
      [true, '127.0.0.1'],
      [false, '127.0.0.1'],
    ]);
  });

  it('is negotiated where it is there', async () => {
    const answerOf = async (settings: readonly string[]): Promise<unknown> => {
      const client = await (await serve(settings)).handshaken();
      const answer = await client.connectApp('live', { negotiate: 'rtmps,rtmp' });
      const info = answer.values[3];
      return info instanceof AmfObject && info.get('negotiate');
    };
    expect(await answerOf(withTls)).toBe('rtmps');
    expect(await answerOf([])).toBe('rtmp');
  });
});

describe('HTTPS', () => {
  it('serves what HTTP serves, and RTMP over WebSocket', async () => {
    const server = await serve();
    const port = server.running.https?.port;
    const sent = request({ host: '127.0.0.1', port, path: '/api/v1/server', rejectUnauthorized: false }).end();
    const [response] = await once(sent, 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
    await publishAndPlay(`wss://127.0.0.1:${port}/rtmp/live`, `rtmp://127.0.0.1:${server.port}/live`);
  });

  it('is not begun without TLS', async () => {
    await expect(serve(['https.listen=127.0.0.1:0'])).rejects.toThrow(
      'config: https.listen is given, but there is no TLS',
    );
  });
});

describe('a connection to the RTMP port', () => {
  const impatient = [...withTls, 'limits.handshakeTimeoutMs=100', 'limits.connections=3'];

  it('that speaks HTTP is told so', async () => {
    const server = await serve([]);
    const socket = dial(server.port);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String(await everythingFrom(socket))).toMatch(/^HTTP\/1\.1 400 .*This is a port for RTMP/s);
  });

  it('that speaks HTTP inside of TLS is told so', async () => {
    const server = await serve();
    const socket = await secured(server.port);
    socket.write('GET /open/1 HTTP/1.1\r\n\r\n');
    expect(String(await everythingFrom(socket))).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('that speaks TLS inside of TLS, or RTMP where RTMPS is served, is closed', async () => {
    const server = await serve();
    const outer = await secured(server.port);
    const inner = connectTls({ socket: outer, rejectUnauthorized: false }).on('error', () => undefined);
    const plain = dial(rtmpsPort(server));
    plain.write(c0c1);
    await Promise.all([outer, plain].map((socket) => closeOf(socket)));
    expect(inner.encrypted && inner.getProtocol()).not.toBe('TLSv1.3');
  });

  it('that says nothing, or stays in the middle of a TLS handshake, takes a place and is cut off', async () => {
    const server = await serve(impatient);
    const [silent, half, tiny] = [dial(server.port), dial(rtmpsPort(server)), dial(server.port)];
    // The beginning of a record of 512 bytes.
    half.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1));
    tiny.write(Uint8Array.of(0x16));
    await Promise.all([silent, half, tiny].map((socket) => once(socket, 'connect')));
    await Promise.all([silent, half, tiny].map((socket) => closeOf(socket)));
    await publishAndPlay(`rtmps://127.0.0.1:${server.port}/live`, `rtmp://127.0.0.1:${server.port}/live`);
  });

  it('is refused while half-open ones fill the server', async () => {
    const server = await serve([...withTls, 'limits.connections=2']);
    const [first, second] = [dial(server.port), dial(server.port)];
    for (const socket of [first, second]) socket.write(Uint8Array.of(0x16, 3));
    await Promise.all([once(first, 'connect'), once(second, 'connect')]);
    await closeOf(dial(server.port));
    first.destroy();
    second.destroy();
  });

  it('that sends garbage for a TLS handshake is closed', async () => {
    const server = await serve();
    const socket = dial(server.port);
    socket.write(Buffer.concat([Uint8Array.of(0x16, 3, 1, 2, 0), pattern(512)]));
    await closeOf(socket);
    const later = await secured(server.port);
    later.write(pattern(3000).fill(0x7f, 0, 1));
    await closeOf(later);
  });

  it.each<[string, string | Uint8Array]>([
    ['before it says what it speaks', ''],
    ['in RTMP', c0c1],
    ['in a tunnel', 'POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'],
  ])('that shakes hands with TLS again and again, %s, is closed', async (_name, beginning) => {
    const server = await serve();
    const socket = await secured(server.port, { maxVersion: 'TLSv1.2' });
    if (beginning !== '') {
      socket.write(beginning);
      await once(socket, 'data');
    }
    let tries = 0;
    const again = (): void => {
      tries += 1;
      if (tries < 100) socket.renegotiate({ rejectUnauthorized: false }, again);
    };
    again();
    await closeOf(socket);
    expect(tries).toBeLessThan(100);
  });

  it('and the server stops while some have not said what they speak', async () => {
    const server = await serve();
    const sockets = [dial(server.port), dial(rtmpsPort(server))];
    sockets[1]?.write(Uint8Array.of(0x16));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await server.close();
  });
});

describe('behind a proxy', () => {
  const v1 = 'PROXY TCP4 203.0.113.7 198.51.100.1 56324 1935\r\n';
  const v2 = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007108c6336401dc04078f', 'hex');
  const trusting = [...withTls, 'rtmp.proxyFrom=127.0.0.1'];

  /** The address in the API of who publishes after this beginning. */
  async function publisherAfter(server: TestServer, header: Uint8Array | string): Promise<unknown> {
    const client = await server.open();
    client.write(typeof header === 'string' ? Buffer.from(header, 'latin1') : header);
    await client.handshake();
    await client.connectApp();
    await client.publish('test');
    const { streams } = JSON.parse((await httpAnswer(server.httpPort, 'GET', '/api/v1/streams')).body);
    return streams[0]?.publisher?.address;
  }

  it.each([
    ['version 1', v1, '203.0.113.7'],
    ['version 2', v2, '203.0.113.8'],
    ['version 1 that does not know', 'PROXY UNKNOWN\r\n', '127.0.0.1'],
  ])('%s', async (_name, header, address) => {
    expect(await publisherAfter(await serve(trusting), header)).toBe(address);
  });

  it('the header comes before TLS', async () => {
    const server = await serve(trusting);
    const socket = dial(rtmpsPort(server));
    for (const byte of Buffer.from(v1, 'latin1')) socket.write(Uint8Array.of(byte));
    const secure = connectTls({ socket, rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    secure.write(c0c1);
    expect((await once(secure, 'data'))[0][0]).toBe(3);
  });

  it('who does not begin with a header, or with none that there is, is closed', async () => {
    const server = await serve(trusting);
    const [plain, wrong] = [dial(server.port), dial(server.port)];
    plain.write(c0c1);
    wrong.write('PROXY TCP4 nobody\r\n');
    await Promise.all([closeOf(plain), closeOf(wrong)]);
  });

  it('a header of somebody who is no proxy is not believed', async () => {
    const server = await serve([...withTls, 'rtmp.proxyFrom=198.51.100.0/24']);
    const socket = dial(server.port);
    socket.write(v1);
    expect(String(await everythingFrom(socket))).toMatch(/^HTTP\/1\.1 400 /);
  });
});
