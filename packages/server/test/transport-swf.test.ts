import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectOptions, identifySwf, NetConnection } from '@millrace/client';
import { afterAll, describe, expect, it } from 'vitest';
import { expectTheSame } from './wire/publish-and-play.js';
import { transportScene } from './wire/transport-scene.js';

/** 24 bytes, compressed; their identity is that of the protocol's vector. */
const swfFile = Buffer.from('4357530a18000000789ccbcdccc9294a4c4e55282e4f53303473020034070583', 'hex');
const identity = '2e7cfc69b40c79ec73570de721dbcb71de97dc756b11d52185a769237c292c8e:24';
const player = identifySwf(swfFile);
const folder = mkdtempSync(join(tmpdir(), 'millrace-swf-'));
const path = join(folder, 'player.swf');
writeFileSync(path, swfFile);
afterAll(() => rmSync(folder, { recursive: true }));

const { serve, connect } = transportScene();

/** The server lets the connection go before it has created a stream. */
async function expectRefused(url: string, options: ConnectOptions = {}): Promise<void> {
  const connection = await connect(url, options);
  await expect(connection.createStream()).rejects.toMatchObject({ name: 'RtmpConnectionError' });
}

describe('SWF verification', () => {
  it.each([
    ['rtmp', identity, { swf: player }],
    ['rtmp', identity, { swf: player, handshake: 'simple' }],
    ['rtmp', path, { swf: swfFile }],
    ['rtmpe', identity, { swf: player }],
    ['rtmpe', path, { swf: swfFile, rtmpeVersion: 9 }],
  ] as const)('by %s as %s lets in who answers', async (scheme, setting, options) => {
    const { port } = await serve([`access.swf=[${'f'.repeat(64)}:24, ${setting}]`]);
    await expectTheSame(
      await connect(`${scheme}://127.0.0.1:${port}/live`, options),
      await connect(`rtmp://127.0.0.1:${port}/live`, { swf: player }),
    );
  });

  it('lets in who answers by WebSocket', async () => {
    const { httpPort, port } = await serve([`access.swf=${identity}`]);
    await expectTheSame(
      await connect(`ws://127.0.0.1:${httpPort}/rtmp/live`, { swf: player }),
      await connect(`rtmp://127.0.0.1:${port}/live`, { swf: player }),
    );
  });

  it.each(['rtmp', 'rtmpe'])('by %s refuses another hash, and another size', async (scheme) => {
    const { port } = await serve([`access.swf=${identity}`]);
    const url = `${scheme}://127.0.0.1:${port}/live`;
    await expectRefused(url, { swf: { ...player, hash: player.hash.toReversed() } });
    await expectRefused(url, { swf: { ...player, size: 25 } });
  });

  it.each(['rtmp', 'rtmpe'])('by %s refuses who does not answer in time', async (scheme) => {
    const { port } = await serve([`access.swf=${identity}`, 'limits.handshakeTimeoutMs=200']);
    await expectRefused(`${scheme}://127.0.0.1:${port}/live`);
  });

  it('does not concern those who are exempt', async () => {
    const { port } = await serve([`access.swf=${identity}`, 'access.swfExempt=127.0.0.0/8']);
    const url = `rtmp://127.0.0.1:${port}/live`;
    await expectTheSame(await connect(url), await connect(url, { swf: player }));
  });

  it.each([
    ['a file that is not there', join(folder, 'none.swf'), 'there is no such file'],
    ['a file of another kind', import.meta.filename, 'it is no SWF file'],
    ['a folder', folder, 'EISDIR'],
  ])('stops the server with one line for %s', async (_name, setting, reason) => {
    await expect(serve([`access.swf=${setting}`])).rejects.toThrow(
      expect.objectContaining({ name: 'ConfigError', message: expect.stringContaining(`${setting} cannot be used: `) }),
    );
    await expect(serve([`access.swf=${setting}`])).rejects.toThrow(reason);
  });

  it.each(['0'.repeat(64), `${'0'.repeat(64)}:0`, `${'0'.repeat(64)}:4294967296`, `${'0'.repeat(64)}:1k`])(
    'stops the server for %s',
    async (setting) => {
      await expect(serve([`access.swf="${setting}"`])).rejects.toThrow('access.swf');
    },
  );
});

describe('a client that is to answer SWF verification', () => {
  it('says at once what is wrong with its file', async () => {
    for (const swf of [Buffer.from('GIF89a'), { hash: new Uint8Array(31), size: 5 }]) {
      await expect(NetConnection.connect('rtmp://127.0.0.1:1/live', { swf })).rejects.toMatchObject({
        code: 'ERR_SWF_INVALID',
      });
    }
  });
});
