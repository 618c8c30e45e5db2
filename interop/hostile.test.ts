import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeOf } from './harness/close-of.js';
import { eventually, within } from './harness/deadline.js';
import { captureHttpFlv } from './harness/flv-capture.js';
import { mediaFile } from './harness/media.js';
import { probedPackets, startProbe } from './harness/packets.js';
import { findPeer, requirePeer } from './harness/peers.js';
import type { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { TestServer } from './harness/server.js';

const sockets = new Set<Socket>();

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  // A reset is one of the ways in which the server may say no.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Resolves when the server has closed the connection. */
function closed(socket: Socket, deadlineMs = 10_000): Promise<unknown> {
  socket.resume();
  return within(deadlineMs, 'the server closes the connection', closeOf(socket));
}

const clientHello = (): Buffer => Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0]), randomBytes(1528)]);

/** A socket past the simple handshake, before "connect". */
async function shakeHands(port: number): Promise<Socket> {
  const socket = await dial(port);
  socket.write(clientHello());
  let received = Buffer.alloc(0);
  await within(
    5_000,
    'S0, S1 and S2',
    new Promise<void>((resolve) => {
      socket.on('data', (data) => {
        received = Buffer.concat([received, data]);
        if (received.length >= 3073) resolve();
      });
    }),
  );
  socket.removeAllListeners('data');
  socket.write(received.subarray(1, 1537));
  return socket;
}

/** A type 0 chunk header on chunk stream 3. */
function chunkHeader(length: number, typeId: number): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 3;
  header.writeUIntBE(length, 4, 3);
  header[7] = typeId;
  return header;
}

/** AMF0: string, number, or null, enough to write commands by hand. */
function amf(...values: (string | number | null | Record<string, string>)[]): Buffer {
  const name = (text: string): Buffer =>
    Buffer.concat([Buffer.from([text.length >> 8, text.length]), Buffer.from(text)]);
  return Buffer.concat(
    values.map((value) => {
      if (value === null) return Buffer.from([5]);
      if (typeof value === 'string') return Buffer.concat([Buffer.from([2]), name(value)]);
      if (typeof value === 'number') {
        const number = Buffer.alloc(9);
        number.writeDoubleBE(value, 1);
        return number;
      }
      const members = Object.entries(value).map(([key, text]) => Buffer.concat([name(key), amf(text)]));
      return Buffer.concat([Buffer.from([3]), ...members, Buffer.from([0, 0, 9])]);
    }),
  );
}

/** One message in chunks of 128 bytes on chunk stream 3. */
function message(typeId: number, streamId: number, payload: Buffer): Buffer {
  const header = chunkHeader(payload.length, typeId);
  header.writeUInt32LE(streamId, 8);
  const parts = [header];
  for (let at = 0; at < payload.length; at += 128) {
    if (at > 0) parts.push(Buffer.from([0xc3]));
    parts.push(payload.subarray(at, at + 128));
  }
  return Buffer.concat(parts);
}

describe('a hostile or broken peer', () => {
  let server: TestServer;
  let publisher: Program;
  let player: Program;

  beforeAll(async () => {
    server = await TestServer.start({
      settings: ['limits.handshakeTimeoutMs=1500', 'limits.connectTimeoutMs=1500', 'limits.stallTimeoutMs=4000'],
    });
    if (!findPeer('ffmpeg')) return;
    publisher = publishWithFfmpeg(await mediaFile('plain'), server.rtmpUrl('good'), { loop: true });
    await server.published('good');
    player = startProbe(server.rtmpUrl('good'));
  });

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
  });

  /** The publisher and the player of the good stream must not have noticed anything. */
  async function expectUnharmed(): Promise<void> {
    expect((await fetch(server.httpUrl('/healthz'))).status).toBe(200);
    expect(server.program.exit).toBeUndefined();
    if (!findPeer('ffmpeg')) return;
    const seen = probedPackets(player).length;
    await player.waitFor('further packets', () => (probedPackets(player).length > seen + 10 ? true : undefined));
    expect(publisher.exit).toBeUndefined();
    const packets = probedPackets(player).filter((packet) => packet.media === 'video');
    const gaps = packets.slice(1).map((packet, i) => packet.dts - (packets[i]?.dts ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(50);
  }

  it('that sends noise is closed', async () => {
    const noise = await dial(server.rtmpPort);
    noise.write(randomBytes(200_000));
    await closed(noise);
    await expectUnharmed();
  });

  it('that speaks HTTP to the RTMP port is closed', async () => {
    const socket = await dial(server.rtmpPort);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await closed(socket);
    await expectUnharmed();
  });

  it('that stops in the handshake is closed by the timeout', async () => {
    const silent = await dial(server.rtmpPort);
    const half = await dial(server.rtmpPort);
    half.write(clientHello().subarray(0, 700));
    const helloOnly = await dial(server.rtmpPort);
    helloOnly.write(clientHello());
    await Promise.all([closed(silent), closed(half), closed(helloOnly)]);
    await expectUnharmed();
  });

  it('that never sends "connect" is closed by the timeout', async () => {
    const socket = await shakeHands(server.rtmpPort);
    await closed(socket);
    await expectUnharmed();
  });

  it('that sends noise after the handshake is closed', async () => {
    const socket = await shakeHands(server.rtmpPort);
    socket.write(Buffer.concat([chunkHeader(200, 20), randomBytes(128), Buffer.from([0xc3]), randomBytes(72)]));
    socket.write(randomBytes(100_000));
    await closed(socket);
    await expectUnharmed();
  });

  it('that announces a message above the limit is closed before it is buffered', async () => {
    const socket = await shakeHands(server.rtmpPort);
    socket.write(message(1, 0, Buffer.from([0, 0xff, 0xff, 0xff])));
    socket.write(Buffer.concat([chunkHeader(0xfffff0, 20), randomBytes(1_000)]));
    await closed(socket, 3_000);
    await expectUnharmed();
  });

  it('that deletes itself half-way through a command a hundred times leaves nothing behind', async () => {
    const { connections } = await server.info();
    for (let i = 0; i < 100; i++) {
      const socket = await dial(server.rtmpPort);
      socket.write(clientHello().subarray(0, 1 + ((i * 15) % 1537)));
      if (i % 2) socket.destroy();
      else socket.resetAndDestroy();
    }
    await eventually('all connections are gone', async () => (await server.info()).connections <= connections);
    await expectUnharmed();
  });

  it('that plays but never reads slows nobody down and costs bounded memory', async (test) => {
    requirePeer('ffmpeg', test);
    const before = (await server.info()).memoryBytes;
    const stuck = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = await shakeHands(server.rtmpPort);
        socket.pause();
        const app = { app: 'live', tcUrl: server.rtmpUrl('').slice(0, -1) };
        socket.write(message(20, 0, amf('connect', 1, app)));
        socket.write(message(20, 0, amf('createStream', 2, null)));
        socket.write(message(20, 1, amf('play', 0, null, 'good')));
        return socket;
      }),
    );
    await server.published('good', (stream) => stream.viewers.rtmp >= 20);
    const http = await captureHttpFlv(server.httpUrl('/live/good.flv'));
    await within(15_000, 'an undisturbed player gets 300 tags', http.tagCount(300));
    http.close();
    await expectUnharmed();
    expect((await server.info()).memoryBytes - before).toBeLessThan(100 * 1024 * 1024);
    for (const socket of stuck) socket.destroy();
    await server.published('good', (stream) => stream.viewers.rtmp < 20);
  });

  it.each(['/live/none.flv', '/live/../../etc/passwd', '/live/%00.flv', '/nothing-here', '/api/v1/none'])(
    'that asks for %s over HTTP gets an error status',
    async (path) => {
      const socket = await dial(server.httpPort);
      let answer = '';
      socket.on('data', (data) => {
        answer += data.toString('latin1');
      });
      // By hand: fetch would normalise the path.
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
      await closed(socket);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    },
  );

  it('that sends noise to the HTTP port is answered or closed', async () => {
    const socket = await dial(server.httpPort);
    socket.write(randomBytes(20_000));
    await closed(socket);
    await expectUnharmed();
  });
});
