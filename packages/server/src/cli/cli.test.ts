import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/index.js';
import { prepareFolders } from './prepare-folders.js';
import { createProgram } from './program.js';
import { readyJson, readyText } from './ready-message.js';
import type { ServeOptions } from './serve.js';
import { explainStartError, StartError } from './start-error.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the command line', () => {
  async function run(...args: string[]) {
    const done = {
      served: [] as ServeOptions[],
      configs: 0,
      signed: [] as unknown[],
      files: [] as unknown[],
      rooms: [] as unknown[],
      out: '',
      err: '',
      exitCode: 0,
    };
    const program = createProgram('1.2.3', {
      async serve(options) {
        done.served.push(options);
      },
      config() {
        done.configs += 1;
      },
      sign(urls, options) {
        done.signed.push(urls, options);
      },
      async info(file, options) {
        done.files.push('info', file, options);
      },
      async repair(file, options) {
        done.files.push('repair', file, options);
      },
      async convert(source, target, options) {
        done.files.push('convert', source, target, options);
      },
      async record(url, file, options) {
        done.files.push('record', url, file, options);
      },
      async danmuExport(file, options) {
        done.files.push('danmu export', file, options);
      },
      async danmu(url, options) {
        done.rooms.push(url, options);
      },
    });
    for (const command of [program, ...program.commands]) {
      command.exitOverride();
      command.configureOutput({
        writeOut: (text) => {
          done.out += text;
        },
        writeErr: (text) => {
          done.err += text;
        },
      });
    }
    try {
      await program.parseAsync(args, { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      done.exitCode = error.exitCode;
    }
    return done;
  }

  it('hands the options to serve', async () => {
    const args = ['--config', 'a.yaml', '--set', 'a.b=c', '--set', 'd.e=f=g', '--log', 'json', '--demo'];
    expect((await run('serve', ...args)).served).toEqual([
      { config: 'a.yaml', set: ['a.b=c', 'd.e=f=g'], log: 'json', demo: true },
    ]);
    expect((await run('serve')).served).toEqual([{ set: [], demo: false }]);
  });

  it('hands URLs and options to sign', async () => {
    const args = ['--for', 'publish', '--expires', '2h', '--ip', '::1', '-c', 'a.yaml', '-s', 'a.b=c'];
    expect((await run('sign', 'rtmp://a/b/c', 'rtmp://d/e/f', ...args)).signed).toEqual([
      ['rtmp://a/b/c', 'rtmp://d/e/f'],
      { for: 'publish', expires: '2h', ip: '::1', config: 'a.yaml', set: ['a.b=c'] },
    ]);
    expect((await run('sign', 'rtmp://a/b/c')).signed[1]).toEqual({ for: 'play', expires: '1h', set: [] });
  });

  it('hands a URL and options to danmu', async () => {
    const defaults = { user: 'guest', json: false, wait: '1s' };
    expect((await run('danmu', 'rtmp://a/b/c')).rooms).toEqual(['rtmp://a/b/c', defaults]);
    const args = ['--user', 'alice', '--json', '--wait', '5m'];
    expect((await run('danmu', 'ws://a/rtmp/b/c', ...args)).rooms[1]).toEqual({
      user: 'alice',
      json: true,
      wait: '5m',
    });
  });

  it('hands files to info and repair', async () => {
    expect((await run('info', 'a.flv')).files).toEqual(['info', 'a.flv', { json: false }]);
    expect((await run('info', '--json', 'a.flv')).files).toEqual(['info', 'a.flv', { json: true }]);
    expect((await run('repair', 'a.flv', '--out', 'b.flv')).files).toEqual(['repair', 'a.flv', { out: 'b.flv' }]);
    expect((await run('repair')).err).toBe("missing required argument 'file'. See: millrace --help\n");
  });

  it('hands source and target to convert', async () => {
    expect((await run('convert', 'a.flv', 'b.mp4', '-f')).files).toEqual([
      'convert',
      'a.flv',
      'b.mp4',
      { force: true },
    ]);
    expect((await run('convert', 'a.flv')).err).toBe("missing required argument 'target'. See: millrace --help\n");
  });

  it('hands the file of a recording to danmu export', async () => {
    expect((await run('danmu', 'export', 'a.flv')).files).toEqual(['danmu export', 'a.flv', { ass: false }]);
    const options = ['--ass', '-o', 'a.ass'];
    expect((await run('danmu', 'export', 'a.flv', ...options)).files[2]).toEqual({ ass: true, out: 'a.ass' });
  });

  it('hands a URL and a file to record', async () => {
    const flags = { append: false, force: false, reconnect: false, wait: '10s' };
    expect((await run('record', 'rtmp://h/a/b', 'a.flv')).files).toEqual(['record', 'rtmp://h/a/b', 'a.flv', flags]);
    const options = ['-d', '2h', '--start', '4', '-a', '-r', '-w', '0'];
    expect((await run('record', 'rtmp://h/a/b', 'a.flv', ...options)).files.at(-1)).toEqual({
      ...flags,
      ...{ duration: '2h', start: '4', append: true, reconnect: true, wait: '0' },
    });
    expect((await run('record', 'rtmp://h/a/b')).err).toBe("missing required argument 'file'. See: millrace --help\n");
  });

  it('prints version, help and configuration', async () => {
    expect(await run('--version')).toMatchObject({ out: '1.2.3\n', exitCode: 0 });
    const help = await run('--help');
    expect(help.exitCode).toBe(0);
    expect(help.out).toContain('millrace serve --demo');
    expect((await run('serve', '--help')).out).toContain('--set <key=value>');
    expect((await run('config')).configs).toBe(1);
  });

  it.each([
    [['serv'], "unknown command 'serv' (Did you mean serve?) See: millrace --help\n"],
    [['serve', '--dmo'], "unknown option '--dmo' (Did you mean --demo?) See: millrace --help\n"],
    [['serve', '--colour'], "unknown option '--colour'. See: millrace --help\n"],
    [['serve', '--config'], "option '-c, --config <file>' argument missing. See: millrace --help\n"],
    [
      ['serve', '--log', 'xml'],
      "option '-l, --log <format>' argument 'xml' is invalid. Allowed choices are pretty, json. See: millrace --help\n",
    ],
    [['sign'], "missing required argument 'url'. See: millrace --help\n"],
    [['serve', 'now'], "too many arguments for 'serve'. Expected 0 arguments but got 1. See: millrace --help\n"],
  ])('refuses %j in one line', async (args, line) => {
    expect(await run(...args)).toMatchObject({ err: line, out: '', exitCode: 1, served: [] });
  });
});

describe('explainStartError', () => {
  function systemError(code: string, fields: object): Error {
    return Object.assign(new Error(`listen ${code}`), { code, ...fields });
  }

  it.each([
    [
      [],
      systemError('EADDRINUSE', { port: 1935 }),
      'cannot listen on :1935 (rtmp.listen): another program uses port 1935. Stop it, or choose another port: --set rtmp.listen=:1936',
    ],
    [
      ['http.listen=127.0.0.1:8080'],
      systemError('EADDRINUSE', { port: 8080 }),
      'cannot listen on 127.0.0.1:8080 (http.listen): another program uses port 8080. Stop it, or choose another port: --set http.listen=127.0.0.1:8081',
    ],
    [
      ['http.listen=:1935'],
      systemError('EADDRINUSE', { port: 1935 }),
      'rtmp.listen (:1935) and http.listen (:1935) have the same port, or another program uses it: choose another for one, such as --set http.listen=:1936',
    ],
    [
      ['tls.selfSigned=true'],
      systemError('EADDRINUSE', { port: 1936 }),
      'cannot listen on :1936 (rtmps.listen): another program uses port 1936. Stop it, or choose another port: --set rtmps.listen=:1937',
    ],
    [
      ['tls.selfSigned=true', 'https.listen=:1936'],
      systemError('EADDRINUSE', { port: 1936 }),
      'rtmps.listen (:1936) and https.listen (:1936) have the same port, or another program uses it: choose another for one, such as --set https.listen=:1937',
    ],
    [
      ['http.listen=:80'],
      systemError('EACCES', { port: 80 }),
      'cannot listen on :80 (http.listen): this user may not use port 80. Choose another: --set http.listen=:8080',
    ],
    [
      ['rtmp.listen=192.0.2.1:1935'],
      systemError('EADDRNOTAVAIL', { port: 1935 }),
      'cannot listen on 192.0.2.1:1935 (rtmp.listen): this machine has no such address. Listen on all it has: --set rtmp.listen=:1935',
    ],
    [
      ['rtmp.listen=no.invalid:1935'],
      systemError('ENOTFOUND', { hostname: 'no.invalid' }),
      'cannot listen on no.invalid:1935 (rtmp.listen): no address is known for "no.invalid". Listen on all of this machine\'s: --set rtmp.listen=:1935',
    ],
    [[], new StartError('as it is'), 'as it is'],
    [[], new TypeError('a bug'), undefined],
    [[], 'not even an error', undefined],
  ])('%j', (set, error, explanation) => {
    expect(explainStartError(error, loadConfig({ set }))).toBe(explanation);
  });
});

describe('prepareFolders', () => {
  it('makes what is missing', () => {
    const [media, state] = [join(folder, 'a/b/media'), join(folder, 'state')];
    prepareFolders({ media: { dir: media }, state: { dir: state } });
    prepareFolders({ media: { dir: media }, state: { dir: state } });
    expect(statSync(media).isDirectory() && statSync(state).isDirectory()).toBe(true);
  });

  it.each(['', '/below'])('names a folder that cannot be (%j)', (below) => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => prepareFolders({ media: { dir: folder }, state: { dir: file + below } })).toThrow(
      new StartError(
        `cannot write to ${file}${below} (state.dir): there is a file in its place. Choose another folder: --set state.dir=FOLDER`,
      ),
    );
  });
});

describe('prepareFolders, where no folder can be made', () => {
  const prepare = (dir: string) => () => prepareFolders({ media: { dir }, state: { dir: folder } });

  it('names a link to nothing', () => {
    const link = join(folder, 'link');
    symlinkSync(join(folder, 'gone/media'), link);
    expect(prepare(link)).toThrow(
      `cannot write to ${link} (media.dir): no such folder, and it cannot be made. Choose another`,
    );
  });

  // Node's own recursive mkdir never returns from there.
  it.runIf(existsSync('/proc/self'))('does not wait for a file system that refuses new folders', () => {
    expect(prepare('/proc/none/media')).toThrow(
      'cannot write to /proc/none/media (media.dir): no such folder, and it cannot be made. Choose another',
    );
  });
});

describe('the ready message', () => {
  const facts = {
    version: '1.2.3',
    rtmp: { host: '::', port: 1935 },
    http: { host: '::', port: 8080 },
    encrypted: true,
    tunneled: true,
    demo: false,
  };

  it('tells people how to publish and to watch', () => {
    const text = readyText(facts);
    expect(text).toContain('millrace 1.2.3');
    expect(text).toMatch(/Publish with ffmpeg +ffmpeg .* rtmp:\/\/localhost\/live\/test\n/);
    expect(text).toMatch(/Publish with OBS .*Server rtmp:\/\/localhost\/live, Stream Key test\n/);
    expect(text).toMatch(/Watch in a browser +http:\/\/localhost:8080\/\n/);
    expect(text).toMatch(/ffplay rtmp:\/\/localhost\/live\/test\n/);
    expect(text).toContain('http://localhost:8080/live/test.flv\n');
    expect(readyText({ ...facts, demo: true })).toContain('ffplay rtmp://localhost/live/demo\n');
  });

  it('tells what the port of RTMP takes besides', () => {
    expect(readyText(facts)).toMatch(/RTMP +rtmp:\/\/localhost\n +On the same port +RTMPE, RTMPT, RTMPTE\n/);
    expect(readyText({ ...facts, fingerprint: 'AB' })).toMatch(
      /On the same port +RTMPS, RTMPE, RTMPT, RTMPTS, RTMPTE\n/,
    );
    expect(readyText({ ...facts, tunneled: false })).toMatch(/On the same port +RTMPE\n/);
    expect(readyText({ ...facts, tunneled: false, encrypted: false })).not.toContain('On the same port');
  });

  it('tells of TLS, where there is some, and of the certificate', () => {
    const [rtmps, https] = [
      { host: '::', port: 1936 },
      { host: '127.0.0.1', port: 8443 },
    ];
    expect(readyText(facts)).not.toMatch(/RTMPT?S|SHA-256|https/);
    const alone = readyText({ ...facts, fingerprint: 'AB:CD' });
    expect(alone).toMatch(/RTMPS +rtmps:\/\/localhost:1935\n +Certificate +SHA-256 AB:CD\n/);
    const text = readyText({ ...facts, rtmps, https, fingerprint: 'AB:CD' });
    expect(text).toMatch(/RTMPS +rtmps:\/\/localhost:1936\n/);
    expect(text).toMatch(/Web page \(TLS\) +https:\/\/127.0.0.1:8443\/\n/);
    expect(JSON.parse(readyJson({ ...facts, rtmps, https, fingerprint: 'AB:CD' }, 0))).toMatchObject({
      rtmps: { port: 1936, url: 'rtmps://localhost:1936' },
      https: { port: 8443, url: 'https://127.0.0.1:8443' },
      fingerprint: 'AB:CD',
    });
  });

  it.each([
    ['0.0.0.0', 'rtmp://127.0.0.1:1936'],
    ['::1', 'rtmp://[::1]:1936'],
    ['192.0.2.1', 'rtmp://192.0.2.1:1936'],
  ])('bound to %s is reached at %s', (host, url) => {
    expect(JSON.parse(readyJson({ ...facts, rtmp: { host, port: 1936 } }, 0)).rtmp.url).toBe(url);
  });

  it('tells programs in one line', () => {
    const line = readyJson(facts, 1_700_000_000_000);
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: 1_700_000_000_000,
      msg: 'ready',
      version: '1.2.3',
      rtmp: { host: '::', port: 1935, url: 'rtmp://localhost:1935' },
      http: { host: '::', port: 8080, url: 'http://localhost:8080' },
      ports: { rtmp: 1935, http: 8080 },
      rtmpPort: 1935,
      httpPort: 8080,
      demo: false,
    });
  });
});
