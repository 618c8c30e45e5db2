import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NetConnection } from '@millrace/client';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from './harness/deadline.js';
import { mediaFile } from './harness/media.js';
import { requirePeer } from './harness/peers.js';
import { Program } from './harness/program.js';
import { publishWithFfmpeg } from './harness/publisher.js';
import { millraceCommand, TestServer } from './harness/server.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-danmu-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const settings = [`media.dir=${folder}`, 'record.streams=live/*', 'record.file={app}/{name}.flv'];
const fileOf = (name: string): string => join(folder, 'live', name);

function millrace(...args: string[]): Program {
  return Program.start(process.execPath, [millraceCommand, ...args], { input: true });
}

/** Publishes, and says so while it is recorded. */
async function record(server: TestServer, name: string, texts: readonly string[]): Promise<Program> {
  const publisher = publishWithFfmpeg(await mediaFile('plain'), server.rtmpUrl(name));
  await server.published(name);
  const danmu = millrace('danmu', server.rtmpUrl(name), '--user', 'alice', '--wait', '0');
  danmu.input.end(texts.map((text) => `${text}\n`).join(''));
  await danmu.succeed();
  return publisher;
}

describe('danmu of a recording', () => {
  it('are subtitles for players, and are heard by who plays it', async (test) => {
    requirePeer('ffmpeg', test);
    requirePeer('ffprobe', test);
    const server = await TestServer.start({ settings });
    await (await record(server, 'show', ['first', '第二', '{\\b1}third'])).succeed();
    await eventually('it is complete', () => existsSync(fileOf('show.danmu.jsonl')));
    const subtitles = join(folder, 'show.ass');
    await millrace('danmu', 'export', fileOf('show.flv'), '--ass', '-o', subtitles).succeed();
    const probe = Program.start('ffprobe', ['-v', 'error', '-show_packets', '-of', 'compact', subtitles]);
    await probe.succeed();
    expect(probe.stdout.trim().split('\n')).toHaveLength(3);

    const connection = await NetConnection.connect(server.rtmpUrl('show'));
    const room = await connection.serve('show', { sender: { userId: 'bob' } });
    const stream = await connection.createStream();
    await stream.play('show', { startMs: 0 });
    const heard: string[] = [];
    for await (const event of room) {
      if (event.type === 'danmu') heard.push(event.danmu.content);
      if (heard.length === 3) break;
    }
    expect(heard).toEqual(['first', '第二', '{\\b1}third']);
    await connection.close();
  });

  it('are there up to the last line when the server is killed', async (test) => {
    requirePeer('ffmpeg', test);
    const server = await TestServer.start({ settings });
    const publisher = await record(server, 'killed', ['before']);
    const part = fileOf('killed.danmu.jsonl.part');
    await eventually('the line is on the disk', () => existsSync(part) && readFileSync(part, 'utf8').endsWith('\n'));
    server.program.signal('SIGKILL');
    await server.program.waitForExit();
    await publisher.waitForExit();
    const next = await TestServer.start({ settings });
    await eventually('both are complete', () => existsSync(fileOf('killed.flv')) && !existsSync(part));
    await next.stop();
    const exported = millrace('danmu', 'export', fileOf('killed.flv'));
    await exported.succeed();
    expect(JSON.parse(exported.stdout)).toMatchObject({ content: { userID: 'alice', content: 'before' } });
  });
});
