import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { httpAnswer } from './wire/flv-client.js';
import { avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { memoryInUse, memorySettledTo } from './wire/memory-in-use.js';
import { startTestServer, type TestServer } from './wire/start-test-server.js';
import { TestPublisher } from './wire/test-publisher.js';
import { transportScene } from './wire/transport-scene.js';
import { everythingFrom, openTunnel, openTunneled, post, rawPost } from './wire/tunnel-socket.js';
import type { WireClient } from './wire/wire-client.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-transport-rtmpt-'));
afterAll(() => rmSync(folder, { recursive: true }));
const scene = transportScene();
const { closeAfter, dial } = scene;

function serve(...settings: readonly string[]): Promise<TestServer> {
  return scene.serve([`state.dir=${folder}`, ...settings]);
}

async function connected(port: number): Promise<WireClient> {
  const client = await openTunneled(port);
  closeAfter(() => client.destroy());
  await client.handshake();
  await client.connectApp();
  return client;
}

describe('hostile tunnels', () => {
  it('are as many as connections may be, and make room when they say nothing', async () => {
    const server = await serve('limits.connections=5', 'limits.handshakeTimeoutMs=200');
    const statuses: number[] = [];
    for (let i = 0; i < 50; i += 1) statuses.push((await post(server.httpPort, '/open/1')).status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(5);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(10);
    let status = 503;
    while (status === 503) ({ status } = await post(server.httpPort, '/open/1'));
    expect(status).toBe(200);
  });

  it('by the hundred cost little memory', async () => {
    const server = await serve();
    const socket = dial(server.port);
    const one = rawPost('/open/1', '\0');
    const ids = (async () => {
      let count = 0;
      for await (const bytes of socket) {
        count += String(bytes).match(/[0-9a-f]{32}\n/g)?.length ?? 0;
        if (count >= 400) return count;
      }
      return count;
    })();
    const before = memoryInUse();
    for (let i = 0; i < 400; i += 1) socket.write(one);
    expect(await ids).toBeGreaterThanOrEqual(400);
    expect(await memorySettledTo(before + 16 * 1024 * 1024)).toBeLessThan(before + 16 * 1024 * 1024);
  });

  it('cannot be guessed, and guessing costs nobody anything', async () => {
    const server = await serve();
    const client = await connected(server.port);
    const guesses = Array.from({ length: 200 }, (_, at) => at.toString(16).padStart(32, '0'));
    const statuses = await Promise.all(
      guesses.map(async (id) => (await post(server.httpPort, `/send/${id}/0`, 'xxxx')).status),
    );
    expect(new Set(statuses)).toEqual(new Set([404]));
    await client.barrier();
  });

  it('that leave out every second request are ended', async () => {
    const server = await serve();
    const id = await openTunnel(server.port);
    const socket = dial(server.port);
    const asked = Buffer.concat(Array.from({ length: 300 }, (_, at) => rawPost(`/idle/${id}/${2 * at}`, '')));
    socket.write(asked);
    expect(await everythingFrom(socket)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('that send a body beyond the limit are ended', async () => {
    const server = await serve('limits.partialBytes=100000');
    const id = await openTunnel(server.port);
    expect((await post(server.port, `/send/${id}/0`, new Uint8Array(100_001))).status).toBe(413);
    expect((await post(server.port, `/idle/${id}/1`)).status).toBe(404);
    const chunked = dial(server.port);
    const other = await openTunnel(server.port);
    chunked.write(`POST /send/${other}/0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n`);
    chunked.write(new Uint8Array(0x20000));
    await everythingFrom(chunked);
    expect((await post(server.port, `/idle/${other}/1`)).status).toBe(404);
  });

  it('that have ended keep nothing of the bodies that were coming', async () => {
    const server = await serve('limits.partialBytes=2000000');
    const id = await openTunnel(server.port);
    const before = memoryInUse();
    const sockets = Array.from({ length: 30 }, () => dial(server.port));
    for (const [at, socket] of sockets.entries()) {
      socket.write(`POST /send/${id}/${at} HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n`);
      socket.write(new Uint8Array(1_900_000));
    }
    const answers = await Promise.all(sockets.map((socket) => everythingFrom(socket)));
    for (const answer of answers) expect(answer).toMatch(/^(HTTP\/1\.1 404 |$)/);
    expect((await post(server.port, `/idle/${id}/0`)).status).toBe(404);
    expect(await memorySettledTo(before + 16 * 1024 * 1024)).toBeLessThan(before + 16 * 1024 * 1024);
  });

  it('by the dozen hold together what sixteen may: whoever holds the most goes', async () => {
    const server = await serve('limits.partialBytes=1000000');
    const small = await connected(server.port);
    let gone = 0;
    // 17 of them have no room together.
    const enoughGone = new Promise<void>((resolve) => {
      for (let count = 0; count < 40; count += 1) {
        const socket = dial(server.port).resume();
        socket.once('close', () => {
          gone += 1;
          if (gone === 23) resolve();
        });
        void openTunnel(server.port).then((id) => {
          socket.write(`POST /send/${id}/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n`);
          socket.write(new Uint8Array(950_000));
        });
      }
    });
    await enoughGone;
    await small.barrier();
  });

  it('that send as much as is allowed are served', async () => {
    const server = await serve();
    const id = await openTunnel(server.port);
    // 16 MiB of nothing that RTMP knows: read, and refused by the handshake.
    const answer = await post(server.port, `/send/${id}/0`, new Uint8Array(16 * 1024 * 1024).fill(0x50));
    expect([200, 404]).toContain(answer.status);
    expect((await post(server.port, `/idle/${id}/1`)).status).toBe(404);
  });

  it.each<[string, (id: string) => string]>([
    ['the header', () => 'POST /open/1 HTTP/1.1\r\nHost:'],
    ['the body', () => 'POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12'],
    ['the body of a send', (id) => `POST /send/${id}/0 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12`],
    ['the second header', () => 'POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nPOST /'],
  ])('that stop in %s are cut off', async (_name, beginning) => {
    const server = await serve('limits.handshakeTimeoutMs=400', 'limits.idleTimeoutMs=800');
    const socket = dial(server.port);
    socket.write(beginning(await openTunnel(server.port)));
    await everythingFrom(socket);
  });

  it('that stop in the body are cut off on the port of HTTP', async () => {
    const server = await serve('limits.handshakeTimeoutMs=200');
    const socket = dial(server.httpPort);
    socket.write('POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12');
    await everythingFrom(socket);
  });

  it('that send something else inside are closed', async () => {
    const server = await serve();
    const id = await openTunnel(server.port);
    await post(server.port, `/send/${id}/0`, 'GET / HTTP/1.1\r\n\r\n'.repeat(200));
    expect((await post(server.port, `/idle/${id}/1`)).status).toBe(404);
  });

  it('that speak broken HTTP get the hint', async () => {
    const server = await serve();
    const socket = dial(server.port);
    socket.write('POST\0 / nonsense\r\n\r\n');
    expect(await everythingFrom(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('whose client is gone free the name they publish', async () => {
    const server = await serve('limits.idleTimeoutMs=1000');
    const client = await connected(server.port);
    await client.publish('test');
    client.destroy();
    const published = async (): Promise<unknown[]> =>
      JSON.parse((await httpAnswer(server.httpPort, 'GET', '/api/v1/streams')).body).streams;
    expect(await published()).toHaveLength(1);
    while ((await published()).length > 0);
  });

  it('hold nobody up when the server stops', async () => {
    const server = await startTestServer([`state.dir=${folder}`]);
    const player = await connected(server.port);
    await player.play('test');
    await openTunnel(server.port);
    const half = dial(server.port);
    half.write('POST /open/1 HTTP/1.1\r\nHost: x\r\n');
    await once(half, 'connect');
    await server.close();
    await player.closed;
  });

  it('that do not fetch what they play hold no memory, and catch up by a jump', async () => {
    const server = await serve('live.maxLagMs=1000', 'live.maxGopBytes=6000000', 'limits.idleTimeoutMs=60000');
    const slow = await connected(server.httpPort);
    await slow.play('test');
    await slow.barrier();
    const before = memoryInUse();
    const publisher = await TestPublisher.open(server, 'test');
    publisher.video(0, avcHeader());
    for (let i = 0; i < 100; i += 1) {
      publisher.video(i * 40, i % 10 === 0 ? avcKey(i, 400_000) : avcInter(i, 400_000));
      await publisher.client.barrier();
      publisher.sent.length = 0;
      slow.received.length = 0;
    }
    expect(await memorySettledTo(before + 96 * 1024 * 1024)).toBeLessThan(before + 96 * 1024 * 1024);
  });
});
