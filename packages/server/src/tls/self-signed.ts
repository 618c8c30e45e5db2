import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

const fileName = 'tls-self-signed.pem';
const validYears = 10;

/**
 * Certificate and key, PEM in one text, of the file in `stateDir`; made there where it is not. Throws the system's error
 * where that cannot be read or written.
 */
export async function keptSelfSigned(stateDir: string): Promise<string> {
  const file = join(stateDir, fileName);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const pem = await create();
  await mkdir(stateDir, { recursive: true });
  // Under its name only when it is whole, and never readable to others.
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, pem, { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
  return pem;
}

async function create(): Promise<string> {
  // Loaded only where it is needed: it is large, and most servers start without.
  const { generate } = await import('selfsigned');
  const notAfterDate = new Date();
  notAfterDate.setFullYear(notAfterDate.getFullYear() + validYears);
  const names = new Set(['localhost', hostname()]);
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'millrace' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...[...names].map((value) => ({ type: 2, value }) as const),
          ...['127.0.0.1', '::1'].map((ip) => ({ type: 7, ip }) as const),
        ],
      },
    ],
  });
  return `${cert.trim()}\n${key.trim()}\n`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
