import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { NetConnection } from '@millrace/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeOf } from './harness/close-of.js';
import { eventually } from './harness/deadline.js';
import { copyWithFfmpeg8, playedPackets, playWithFfmpeg8 } from './harness/ffmpeg8.js';
import { mediaFile } from './harness/media.js';
import { differenceFromSent, packetsOfFile, probedPackets, startProbe } from './harness/packets.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { millraceCommand, TestServer } from './harness/server.js';

const withTls = ['tls.selfSigned=true', 'rtmps.listen=127.0.0.1:0'];

// Who publishes and plays by which transport is in matrix.test.ts, with TLS 1.2, which is the newest that rtmpdump knows.

describe('over TLS 1.3 and RTMPE', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ settings: withTls });
  });

  it('FFmpeg 8 publishes and plays by rtmps', async (test) => {
    requirePeer('ffprobe', test);
    requirePeer('node-av', test);
    const source = await mediaFile('plain');
    const sent = await packetsOfFile(source);
    const before = (await server.info()).connections;
    const players = [playWithFfmpeg8(server.rtmpsUrl('eight')), playWithFfmpeg8(server.rtmpeUrl('eight'))];
    const plain = startProbe(server.rtmpUrl('eight'));
    await server.connected(before + 3);
    await copyWithFfmpeg8(source, server.rtmpsUrl('eight'), 'realtime').succeed();
    for (const player of players) {
      await player.waitForExit();
      expect(differenceFromSent(playedPackets(player), sent)).toBeUndefined();
    }
    await plain.waitForExit();
    expect(differenceFromSent(probedPackets(plain), sent)).toBeUndefined();
    expect(probedPackets(plain)).toHaveLength(sent.length);
  });

  it('@millrace/client publishes and plays by rtmps, rtmpe, and either', async () => {
    const connections = await Promise.all(
      ['rtmps', 'rtmpe', 'rtmp'].map((scheme) =>
        NetConnection.connect(`${scheme}://127.0.0.1:${server.rtmpPort}/live`, { tls: { rejectUnauthorized: false } }),
      ),
    );
    for (const [at, from] of connections.entries()) {
      const publisher = await from.createStream();
      await publisher.publish(`own-${at}`);
      const players = await Promise.all(connections.map((connection) => connection.createStream()));
      for (const player of players) await player.play(`own-${at}`);
      publisher.sendAudio(at, Uint8Array.of(0xaf, 1, at, 7));
      for (const player of players) {
        for await (const event of player) {
          if (event.type !== 'audio') continue;
          expect(event).toMatchObject({ timestamp: at, payload: Uint8Array.of(0xaf, 1, at, 7) });
          break;
        }
      }
    }
    await Promise.all(connections.map((connection) => connection.close()));
  });
});

describe('the certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-certificate-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const pem = join(folder, 'both.pem');

  /** From a server that makes one for itself: certificate and key in one file. */
  async function made(): Promise<string> {
    const state = mkdtempSync(join(folder, 'state-'));
    const server = await TestServer.start({ settings: [...withTls, `state.dir=${state}`] });
    await server.stop();
    return readFileSync(join(state, 'tls-self-signed.pem'), 'utf8');
  }

  async function shownBy(server: TestServer): Promise<string> {
    const socket = connectTls({ host: '127.0.0.1', port: server.rtmpsPort, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  }

  it('that cannot be read is one line at the start', async () => {
    const args = ['serve', '--set', 'rtmp.listen=127.0.0.1:0', '--set', `state.dir=${folder}`];
    const program = Program.start(process.execPath, [
      ...[millraceCommand, ...args, '--set', `media.dir=${folder}`],
      ...['--set', 'http.listen=127.0.0.1:0', '--set', `tls.cert=${folder}/none.pem`],
    ]);
    expect(await program.exited).toEqual({ code: 1, signal: null });
    expect(program.stderr).toBe(`config: tls.cert: cannot read ${folder}/none.pem (ENOENT)\n`);
  });

  it('is taken from its file, and again when that changes; a bad one leaves it as it was', async () => {
    const [first, second] = [await made(), await made()];
    writeFileSync(pem, first);
    const server = await TestServer.start({ settings: ['rtmps.listen=127.0.0.1:0', `tls.cert=${pem}`] });
    expect(await shownBy(server)).toBe(new X509Certificate(first).fingerprint256);
    const connection = await NetConnection.connect(`rtmps://127.0.0.1:${server.rtmpsPort}/live`, {
      tls: { ca: first },
    });

    writeFileSync(pem, 'nothing of use');
    await eventually('the bad one is noticed', () => server.log.some(({ msg }) => msg.includes('cannot be used')));
    expect(await shownBy(server)).toBe(new X509Certificate(first).fingerprint256);

    writeFileSync(pem, second);
    await eventually('the new one is in use', () => server.log.some(({ msg }) => msg.includes('is in use')));
    expect(await shownBy(server)).toBe(new X509Certificate(second).fingerprint256);
    await connection.call('echo', []).catch((error: Error) => expect(error.name).toBe('RtmpCommandError'));
    await connection.close();
  });
});

describe('a peer of a server with TLS', () => {
  const impatient = ['limits.handshakeTimeoutMs=500', 'limits.connections=20'];

  function dial(port: number, ...bytes: number[]): Socket {
    const socket = connect({ host: '127.0.0.1', port })
      .on('error', () => undefined)
      .resume();
    if (bytes.length > 0) socket.write(Uint8Array.from(bytes));
    return socket;
  }

  it('that opens half of TLS, RTMPE or nothing, many times over, is cut off, and others are served', async () => {
    const server = await TestServer.start({ settings: [...withTls, ...impatient] });
    const beginnings = [[], [0x16], [0x16, 3], [0x16, 3, 1, 2, 0, 1], [6], [8, 1], [9, 0, 0], [3]];
    for (let round = 0; round < 3; round += 1) {
      const sockets = beginnings.flatMap((bytes) => [
        dial(server.rtmpPort, ...bytes),
        dial(server.rtmpsPort, ...bytes),
      ]);
      await Promise.all(sockets.map((socket) => closeOf(socket)));
    }
    const url = `rtmps://127.0.0.1:${server.rtmpPort}/live`;
    const connection = await NetConnection.connect(url, { tls: { rejectUnauthorized: false } });
    await connection.close();
    expect(server.program.exit).toBeUndefined();
    expect(server.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('that drips its handshake byte by byte gets no more time', async () => {
    const server = await TestServer.start({ settings: [...withTls, ...impatient] });
    const sockets = [dial(server.rtmpPort, 0x16, 3, 1, 2, 0), dial(server.rtmpPort, 3), dial(server.rtmpPort, 6)];
    const timer = setInterval(() => {
      for (const socket of sockets) socket.write(Uint8Array.of(1));
    }, 50);
    await Promise.all(sockets.map((socket) => closeOf(socket)));
    clearInterval(timer);
  });
});
