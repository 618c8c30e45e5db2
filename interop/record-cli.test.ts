import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from './harness/deadline.js';
import { mediaFile } from './harness/media.js';
import { differenceFromSent, only, packetsOfFile } from './harness/packets.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { millraceCommand, TestServer } from './harness/server.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-record-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fileNamed = (name: string): string => join(folder, `${name}.flv`);

function record(...args: string[]): Program {
  return Program.start(process.execPath, [millraceCommand, 'record', ...args]);
}

async function isSound(file: string): Promise<void> {
  const info = Program.start(process.execPath, [millraceCommand, 'info', file]);
  await info.succeed();
  expect(info.stdout).toContain('damage:     none');
}

async function failure(program: Program, code = 1): Promise<string> {
  expect(await program.waitForExit(20_000)).toEqual({ code, signal: null });
  return program.stderr.trim().split('\n')[0] ?? '';
}

describe('millrace record', () => {
  it('has the packets that were sent, by every transport', async (test) => {
    requirePeer('ffmpeg', test);
    requirePeer('ffprobe', test);
    const source = await mediaFile('bFrames');
    const sent = await packetsOfFile(source);
    const server = await TestServer.start();
    const urls = {
      rtmp: server.rtmpUrl('show'),
      ws: server.wsUrl('/rtmp/live/show'),
      rtmpe: server.rtmpeUrl('show'),
    };
    const programs = Object.entries(urls).map(([scheme, url]) => record(url, fileNamed(`live-${scheme}`)));
    await server.connected(programs.length);
    const publishing = publishWithFfmpeg(source, server.rtmpUrl('show'));
    // Over HTTP there is nothing to wait for before the stream is there.
    await server.published('show');
    programs.push(record(server.httpUrl('/live/show.flv'), fileNamed('live-http')));
    await publishing.succeed();
    for (const program of programs) {
      await program.succeed();
      expect(program.stderr).toBe('');
      expect(program.stdout).toMatch(/^.*\.flv: \d+(\.\d+)? s, \d+\.\d kB, \d+ kbit\/s\n$/);
    }
    for (const scheme of Object.keys(urls)) {
      expect(differenceFromSent(await packetsOfFile(fileNamed(`live-${scheme}`)), sent), scheme).toBeUndefined();
      await isSound(fileNamed(`live-${scheme}`));
    }
    const late = await packetsOfFile(fileNamed('live-http'));
    expect(late.length).toBeGreaterThan(100);
    expect(late.map(({ hash }) => hash)).toEqual(sent.slice(-late.length).map(({ hash }) => hash));
    await isSound(fileNamed('live-http'));
  });

  it('ends at --duration, at Ctrl+C, and goes on with --append', async (test) => {
    requirePeer('ffmpeg', test);
    const source = await mediaFile('plain');
    const server = await TestServer.start();
    const publisher = publishWithFfmpeg(source, server.rtmpUrl('show'), { loop: true });
    await server.published('show');
    const file = fileNamed('parts');
    await record(server.rtmpUrl('show'), file, '--duration', '1').succeed();
    const durationOf = async (): Promise<number> => {
      const info = Program.start(process.execPath, [millraceCommand, 'info', '--json', file]);
      await info.succeed();
      return (JSON.parse(info.stdout) as { durationMs: number }).durationMs;
    };
    expect(await durationOf()).toBeGreaterThan(900);
    expect(await durationOf()).toBeLessThan(1100);
    const part = `${file}.part`;
    const before = statSync(file).size;
    const program = record(server.rtmpUrl('show'), file, '--append');
    await eventually('more of it is written', () => existsSync(part) && statSync(part).size > before + 20_000);
    program.signal('SIGINT');
    await program.succeed();
    expect(await durationOf()).toBeGreaterThan(1100);
    await isSound(file);
    publisher.signal('SIGTERM');
  });

  it('leaves what plays when it is killed, and --append goes on behind it', async (test) => {
    requirePeer('ffmpeg', test);
    requirePeer('ffprobe', test);
    const source = await mediaFile('plain');
    const sent = new Set((await packetsOfFile(source)).map(({ hash }) => hash));
    const server = await TestServer.start();
    publishWithFfmpeg(source, server.rtmpUrl('show'), { loop: true });
    await server.published('show');
    const file = fileNamed('killed');
    const part = `${file}.part`;
    const program = record(server.rtmpUrl('show'), file);
    await eventually('media is written', () => existsSync(part) && statSync(part).size > 120_000);
    program.signal('SIGKILL');
    await program.waitForExit();
    const packets = await packetsOfFile(part);
    expect(packets.length).toBeGreaterThan(5);
    expect(packets.filter(({ hash }) => !sent.has(hash))).toEqual([]);
    expect(await failure(record(server.rtmpUrl('show'), file))).toContain('killed.flv.part is there');
    await record(server.rtmpUrl('show'), file, '--append', '--duration', '1').succeed();
    expect((await packetsOfFile(file)).length).toBeGreaterThan(packets.length);
    await isSound(file);
  });

  it('plays again when the stream begins again', async (test) => {
    requirePeer('ffmpeg', test);
    requirePeer('ffprobe', test);
    const source = await mediaFile('plain');
    const server = await TestServer.start();
    const file = fileNamed('again');
    const program = record(server.rtmpUrl('show'), file, '--reconnect', '--duration', '8');
    await server.connected(1);
    await publishWithFfmpeg(source, server.rtmpUrl('show')).succeed();
    await program.waitFor('word of the end', () => program.stderr.includes('has ended') || undefined);
    publishWithFfmpeg(source, server.rtmpUrl('show'));
    await program.succeed();
    const hashes = (await packetsOfFile(file)).map(({ hash }) => hash);
    const sent = (await packetsOfFile(source)).map(({ hash }) => hash);
    expect(hashes.slice(0, sent.length)).toEqual(sent);
    expect(hashes.length).toBeGreaterThan(sent.length + 50);
    await isSound(file);
  });

  it('takes recordings, from a place in them', async (test) => {
    requirePeer('ffmpeg', test);
    requirePeer('ffprobe', test);
    const source = await mediaFile('plain');
    const media = join(folder, 'media');
    const server = await TestServer.start({
      settings: [`media.dir=${media}`, 'record.streams=live/*', 'record.file={app}/{name}.flv'],
    });
    await publishWithFfmpeg(source, server.rtmpUrl('old')).succeed();
    await eventually('it is recorded', () => existsSync(join(media, 'live', 'old.flv')));
    const [all, end] = [fileNamed('vod'), fileNamed('vod-end')];
    await record(server.rtmpUrl('old'), all).succeed();
    const sent = await packetsOfFile(source);
    expect(differenceFromSent(await packetsOfFile(all), sent)).toBeUndefined();
    await record(server.rtmpUrl('old'), end, '--start', '4').succeed();
    // From the key frame before it.
    const tail = only('video', await packetsOfFile(end)).map(({ hash }) => hash);
    const sentVideo = only('video', sent).map(({ hash }) => hash);
    expect(tail).toEqual(sentVideo.slice(-tail.length));
    expect(tail.length).toBeGreaterThanOrEqual(60);
    expect(tail.length).toBeLessThanOrEqual(90);
  });

  it('writes MP4 where the name says so', async (test) => {
    requirePeer('ffmpeg', test);
    requirePeer('ffprobe', test);
    const source = await mediaFile('plain');
    const server = await TestServer.start();
    const file = join(folder, 'show.mp4');
    const program = record(server.rtmpUrl('show'), file);
    await server.connected(1);
    await publishWithFfmpeg(source, server.rtmpUrl('show')).succeed();
    await program.succeed();
    for (const media of ['video', 'audio']) {
      const hashes = only(media, await packetsOfFile(file)).map(({ size }) => size);
      expect(hashes).toEqual(only(media, await packetsOfFile(source)).map(({ size }) => size));
    }
    expect(await failure(record(server.rtmpUrl('show'), file, '--append', '--wait', '1'))).not.toBe('');
  });

  it('says in one line what is wrong', async () => {
    const server = await TestServer.start({ settings: ['access.deny=127.0.0.1'] });
    const open = await TestServer.start();
    const file = fileNamed('never');
    expect(await failure(record('rtmp://127.0.0.1:1/live/a', file))).toContain('ECONNREFUSED');
    expect(await failure(record('http://127.0.0.1:1/live/a.flv', file))).toMatch(/127\.0\.0\.1:1\/live\/a\.flv: /);
    expect(await failure(record(open.rtmpUrl(''), file))).toContain('names no stream');
    expect(await failure(record('ftp://host/a', file))).toContain('is not an RTMP URL');
    expect(await failure(record(open.httpUrl('/live/none.flv'), file))).toContain('there is no such stream (404)');
    expect(await failure(record(open.rtmpUrl('none'), file, '--start', '1'))).toContain('there is no such stream');
    expect(await failure(record(open.rtmpUrl('none'), file, '--wait', '1'))).toContain(
      'is the stream being published?',
    );
    expect(await failure(record(server.rtmpUrl('a'), file))).toContain(
      'the server refuses: NetConnection.Connect.Rejected: Not',
    );
    expect(await failure(record(open.rtmpUrl('a'), `${file}.txt`))).toContain('must end in .flv or .mp4');
    expect(await failure(record(open.rtmpUrl('a'), join(folder, 'no', 'a.flv')))).toContain('no such file or folder');
    writeFileSync(fileNamed('there'), 'mine');
    expect(await failure(record(open.rtmpUrl('a'), fileNamed('there')))).toContain('is there already; --append');
    expect(readFileSync(fileNamed('there'), 'utf8')).toBe('mine');
    expect(existsSync(file)).toBe(false);
  });
});
