import { once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import { handshakeCrypto, NetConnection } from '@millrace/client';
import { EncryptedClientHandshake, type EncryptedCrypto, type EncryptedVersion } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { expectTheSame } from './wire/publish-and-play.js';
import { transportScene } from './wire/transport-scene.js';
import { pattern } from './wire/wire-bytes.js';

const { closeAfter, serve, connect } = transportScene();

function c0c1(version: EncryptedVersion): Uint8Array {
  const crypto = handshakeCrypto as EncryptedCrypto;
  return new EncryptedClientHandshake({ crypto, nowMs: 0, version }).takeOutput() ?? new Uint8Array(0);
}

describe('RTMPE', () => {
  it.each([
    ['rtmpe', 'rtmpe'],
    ['rtmp', 'rtmpe'],
    ['rtmpe', 'rtmp'],
  ])('publishes by %s and plays by %s, every message the same', async (from, to) => {
    const { port } = await serve();
    await expectTheSame(
      await connect(`${from}://127.0.0.1:${port}/live`),
      await connect(`${to}://127.0.0.1:${port}/live`),
    );
  });

  it('shows nothing of what is said on the wire', async () => {
    const { port } = await serve();
    const tap = await tapped(port);
    const connection = await connect(`rtmpe://127.0.0.1:${tap.port}/live`);
    await connection.close();
    const all = Buffer.concat([...tap.sent, ...tap.received]);
    expect(all.length).toBeGreaterThan(6500);
    expect(all.includes('connect') || all.includes('NetConnection')).toBe(false);
  });

  it.each([6, 8, 9] as const)('of version %i is what a client can ask for', async (rtmpeVersion) => {
    const { port } = await serve();
    const tap = await tapped(port);
    await expectTheSame(
      await connect(`rtmpe://127.0.0.1:${tap.port}/live`, { rtmpeVersion }),
      await connect(`rtmpe://127.0.0.1:${port}/live`, { rtmpeVersion }),
    );
    expect([tap.sent[0]?.[0], tap.received[0]?.[0]]).toEqual([rtmpeVersion, rtmpeVersion]);
  });

  it('of another version is not to be had', async () => {
    const rtmpeVersion = 7 as EncryptedVersion;
    await expect(NetConnection.connect('rtmpe://127.0.0.1:1/live', { rtmpeVersion })).rejects.toMatchObject({
      code: 'ERR_RTMP_HANDSHAKE_UNSUPPORTED',
    });
  });

  it.each([6, 8, 9] as const)('answers version %i with its own', async (version) => {
    const client = await (await serve()).open();
    client.write(c0c1(version));
    expect((await client.readRaw(3073))[0]).toBe(version);
  });

  it.each([6, 8, 9] as const)('switched off, version %i is answered with 3', async (version) => {
    const server = await serve(['rtmp.encrypted=false']);
    const client = await server.open();
    client.write(c0c1(version));
    expect((await client.readRaw(3073))[0]).toBe(3);
    await expect(NetConnection.connect(`rtmpe://127.0.0.1:${server.port}/live`)).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECTION_LOST',
      cause: { code: 'ERR_RTMP_HANDSHAKE_VERSION' },
    });
  });

  it('that has no digest, that stops in the middle, or that sends noise is closed', async () => {
    const server = await serve(['limits.handshakeTimeoutMs=100']);
    const clients = await Promise.all([server.open(), server.open(), server.open(), server.open()]);
    clients[0]?.write(Uint8Array.of(6), pattern(1536));
    clients[1]?.write(Uint8Array.of(8));
    clients[2]?.write(c0c1(9), pattern(1536), pattern(100_000));
    clients[3]?.write(c0c1(6));
    await Promise.all(clients.map((client) => client.closed));
    await expectTheSame(
      await connect(`rtmpe://127.0.0.1:${server.port}/live`),
      await connect(`rtmp://127.0.0.1:${server.port}/live`),
    );
  });
});

/** What goes through it to the server and back, as it is on the wire. */
async function tapped(port: number): Promise<{ port: number; sent: Buffer[]; received: Buffer[] }> {
  const [sent, received]: [Buffer[], Buffer[]] = [[], []];
  const tap = createServer((socket) => {
    const upstream = connectTcp({ host: '127.0.0.1', port });
    socket.on('data', (bytes) => sent.push(bytes)).on('error', () => undefined);
    upstream.on('data', (bytes) => received.push(bytes)).on('error', () => undefined);
    socket.pipe(upstream).pipe(socket);
  });
  tap.listen(0, '127.0.0.1');
  await once(tap, 'listening');
  closeAfter(() => tap.close());
  const address = tap.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, sent, received };
}
