import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  ConfigError,
  configMarkdown,
  configReference,
  configYaml,
  formatListenAddress,
  loadConfig,
  parseListenAddress,
} from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(content: string): string {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, content);
  return file;
}

function errorOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('listen addresses', () => {
  it.each([
    [':1935', { host: '', port: 1935 }],
    ['1935', { host: '', port: 1935 }],
    ['*:1935', { host: '', port: 1935 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['127.0.0.1:65535', { host: '127.0.0.1', port: 65_535 }],
    ['media.example.org:1935', { host: 'media.example.org', port: 1935 }],
    ['[::1]:1935', { host: '::1', port: 1935 }],
    ['[fe80::1%eth0]:1935', { host: 'fe80::1%eth0', port: 1935 }],
  ])('reads %s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
    expect(parseListenAddress(formatListenAddress(address))).toEqual(address);
  });

  it.each([
    '',
    ':',
    'localhost',
    'localhost:',
    '::1:1935',
    '[::1]',
    ':65536',
    ':-1',
    ':1.5',
    'rtmp://x:1935',
    'a b:1',
    '[]:1',
  ])('refuses %j', (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  });
});

describe('loadConfig', () => {
  it('gives every key its default', () => {
    const config = loadConfig({ set: [] });
    expect(config.rtmp.listen).toEqual({ host: '', port: 1935 });
    expect(config.http.listen).toEqual({ host: '', port: 8080 });
    expect(config.live).toEqual({ maxWindowMs: 100, gopCache: true, maxLagMs: 5000, maxGopBytes: 33_554_432 });
    expect(config.publish).toEqual({ takeover: 'refuse', graceMs: 5000 });
    expect(config.log).toEqual({ level: 'info', format: 'pretty' });
  });

  it('lets the command line win over the file and the file over the defaults', () => {
    const file = fileWith(
      'rtmp:\n  listen: 127.0.0.1:1936\npublish:\n  takeover: replace\nlive:\n  # all at their defaults\n',
    );
    const config = loadConfig({ file, set: ['rtmp.listen=:1937', 'rtmp.listen=127.0.0.1:0'] });
    expect(config.rtmp.listen).toEqual({ host: '127.0.0.1', port: 0 });
    expect(config.publish.takeover).toBe('replace');
    expect(config.live.maxWindowMs).toBe(100);
  });

  it('takes an empty file', () => {
    expect(loadConfig({ file: fileWith('# nothing\n'), set: [] })).toEqual(loadConfig({ set: [] }));
  });

  it.each([
    ['rtmp.listen=1935', { rtmp: { listen: { host: '', port: 1935 } } }],
    ['rtmp.listen=[::1]:0', { rtmp: { listen: { host: '::1', port: 0 } } }],
    ['live.maxWindowMs=0', { live: { maxWindowMs: 0 } }],
    ['live.maxWindowMs=1000', { live: { maxWindowMs: 1000 } }],
    ['live.gopCache=false', { live: { gopCache: false } }],
    ['media.dir=/srv/a=b', { media: { dir: '/srv/a=b' } }],
    [' log.level = debug ', { log: { level: 'debug' } }],
  ])('--set %s', (assignment, part) => {
    expect(loadConfig({ set: [assignment] })).toMatchObject(part);
  });

  it.each([
    ['publish.takeover=maybe', 'config: publish.takeover is "maybe"; allowed: refuse, replace'],
    ['live.maxWindowMs=1001', 'config: live.maxWindowMs is 1001; allowed: a whole number from 0 to 1000'],
    ['live.maxWindowMs=-1', 'config: live.maxWindowMs is -1; allowed: a whole number from 0 to 1000'],
    ['live.maxWindowMs=1.5', 'config: live.maxWindowMs is 1.5; allowed: a whole number from 0 to 1000'],
    ['live.maxWindowMs=.nan', 'config: live.maxWindowMs is NaN; allowed: a whole number from 0 to 1000'],
    ['live.maxWindowMs=', 'config: live.maxWindowMs is empty; allowed: a whole number from 0 to 1000'],
    ['live.gopCache=yes', 'config: live.gopCache is "yes"; allowed: true, false'],
    ['media.dir=', 'config: media.dir is empty; allowed: the path of a folder'],
    [
      'rtmp.listen=localhost',
      'config: rtmp.listen is "localhost"; allowed: ":PORT", "HOST:PORT" or "[IPV6]:PORT", with a port from 0 (any free one) to 65535',
    ],
    ['publish.takover=refuse', 'config: there is no key publish.takover; did you mean publish.takeover?'],
    ['takeover=refuse', 'config: there is no key takeover; did you mean publish.takeover?'],
    [
      'rtmp.port=1935',
      'config: there is no key rtmp.port; keys of rtmp: listen, encrypted, tunneled, dataStart, proxyFrom',
    ],
    [
      'colour=red',
      'config: there is no key colour; sections: rtmp, rtmps, tls, http, https, media, record, vod, dvr, state, live, publish, app, access, service, sharedObjects, webhooks, limits, log',
    ],
    [
      '__proto__.x=1',
      'config: there is no key __proto__.x; sections: rtmp, rtmps, tls, http, https, media, record, vod, dvr, state, live, publish, app, access, service, sharedObjects, webhooks, limits, log',
    ],
    [
      'rtmp=1935',
      'config: rtmp is "1935", but it is a section; its keys: rtmp.listen, rtmp.encrypted, rtmp.tunneled, rtmp.dataStart, rtmp.proxyFrom',
    ],
    ['rtmp.listen', 'config: --set "rtmp.listen"; allowed: key=value, such as --set rtmp.listen=:1936'],
    ['=1', 'config: --set "=1"; allowed: key=value, such as --set rtmp.listen=:1936'],
  ])('refuses --set %s', (assignment, message) => {
    expect(errorOf(() => loadConfig({ set: [assignment] }))).toBe(message);
  });

  it.each([
    [
      'rtmp: 1935\n',
      'config: rtmp is 1935, but it is a section; its keys: rtmp.listen, rtmp.encrypted, rtmp.tunneled, rtmp.dataStart, rtmp.proxyFrom',
    ],
    [
      '- rtmp\n',
      'config: FILE is ["rtmp"]; allowed: sections (rtmp, rtmps, tls, http, https, media, record, vod, dvr, state, live, publish, app, access, service, sharedObjects, webhooks, limits, log)',
    ],
    ['rtpm:\n  listen: 1\n', 'config: there is no key rtpm; did you mean rtmp?'],
    ['live:\n  maxWindow: 5\n', 'config: there is no key live.maxWindow; did you mean live.maxWindowMs?'],
    ['live:\n  maxLagMs:\n', 'config: live.maxLagMs is empty; allowed: a whole number from 100 to 600000'],
    ['live:\n  maxLagMs: [1]\n', 'config: live.maxLagMs is [1]; allowed: a whole number from 100 to 600000'],
    ['live:\n  maxLagMs: 1000\n  maxLagMs: 2000\n', 'config: FILE, line 3, column 3: Map keys must be unique'],
    ['rtmp:\n  listen: [::1]:1935\n', /^config: FILE, line 2, column \d+: [^\n]+$/],
    ['rtmp:\n\tlisten: 1935\n', /^config: FILE, line 2, column 1: [^\n]+$/],
    ['rtmp: *nobody\n', /^config: FILE: [^\n]+$/],
    ['"some\\nkey": 1\n', /^config: there is no key "some\\nkey"; sections: /],
    ['\u0000\u0001', /^config: [^\n]+$/],
  ])('refuses the file %j', (content, message) => {
    const file = fileWith(content);
    const error = errorOf(() => loadConfig({ file, set: [] })).replaceAll(file, 'FILE');
    if (typeof message === 'string') expect(error).toBe(message);
    else expect(error).toMatch(message);
  });

  it('reads the addresses of webhooks', () => {
    const set = ['webhooks.url=https://u:p%40ss@hooks.example.org:8443/a?b=c', 'webhooks.onStop=off'];
    const { webhooks } = loadConfig({ set: [...set, 'webhooks.onPlay=HTTP://[::1]/'] });
    expect(webhooks.url?.href).toBe('https://u:p%40ss@hooks.example.org:8443/a?b=c');
    expect(webhooks).toMatchObject({ onConnect: undefined, onStop: 'off', secret: '' });
    expect(webhooks.onPlay).toEqual(new URL('http://[::1]/'));
  });

  const urlRule = 'allowed: an http:// or https:// URL, or nothing';
  it.each([
    ['webhooks.url=ftp://user:s3cret@host/', `config: webhooks.url is another value (not shown); ${urlRule}`],
    ['webhooks.url=off', `config: webhooks.url is another value (not shown); ${urlRule}`],
    ['webhooks.url=http:s3cret', `config: webhooks.url is another value (not shown); ${urlRule}`],
    ['webhooks.url=http://s3cret:%zz@host/', `config: webhooks.url is another value (not shown); ${urlRule}`],
    ['webhooks.url=http://', `config: webhooks.url is another value (not shown); ${urlRule}`],
    ['webhooks.url=http://h/ s3cret', `config: webhooks.url is another value (not shown); ${urlRule}`],
    ['webhooks.url=7', `config: webhooks.url is another value (not shown); ${urlRule}`],
    ['webhooks.onPlay=s3cret', /^config: webhooks.onPlay is another value \(not shown\); [^\n]*off, or nothing$/],
    ['webhooks.secret=1234567890', /^config: webhooks.secret is another value \(not shown\); [^\n]+$/],
    ['webhooks=s3cret', /^config: webhooks is a value \(not shown\), but it is a section; its keys: webhooks.url, /],
  ])('refuses --set %s without showing it', (assignment, message) => {
    const error = errorOf(() => loadConfig({ set: [assignment] }));
    expect(error).toMatch(message);
    expect(error).not.toMatch(/s3cret|1234/);
  });

  it.each<[string, unknown]>([
    ['access.allow=10.0.0.0/8', { allow: [{ address: '10.0.0.0', family: 'ipv4', prefix: 8 }] }],
    [
      'access.deny=[192.0.2.7, "2001:db8::/32", "::ffff:192.0.2.0/120"]',
      {
        deny: [
          { address: '192.0.2.7', family: 'ipv4', prefix: 32 },
          { address: '2001:db8::', family: 'ipv6', prefix: 32 },
          { address: '192.0.2.0', family: 'ipv4', prefix: 24 },
        ],
      },
    ],
    ['access.apiFrom=::1', { apiFrom: [{ address: '::1', family: 'ipv6', prefix: 128 }] }],
    ['access.playFrom=', { playFrom: [] }],
    [
      'access.publishKeys={live/studio: k3y, live: [a, "12"], "*": ""}',
      {
        publishKeys: new Map<string, unknown>([
          ['live/studio', ['k3y']],
          ['live', ['a', '12']],
          ['*', 'open'],
        ]),
      },
    ],
    ['access.users={__proto__: pa:ss word}', { users: new Map([['__proto__', 'pa:ss word']]) }],
    ['access.urlSecret=0123456789abcdef', { urlSecret: ['0123456789abcdef'] }],
  ])('--set %s', (assignment, access) => {
    expect(loadConfig({ set: [assignment] }).access).toMatchObject(access as object);
  });

  it.each([
    ['access.allow=10.0.0.0/33', 'config: access.allow is "10.0.0.0/33"; allowed: IPv4 or IPv6 addresses and ranges'],
    ['access.allow=[10.0.0.1, host]', 'config: access.allow is ["10.0.0.1","host"]; allowed: IPv4'],
    [
      'access.publishKeys={live/s3cret: 1234}',
      'config: access.publishKeys is another value (not shown); allowed: a map',
    ],
    ['access.publishKeys={live: }', 'config: access.publishKeys is another value (not shown); allowed: a map'],
    ['access.publishKeys={live: []}', 'config: access.publishKeys is another value (not shown); allowed: a map'],
    ['access.publishKeys=s3cret', 'config: access.publishKeys is another value (not shown); allowed: a map'],
    ['access.users={"a b": s3cret}', 'config: access.users is another value (not shown); allowed: a map'],
    ['access.users={a: ""}', 'config: access.users is another value (not shown); allowed: a map'],
    ['access.urlSecret=s3cret', 'config: access.urlSecret is another value (not shown); allowed: text of 16 to 1024'],
    ['access.jwtSecret=[s3cret]', 'config: access.jwtSecret is another value (not shown); allowed: text of 32 to 1024'],
    ['access.urlSecret=file:/none', 'config: access.urlSecret: cannot read /none: there is no such file'],
    ['access.users={a: "file:/none"}', 'config: access.users: cannot read /none: there is no such file'],
  ])('refuses --set %s', (assignment, message) => {
    const error = errorOf(() => loadConfig({ set: [assignment] }));
    expect(error.startsWith(message), error).toBe(true);
    expect(error).not.toMatch(/s3cret|1234/);
  });

  it('reads secrets from files', () => {
    const file = join(folder, 'secret');
    writeFileSync(file, '0123456789abcdef-of-a-file\n');
    const config = loadConfig({
      set: [`access.urlSecret=file:${file}`, `access.publishKeys={live: ["file:${file}"]}`],
    });
    expect(config.access.urlSecret).toEqual(['0123456789abcdef-of-a-file']);
    expect(config.access.publishKeys.get('live')).toEqual(['0123456789abcdef-of-a-file']);
  });

  it('names a file that cannot be read', () => {
    expect(errorOf(() => loadConfig({ file: join(folder, 'none.yaml'), set: [] }))).toBe(
      `config: cannot read ${join(folder, 'none.yaml')}: there is no such file`,
    );
    expect(errorOf(() => loadConfig({ file: folder, set: [] }))).toBe(
      `config: cannot read ${folder}: it is a folder, not a file`,
    );
  });

  it('answers any file with a configuration or a one-line ConfigError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.json()), (content) => {
        const file = fileWith(content);
        expect(errorOf(() => loadConfig({ file, set: [] }))).not.toContain('\n');
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('answers any --set with a configuration or a one-line ConfigError', () => {
    const key = fc.oneof(fc.constantFrom(...configReference().map((entry) => entry.key)), fc.string());
    fc.assert(
      fc.property(key, fc.string({ unit: 'binary', maxLength: 40 }), (name, value) => {
        expect(errorOf(() => loadConfig({ set: [`${name}=${value}`] }))).not.toContain('\n');
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});

describe('the reference', () => {
  it('is a file that loads and changes nothing', () => {
    expect(loadConfig({ file: fileWith(configYaml()), set: [] })).toEqual(loadConfig({ set: [] }));
    const written: Record<string, Record<string, unknown>> = parse(configYaml());
    const keys = Object.entries(written).flatMap(([section, entries]) =>
      Object.keys(entries).map((key) => `${section}.${key}`),
    );
    expect(keys).toEqual(configReference().map((entry) => entry.key));
  });

  it('is in step with docs/configuration.md', async () => {
    await expect(configMarkdown()).toMatchFileSnapshot('../../../../docs/configuration.md');
  });
});
