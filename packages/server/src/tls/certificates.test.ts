import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../config/index.js';
import { type Logger, silentLogger } from '../log/index.js';
import { Certificates } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const cert = join(folder, 'cert.pem');
const key = join(folder, 'key.pem');
const fromFiles = [`tls.cert=${cert}`, `tls.key=${key}`];
let changes = 0;

function write(file: string, text: string): void {
  writeFileSync(file, text);
  changes += 1;
  // As if written at another time: the clock of the file system is coarse.
  utimesSync(file, changes, changes);
}

async function writePair(notAfterDate = new Date(Date.now() + 1e9)): Promise<void> {
  const pair = await generate([{ name: 'commonName', value: 'test' }], { keyType: 'ec', notAfterDate });
  write(cert, pair.cert);
  write(key, pair.private);
}

function open(set: readonly string[], log: Logger = silentLogger): Promise<Certificates | undefined> {
  return Certificates.open({ config: loadConfig({ set: [`state.dir=${folder}`, ...set] }), log });
}

async function opened(set: readonly string[], log?: Logger): Promise<Certificates> {
  const certificates = await open(set, log);
  if (certificates === undefined) throw new Error('no TLS');
  return certificates;
}

function listening(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const take = (_fields: object, message: string): void => void lines.push(message);
  const log: Logger = { ...silentLogger, info: take, warn: take, error: take, child: () => log };
  return { log, lines };
}

describe('Certificates', () => {
  it('are not there unless they are asked for', async () => {
    expect(await open([])).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of its own are made once, kept, and readable to nobody else', async () => {
    const first = await opened(['tls.selfSigned=true']);
    expect(first.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(readdirSync(folder)).toEqual(['tls-self-signed.pem']);
    expect(statSync(join(folder, 'tls-self-signed.pem')).mode & 0o777).toBe(0o600);
    expect((await opened(['tls.selfSigned=true'])).fingerprint).toBe(first.fingerprint);
  });

  it('of its own are made in a folder that is not there yet', async () => {
    const stateDir = join(mkdtempSync(join(tmpdir(), 'millrace-tls-')), 'made', 'here');
    const { fingerprint } = await opened(['tls.selfSigned=true', `state.dir=${stateDir}`]);
    expect(fingerprint).not.toBe('');
    expect(readdirSync(stateDir)).toEqual(['tls-self-signed.pem']);
    rmSync(stateDir, { recursive: true });
  });

  it('of its own that are broken are not replaced: somebody may trust them', async () => {
    writeFileSync(join(folder, 'tls-self-signed.pem'), 'nonsense');
    await expect(open(['tls.selfSigned=true'])).rejects.toThrow(
      /^config: tls.selfSigned: the certificate in .* cannot be used or made \(\w+\)$/,
    );
  });

  it.each([
    [
      'a certificate that is missing',
      [`tls.cert=${folder}/none.pem`],
      `config: tls.cert: cannot read ${folder}/none.pem (ENOENT)`,
    ],
    ['a certificate that is a folder', [`tls.cert=${folder}`], `config: tls.cert: cannot read ${folder} (EISDIR)`],
    ['a key alone', [`tls.key=${key}`], 'config: tls.key is given, but no tls.cert'],
    [
      'a key that is missing',
      [`tls.cert=${cert}`, `tls.key=${folder}/none.pem`],
      `config: tls.key: cannot read ${folder}/none.pem (ENOENT)`,
    ],
    [
      'a file that is no key',
      [`tls.cert=${cert}`, `tls.key=${cert}`],
      /^config: tls: the certificate and key of \S+ cannot be used \(\S+\)$/,
    ],
    [
      'an authority that is missing',
      [...fromFiles, `tls.clientCa=${folder}/none.pem`],
      `config: tls.clientCa: cannot read ${folder}/none.pem (ENOENT)`,
    ],
    [
      'an authority that is a key',
      [...fromFiles, `tls.clientCa=${key}`],
      /^config: tls.clientCa: there is no certificate in \S+ \(\S+\)$/,
    ],
    [
      'an authority with nothing in it: everybody whom browsers trust would get in',
      [...fromFiles, 'tls.clientCa=/dev/null'],
      /^config: tls.clientCa: there is no certificate in \/dev\/null \(\S+\)$/,
    ],
    ['an authority alone', [`tls.clientCa=${cert}`], 'config: tls.clientCa is given, but no tls.cert'],
  ])('are refused in one line: %s', async (_name, set, message) => {
    await writePair();
    const error = await open(set).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    if (message instanceof RegExp) expect((error as Error).message).toMatch(message);
    else expect((error as Error).message).toBe(message);
  });

  it('follow their files; while those are not good, the ones before stay', async () => {
    await writePair();
    const { log, lines } = listening();
    const certificates = await opened(fromFiles, log);
    const contexts: SecureContextOptions[] = [];
    certificates.join({ setSecureContext: (context) => contexts.push(context) });
    const first = certificates.fingerprint;
    await certificates.check();
    expect(contexts).toEqual([]);

    write(cert, 'half a certif');
    await certificates.check();
    await certificates.check();
    rmSync(key);
    await certificates.check();
    expect(certificates.fingerprint).toBe(first);
    expect(contexts).toEqual([]);
    expect(lines).toEqual(Array(2).fill('the new certificate cannot be used; the one before it stays'));

    await writePair();
    await certificates.check();
    expect(certificates.fingerprint).not.toBe(first);
    expect(contexts).toHaveLength(1);
    expect(contexts[0]).toMatchObject({ cert: expect.stringContaining('BEGIN'), minVersion: 'TLSv1.2' });
    expect(lines.at(-1)).toBe('a new certificate is in use');
  });

  it('that have expired are used, with a warning', async () => {
    await writePair(new Date(Date.now() - 1000));
    const { log, lines } = listening();
    await opened(fromFiles, log);
    expect(lines).toEqual(['the certificate has expired']);
  });

  it('ask clients for theirs where there is an authority for them', async () => {
    await writePair();
    expect((await opened(fromFiles)).options).toMatchObject({ requestCert: false });
    expect((await opened([...fromFiles, `tls.clientCa=${cert}`])).options).toMatchObject({
      requestCert: true,
      rejectUnauthorized: true,
      ca: expect.stringContaining('BEGIN'),
    });
  });
});
