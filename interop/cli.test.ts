import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Program } from './harness/program.js';
import { millraceCommand, repository, TestServer } from './harness/server.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
const freePorts = ['--set', 'rtmp.listen=127.0.0.1:0', '--set', 'http.listen=127.0.0.1:0'];

function serve(...args: string[]): Program {
  return Program.start(process.execPath, [millraceCommand, 'serve', ...args], { cwd: folder });
}

/** What was said must be one line on standard error, without a stack trace. */
async function expectOneLine(program: Program): Promise<string> {
  expect(await program.waitForExit(10_000)).toEqual({ code: 1, signal: null });
  const lines = program.stderr.trim().split('\n');
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

describe('millrace serve', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['rtmp', 'http'])('says which port is in use (%s)', async (which) => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const program = serve(...freePorts, '--set', `${which}.listen=127.0.0.1:${port}`);
    expect(await expectOneLine(program)).toContain(String(port));
    await new Promise((resolve) => holder.close(resolve));
  });

  it('names a config file that cannot be read', async () => {
    expect(await expectOneLine(serve(...freePorts, '--config', join(folder, 'none.yaml')))).toContain('none.yaml');
  });

  it('names the key, the value and what is allowed', async () => {
    const config = join(folder, 'wrong.yaml');
    writeFileSync(config, 'publish:\n  takeover: perhaps\n');
    const line = await expectOneLine(serve(...freePorts, '--config', config));
    expect(line).toContain('publish.takeover');
    expect(line).toContain('perhaps');
    expect(line).toContain('refuse');
    expect(line).toContain('replace');
  });

  it.each(['live.maxWindowMs=soon', 'live.maxWindow=100', 'rtmp.listen=127.0.0.1:99999'])(
    'refuses --set %s',
    async (setting) => {
      const line = await expectOneLine(serve(...freePorts, '--set', setting));
      expect(line).toContain(setting.split('=')[0]);
    },
  );

  it.each(['media.dir', 'state.dir'])('names a folder it cannot write to (%s)', async (key) => {
    // A file in the way: root may write everywhere else, and tests often run as root.
    writeFileSync(join(folder, 'a-file'), '');
    const line = await expectOneLine(serve(...freePorts, '--set', `${key}=${join(folder, 'a-file', 'inside')}`));
    expect(line).toContain('a-file');
  });

  it('reads a config file, and --set wins over it', async () => {
    const config = join(folder, 'good.yaml');
    writeFileSync(config, 'rtmp:\n  listen: 127.0.0.1:1\nlive:\n  maxWindowMs: 0\n');
    const server = await TestServer.start({ args: ['--config', config] });
    expect(server.rtmpPort).toBeGreaterThan(1);
  });

  it('prints its addresses and how to publish and watch', async () => {
    const program = serve(...freePorts);
    const text = await program.waitFor('the addresses', () => {
      const all = program.stdout + program.stderr;
      return /rtmp:\/\/[^ ]+/.test(all) && /http:\/\/[^ ]+/.test(all) ? all : undefined;
    });
    expect(text).toMatch(/publish/i);
    expect(text).toMatch(/watch/i);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends within 5 s and with 0 on %s', async (signal) => {
    const server = await TestServer.start();
    server.program.signal(signal);
    expect(await server.program.waitForExit(5_000)).toEqual({ code: 0, signal: null });
  });

  it('starts with "npm start" and hands arguments on', async () => {
    mkdirSync(join(folder, 'media'), { recursive: true });
    const npm = ['start', '--silent', '--', '--log', 'json', ...freePorts, '--set', `media.dir=${folder}/media`];
    const program = Program.start('npm', [...npm, '--set', `state.dir=${folder}/state`], {
      cwd: repository,
      group: true,
    });
    const line = await program.waitFor(
      'line "ready"',
      () => program.stdout.split('\n').find((text) => text.includes('"msg":"ready"')),
      60_000,
    );
    expect(JSON.parse(line)).toMatchObject({ rtmpPort: expect.any(Number), httpPort: expect.any(Number) });
    program.signal('SIGTERM');
    // npm itself ends by the signal; its output is closed when the server has ended, in good order.
    await program.waitForExit(8_000);
    expect(program.stdout).toContain('"msg":"stopped"');
  });

  it('serves an application in TypeScript, without a build', async () => {
    const server = await TestServer.start({ args: ['--app', join(repository, 'interop/apps/typed-app.ts')] });
    expect(server.rtmpPort).toBeGreaterThan(0);
  });

  it.each([
    ['const a: number = 1;\nconst a: number = 2;', /already been declared \(line 2\)$/],
    ['let a: number;\nenum B { C }', /TypeScript enum is not supported in strip-only mode \(line 2\)$/],
    ["interface A {\n  b: string;\n}\nthrow new TypeError('no database' as string);", /no database \(line 4\)$/],
  ])('names the line of an application in TypeScript that does not load: %j', async (source, message) => {
    writeFileSync(join(folder, 'wrong.ts'), source);
    expect(await expectOneLine(serve(...freePorts, '--app', 'wrong.ts'))).toMatch(message);
  });

  it('knows its version and its help', async () => {
    const version = Program.start(process.execPath, [millraceCommand, '--version']);
    await version.succeed();
    expect(version.stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
    const help = Program.start(process.execPath, [millraceCommand, 'serve', '--help']);
    await help.succeed();
    expect(help.stdout).toContain('--set');
  });
});
