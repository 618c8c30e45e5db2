import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { NetConnection } from '@millrace/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './harness/deadline.js';
import { copyWithFfmpeg8, playedPackets, playWithFfmpeg8 } from './harness/ffmpeg8.js';
import { mediaFile } from './harness/media.js';
import {
  differenceFromSent,
  hashedPackets,
  hashingPlayerArgs,
  only,
  type Packet,
  packetsOfFile,
  probedPackets,
  startProbe,
} from './harness/packets.js';
import { findPeer, requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { millraceCommand, TestServer } from './harness/server.js';

const withTls = ['tls.selfSigned=true', 'rtmps.listen=127.0.0.1:0'];

// One publication over RTMPS with every player at once, all of which wait before it begins. TLS 1.2, which is the newest
// that rtmpdump gets along with; ffprobe on another server shows that the newest does as well.
describe('what ffmpeg publishes over RTMPS reaches', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'));
  const file = (base: string): string => join(folder, base);
  const players = new Map<string, Program>();
  let server: TestServer;
  let sent: Packet[];

  beforeAll(async () => {
    if (!findPeer('ffmpeg')) return;
    const source = await mediaFile('bFrames');
    sent = await packetsOfFile(source);
    server = await TestServer.start({ settings: [...withTls, 'tls.maxVersion=TLSv1.2'] });
    const start = (peer: 'ffmpeg' | 'rtmpdump' | 'gst-launch-1.0', as: string, args: string[]): void => {
      const path = findPeer(peer);
      if (path) players.set(as, Program.start(path, args));
    };
    const [rtmps, rtmpe] = [server.rtmpsUrl('show'), server.rtmpeUrl('show')];
    start('ffmpeg', 'ffmpeg', hashingPlayerArgs(rtmps));
    players.set('ffprobe', startProbe(`rtmps://127.0.0.1:${server.rtmpsPort}/live/show`));
    players.set('ffprobe, plain', startProbe(server.rtmpUrl('show')));
    start('rtmpdump', 'rtmpdump', ['-q', '--live', '-r', rtmps, '-o', file('rtmpdump.flv')]);
    start('rtmpdump', 'rtmpdump, rtmpe', ['-q', '--live', '-r', rtmpe, '-o', file('rtmpdump-e.flv')]);
    start('gst-launch-1.0', 'gstreamer', [
      ...['-q', 'rtmp2src', `location=${rtmps}`, 'tls-validation-flags=0', '!'],
      ...['filesink', `location=${file('gstreamer.flv')}`],
    ]);
    if (findPeer('node-av')) {
      players.set('ffmpeg8', playWithFfmpeg8(rtmps));
      players.set('ffmpeg8, rtmpe', playWithFfmpeg8(rtmpe));
    }
    await server.connected(players.size);
    const publisher = publishWithFfmpeg(source, rtmps);
    await publisher.succeed();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function ended(as: string): Promise<Program> {
    const player = players.get(as);
    if (!player) throw new Error(`${as} was not started`);
    await player.waitForExit(15_000);
    return player;
  }

  function expectAll(received: readonly Packet[]): void {
    expect(differenceFromSent(received, sent)).toBeUndefined();
    expect(received).toHaveLength(sent.length);
  }

  it('ffmpeg over RTMPS', async (test) => {
    requirePeer('ffmpeg', test);
    const received = hashedPackets((await ended('ffmpeg')).stdout);
    // ffmpeg interleaves anew what it copies.
    for (const kind of ['video', 'audio']) {
      expect(differenceFromSent(only(kind, received), only(kind, sent))).toBeUndefined();
    }
    expect(received).toHaveLength(sent.length);
  });

  it.for(['ffprobe', 'ffprobe, plain'])('%s: on the port of RTMPS, and without TLS', async (as, test) => {
    requirePeer('ffprobe', test);
    expectAll(probedPackets(await ended(as)));
  });

  it.for([
    ['rtmpdump', 'rtmpdump.flv'],
    ['rtmpdump, rtmpe', 'rtmpdump-e.flv'],
  ] as const)('%s', async ([as, name], test) => {
    requirePeer('rtmpdump', test);
    await ended(as);
    expectAll(await packetsOfFile(file(name)));
  });

  it('GStreamer rtmp2src over RTMPS', async (test) => {
    requirePeer('gst-launch-1.0', test);
    await ended('gstreamer');
    const received = await packetsOfFile(file('gstreamer.flv'));
    // As in playback.test.ts: rtmp2src may drop the last packet.
    expect(received.length).toBeGreaterThanOrEqual(sent.length - 1);
    expect(differenceFromSent(received, sent.slice(0, received.length))).toBeUndefined();
  });

  it.for(['ffmpeg8', 'ffmpeg8, rtmpe'])('%s', async (as, test) => {
    requirePeer('node-av', test);
    expectAll(playedPackets(await ended(as)));
  });
});

describe('over TLS 1.3 and RTMPE', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ settings: withTls });
  });

  // Not by rtmpe: when ffmpeg is told of the chunk size while it publishes so, it encrypts the message in its own memory
  // to send it back, and then takes the size from there.
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

  it('GStreamer rtmp2sink publishes over RTMPS', async (test) => {
    requirePeer('ffprobe', test);
    const gst = requirePeer('gst-launch-1.0', test);
    const before = (await server.info()).connections;
    const player = startProbe(server.rtmpsUrl('gst'));
    await server.connected(before + 1);
    const pipeline = [
      `filesrc location=${await mediaFile('plain')} ! flvdemux name=demux`,
      'demux.video ! queue ! h264parse ! identity sync=true ! mux.video',
      'demux.audio ! queue ! aacparse ! identity sync=true ! mux.audio',
      `flvmux name=mux streamable=true ! rtmp2sink location=${server.rtmpsUrl('gst')} tls-validation-flags=0`,
    ].join(' ');
    await Program.start(gst, ['-q', ...pipeline.split(' ')]).succeed();
    await player.waitForExit();
    expect(probedPackets(player).length).toBeGreaterThan(300);
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
      await Promise.all(sockets.map((socket) => once(socket, 'close')));
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
    await Promise.all(sockets.map((socket) => once(socket, 'close')));
    clearInterval(timer);
  });
});
