import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectOptions, identifySwf, NetConnection } from '@millrace/client';
import { afterAll, describe, expect, it } from 'vitest';
import { avcHeader, avcInter, avcKey } from './wire/media-samples.js';
import { expectTheSame } from './wire/publish-and-play.js';
import { transportScene } from './wire/transport-scene.js';

const stateDir = mkdtempSync(join(tmpdir(), 'millrace-tunnel-'));
afterAll(() => rmSync(stateDir, { recursive: true }));
const withTls = ['tls.selfSigned=true', `state.dir=${stateDir}`, 'rtmps.listen=off'];

const scene = transportScene();
const { serve } = scene;

const anyCertificate: ConnectOptions = { tls: { rejectUnauthorized: false } };

function connect(url: string, options: ConnectOptions = anyCertificate): Promise<NetConnection> {
  return scene.connect(url, options);
}

describe('the client in a tunnel', () => {
  it.each([
    ['rtmpt', 'rtmp'],
    ['rtmp', 'rtmpt'],
    ['rtmpt', 'rtmpt'],
    ['rtmpte', 'rtmp'],
    ['rtmp', 'rtmpte'],
    ['rtmpts', 'rtmp'],
    ['rtmp', 'rtmpts'],
  ])('publishes by %s and plays by %s, every message the same', async (from, to) => {
    const { port } = await serve(withTls);
    await expectTheSame(
      await connect(`${from}://127.0.0.1:${port}/live`),
      await connect(`${to}://127.0.0.1:${port}/live`),
    );
  });

  it('does so on the port of HTTP', async () => {
    const { port, httpPort } = await serve();
    await expectTheSame(
      await connect(`rtmpt://127.0.0.1:${httpPort}/live`),
      await connect(`rtmpte://127.0.0.1:${httpPort}/live`, { rtmpeVersion: 9 }),
    );
    expect(port).not.toBe(httpPort);
  });

  it.each(['rtmpt', 'rtmpte'])('answers SWF verification by %s', async (scheme) => {
    const hash = '2e7cfc69b40c79ec73570de721dbcb71de97dc756b11d52185a769237c292c8e';
    const swf = identifySwf(Buffer.from('4357530a18000000789ccbcdccc9294a4c4e55282e4f53303473020034070583', 'hex'));
    const { port } = await serve([`access.swf=${hash}:24`]);
    const url = `${scheme}://127.0.0.1:${port}/live`;
    await expectTheSame(await connect(url, { swf }), await connect(url, { swf }));
    const refused = await connect(url, { swf: { ...swf, size: 25 } });
    await expect(refused.createStream()).rejects.toMatchObject({ code: 'ERR_RTMP_CONNECTION_LOST' });
  });

  it('verifies the certificate', async () => {
    const { port } = await serve(withTls);
    await expect(NetConnection.connect(`rtmpts://127.0.0.1:${port}/live`)).rejects.toMatchObject({
      code: 'ERR_RTMP_CONNECT_FAILED',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
  });

  it('gives its name back when it closes', async () => {
    const { port } = await serve(['publish.graceMs=600000']);
    const url = `rtmpt://127.0.0.1:${port}/live`;
    for (let i = 0; i < 2; i += 1) {
      const connection = await connect(url);
      const stream = await connection.createStream();
      await stream.publish('test');
      stream.sendVideo(0, avcHeader());
      await connection.close();
    }
  });

  it('that does not read holds nothing of the server, and catches up by a jump', async () => {
    const { port } = await serve(['live.maxLagMs=1000', 'live.maxGopBytes=6000000']);
    const slow = await connect(`rtmpt://127.0.0.1:${port}/live`, { maxQueuedBytes: 65_536 });
    const player = await slow.createStream();
    await player.play('test');
    const publisher = await (await connect(`rtmp://127.0.0.1:${port}/live`)).createStream();
    await publisher.publish('test');
    publisher.sendVideo(0, avcHeader());
    for (let i = 0; i < 300; i += 1) {
      publisher.sendVideo(i * 40, i % 10 === 0 ? avcKey(i, 200_000) : avcInter(i, 200_000));
      await publisher.drained();
    }
    const times: number[] = [];
    for await (const event of player) {
      if (event.type !== 'video') continue;
      times.push(event.timestamp);
      if (event.timestamp >= 290 * 40) break;
    }
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.length).toBeLessThan(295);
  });

  it('is let go when the server stops', async () => {
    const server = await serve();
    const connection = await connect(`rtmpt://127.0.0.1:${server.port}/live`);
    await server.running.close(500);
    expect(await connection.closed).toMatchObject({ name: 'RtmpConnectionError' });
  });
});
