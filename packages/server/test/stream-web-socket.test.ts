import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import type { NetConnection } from '@millrace/client';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { closeOf } from './wire/close-of.js';
import { httpAnswer } from './wire/flv-client.js';
import { avcInter, avcKey } from './wire/media-samples.js';
import { expectTheSame } from './wire/publish-and-play.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { digestsOf, mediaOf, TestPublisher } from './wire/test-publisher.js';
import { transportScene } from './wire/transport-scene.js';
import { pattern } from './wire/wire-bytes.js';

const scene = transportScene();
const { closeAfter, serve } = scene;

function connect(server: TestServer, scheme: 'ws' | 'rtmp', httpPort = server.httpPort): Promise<NetConnection> {
  const place = scheme === 'ws' ? `${httpPort}/rtmp` : `${server.port}`;
  return scene.connect(`${scheme}://127.0.0.1:${place}/live`);
}

/** A WebSocket with nothing sent. */
async function open(server: TestServer, path = '/rtmp', options: { origin?: string; protocol?: string } = {}) {
  const { protocol = [], origin } = options;
  const socket = new WebSocket(`ws://127.0.0.1:${server.httpPort}${path}`, protocol, origin ? { origin } : {});
  closeAfter(() => socket.terminate());
  socket.on('error', () => undefined);
  const [outcome] = await Promise.race([
    once(socket, 'open').then(() => ['open']),
    once(socket, 'unexpected-response').then(([, response]) => [`status ${response.statusCode}`]),
  ]);
  return { socket, outcome };
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close');
  return code;
}

/** A way to the HTTP port that the test can disturb: `upstream` is the server's end of the last connection. */
async function detour(server: TestServer): Promise<{ readonly port: number; upstream(): Socket }> {
  let upstream: Socket | undefined;
  const listener = createServer((socket) => {
    const made = connectTcp({ host: '127.0.0.1', port: server.httpPort });
    upstream = made;
    for (const each of [socket, made]) each.on('error', () => undefined);
    made.once('close', () => socket.destroy());
    socket.once('close', () => made.destroy());
    socket.pipe(made, { end: false }).pipe(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  closeAfter(() => listener.close());
  return {
    port: (listener.address() as AddressInfo).port,
    upstream() {
      if (upstream === undefined) throw new Error('nobody has connected');
      return upstream;
    },
  };
}

/** A WebSocket that a test speaks by itself, after the upgrade. */
async function rawUpgrade(server: TestServer): Promise<Socket> {
  const socket = connectTcp({ host: '127.0.0.1', port: server.httpPort });
  closeAfter(() => socket.destroy());
  socket.on('error', () => undefined);
  const lines = ['Host: x', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
  socket.write(`GET /rtmp HTTP/1.1\r\n${lines.join('\r\n')}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
  const [head] = await once(socket, 'data');
  expect(String(head)).toMatch(/^HTTP\/1.1 101 /);
  return socket;
}

/** Resolves when the server has this many connections. Each look is a request, so nothing spins. */
async function untilConnections(server: TestServer, count: number): Promise<void> {
  let connections: number;
  do {
    ({ connections } = JSON.parse((await httpAnswer(server.httpPort, 'GET', '/api/v1/server')).body));
  } while (connections !== count);
}

/** The simple handshake's first half. */
const c0c1 = Buffer.concat([Uint8Array.of(3), new Uint8Array(8), pattern(1528)]);

describe('RTMP over WebSocket', () => {
  it.each([
    ['ws', 'rtmp'],
    ['rtmp', 'ws'],
    ['ws', 'ws'],
  ] as const)('publishes over %s and plays over %s, every message the same', async (from, to) => {
    const server = await serve();
    // One message is larger than one of the WebSocket may be on either side.
    await expectTheSame(await connect(server, from), await connect(server, to));
  });

  it('counts its players and connections as those of RTMP', async () => {
    const server = await serve();
    await TestPublisher.open(server, 'test');
    const connection = await connect(server, 'ws');
    const stream = await connection.createStream();
    await stream.play('test');
    const streams = JSON.parse((await httpAnswer(server.httpPort, 'GET', '/api/v1/streams')).body);
    expect(streams.streams[0].viewers).toMatchObject({ total: 1, rtmp: 1 });
    const info = JSON.parse((await httpAnswer(server.httpPort, 'GET', '/api/v1/server')).body);
    expect(info.connections).toBe(2);
  });

  it('says that there is no room to a WebSocket when TCP has it all', async () => {
    const server = await serve(['limits.connections=1']);
    await server.connected();
    const { socket } = await open(server);
    expect(await closeCode(socket)).toBe(1013);
  });

  it('takes bytes cut anywhere, and answers in binary', async () => {
    const server = await serve();
    const { socket } = await open(server);
    for (const byte of c0c1.subarray(0, 20)) socket.send(Uint8Array.of(byte));
    socket.send(new Uint8Array(0));
    socket.send(c0c1.subarray(20, 700), { fin: false });
    socket.send(c0c1.subarray(700), { fin: true });
    const [answer, isBinary] = await once(socket, 'message');
    expect(isBinary).toBe(true);
    expect(answer[0]).toBe(3);
  });

  it('answers pings', async () => {
    const { socket } = await open(await serve());
    socket.ping('hello');
    const [data] = await once(socket, 'pong');
    expect(String(data)).toBe('hello');
  });

  it('is at /rtmp only, with or without a slash or a query, and speaks rtmp when asked which', async () => {
    const server = await serve();
    for (const path of ['/rtmp', '/rtmp/', '/rtmp?token=1']) expect((await open(server, path)).outcome).toBe('open');
    for (const path of ['/rtmp/live', '/rtmpx', '/', '/x/rtmp', '/RTMP']) {
      expect((await open(server, path)).outcome).toBe('status 404');
    }
    expect((await open(server, '/rtmp', { protocol: 'rtmp' })).socket.protocol).toBe('rtmp');
    expect((await open(server, '/rtmp')).socket.protocol).toBe('');
    expect((await httpAnswer(server.httpPort, 'GET', '/rtmp')).status).toBe(404);
  });

  it('lets pages of any origin in, or of those that are listed', async () => {
    const any = await serve();
    expect((await open(any, '/rtmp', { origin: 'https://example.org' })).outcome).toBe('open');
    const some = await serve(['http.rtmpOrigins=[https://example.org, http://localhost:3000]']);
    expect((await open(some, '/rtmp', { origin: 'http://localhost:3000' })).outcome).toBe('open');
    expect((await open(some, '/rtmp')).outcome).toBe('open');
    for (const origin of ['https://example.com', 'http://example.org', 'https://example.org.evil.test', 'null']) {
      expect((await open(some, '/rtmp', { origin })).outcome).toBe('status 403');
    }
  });

  it('says goodbye with 1000 when the connection ends in order, and when the server stops', async () => {
    const server = await startTestServer();
    const { socket } = await open(server);
    const code = closeCode(socket);
    await server.close();
    expect(await code).toBe(1000);
  });
});

describe('hostile WebSockets', () => {
  it('closes on text, on a message that is too long, and on what is no WebSocket', async () => {
    const server = await serve(['limits.partialBytes=4096']);
    const text = await open(server);
    text.socket.send('hello');
    expect(await closeCode(text.socket)).toBe(1003);

    const huge = await open(server);
    huge.socket.send(new Uint8Array(5000));
    expect(await closeCode(huge.socket)).toBe(1009);

    const pieces = await open(server);
    for (let i = 0; i < 5; i += 1) pieces.socket.send(new Uint8Array(1000), { fin: false });
    expect(await closeCode(pieces.socket)).toBe(1009);

    const raw = await rawUpgrade(server);
    raw.write(Buffer.from([0x82, 0x01, 0x03])); // Not masked, which clients must. [RFC 6455 §5.1]
    raw.resume();
    await closeOf(raw);
    await untilConnections(server, 0);
  });

  it('closes on bytes that are not RTMP, and on silence', async () => {
    const server = await serve(['limits.handshakeTimeoutMs=100']);
    const nonsense = await open(server);
    nonsense.socket.send(pattern(4000).fill(0x47, 0, 1));
    expect(await closeCode(nonsense.socket)).toBe(1000);
    const silent = await open(server);
    expect(await closeCode(silent.socket)).toBe(1000);
    await untilConnections(server, 0);
  });

  it.each([
    ['is reset', (socket: Socket) => socket.resetAndDestroy()],
    ['is half-closed', (socket: Socket) => socket.end()],
  ])('frees the name of a publisher whose connection %s', async (_what, disturb) => {
    const server = await serve();
    const way = await detour(server);
    const stream = await (await connect(server, 'ws', way.port)).createStream();
    await stream.publish('test');
    const player = await server.connected();
    await player.play('test');
    disturb(way.upstream());
    await player.status('NetStream.Play.UnpublishNotify');
    await untilConnections(server, 1);
  });

  it('does not wait for who answers the goodbye with nothing', async () => {
    const server = await startTestServer();
    const raw = await rawUpgrade(server);
    raw.pause();
    await server.close();
    raw.destroy();
  });

  it('lets go of a player that takes nothing, and others miss nothing', async () => {
    const server = await serve(['limits.stallTimeoutMs=500', 'live.maxGopBytes=4194304']);
    const publisher = await TestPublisher.open(server, 'test');
    publisher.client.setChunkSize(0xff_ffff);
    const reader = await server.connected();
    await reader.play('test');
    const way = await detour(server);
    const stalled = await connect(server, 'ws', way.port);
    await (await stalled.createStream()).play('test');
    way.upstream().pause();
    const players = () => server.running.streams.published()[0]?.stream.playerCount;
    let sent = 0;
    for (; players() !== 1; sent += 1) {
      // 50 MB are more than the system's buffers take for it; then a stall is seen when there is something to send.
      publisher.video(sent, sent % 10 === 0 ? avcKey(sent, 1000) : avcInter(sent, sent < 200 ? 250_000 : 100));
      await reader.nextMedia();
    }
    expect(sent).toBeGreaterThan(20);
    expect(digestsOf(mediaOf(reader))).toEqual(digestsOf(publisher.sent));
    way.upstream().resume();
    expect(await stalled.closed).toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
  });
});
