import { NetConnection, type ServiceStream } from '@millrace/client';
import { afterEach, describe, expect, it } from 'vitest';
import { Program } from './harness/program.js';
import { millraceCommand, TestServer } from './harness/server.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function danmu(...args: string[]): Program {
  return Program.start(process.execPath, [millraceCommand, 'danmu', ...args], { input: true });
}

async function member(url: string, userId = 'node'): Promise<ServiceStream> {
  const connection = await NetConnection.connect(url);
  closers.push(() => connection.close());
  return connection.serve(connection.url.streamName ?? '', { sender: { userId } });
}

async function heard(room: ServiceStream, count: number): Promise<string[]> {
  const texts: string[] = [];
  for await (const event of room) {
    if (event.type === 'danmu') texts.push(`${event.danmu.userId}: ${event.danmu.content}`);
    if (texts.length === count) break;
  }
  return texts;
}

describe('millrace danmu', () => {
  it.each(['rtmp', 'rtmpt', 'rtmpte', 'ws'])(
    'sends what is piped in, shows what others say, and ends with its input (%s)',
    async (scheme) => {
      const server = await TestServer.start();
      const room = await member(server.rtmpUrl('show'));
      const url =
        scheme === 'ws' ? server.wsUrl('/rtmp/live/show') : server.rtmpUrl('show').replace('rtmp:', `${scheme}:`);
      const program = danmu(url, '--user', 'alice', '--wait', '0');
      program.input.write('first\n\n  second \n');
      expect(await heard(room, 2)).toEqual(['alice: first', 'alice: second']);
      room.danmu('hello\u202e\nthere');
      await program.waitFor('the line', () => program.stdout.endsWith('\n') || undefined);
      expect(program.stdout).toMatch(/^\d\d:\d\d:\d\d node: hello\ufffd there\n$/);
      program.input.write(`${'x'.repeat(501)}\nthird`);
      program.input.end();
      expect(await heard(room, 1)).toEqual(['alice: third']);
      expect(await program.waitForExit(10_000)).toEqual({ code: 0, signal: null });
      expect(program.stderr).toBe('not sent: content is 501 characters long, allowed up to 500\n');
    },
  );

  it('prints JSON, without a picture of the terminal, until it is interrupted', async () => {
    const server = await TestServer.start();
    const room = await member(server.rtmpUrl('show'), 'bob');
    const program = danmu(server.rtmpUrl('show'), '--json');
    program.input.write('ready?\n');
    expect(await heard(room, 1)).toEqual(['guest: ready?']);
    room.danmu('你好');
    await program.waitFor('the line', () => program.stdout.endsWith('\n') || undefined);
    expect(JSON.parse(program.stdout)).toMatchObject({ userID: 'bob', roomID: 'show', danmuType: 0, content: '你好' });
    program.signal('SIGINT');
    expect(await program.waitForExit(10_000)).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe('');
  });

  it('says in one line what is wrong', async () => {
    const server = await TestServer.start();
    const failure = async (program: Program): Promise<string> => {
      expect(await program.waitForExit(10_000)).toEqual({ code: 1, signal: null });
      expect(program.stderr.trim().split('\n')).toHaveLength(1);
      return program.stderr;
    };
    expect(await failure(danmu('http://host/live/a'))).toContain('is not an RTMP URL');
    expect(await failure(danmu(server.rtmpUrl('')))).toContain('names no room');
    expect(await failure(danmu(server.rtmpUrl('a'), '--wait', 'long'))).toContain('--wait "long"');
    expect(await failure(danmu(server.rtmpUrl('x'.repeat(300))))).toContain('300 characters long');
    const program = danmu(server.rtmpUrl('show'));
    program.input.write('hello\n');
    await heard(await member(server.rtmpUrl('show')), 1);
    await server.stop();
    expect(await failure(program)).toMatch(/closed the connection|broke/);
    expect(await failure(danmu(server.rtmpUrl('show')))).toContain('ECONNREFUSED');
  });
});
