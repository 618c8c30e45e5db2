import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { type Config, ConfigError } from '../config/index.js';
import type { Logger } from '../log/index.js';
import { keptSelfSigned } from './self-signed.js';

/** How often the files are looked at, ms. A certificate is renewed weeks before it is due. */
const checkIntervalMs = 5000;
const minVersion = 'TLSv1.2';

/** What takes a new certificate while it runs: `tls.Server` and `https.Server`. */
export interface CertificateUser {
  setSecureContext(options: SecureContextOptions): void;
}

interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
  /** SHA-256, as `openssl x509 -fingerprint` writes it. */
  readonly fingerprint: string;
}

export interface CertificatesOptions {
  readonly config: Pick<Config, 'tls' | 'state'>;
  readonly log: Logger;
}

/** The server's certificate: from the files of the configuration, as long as they are good, or its own. */
export class Certificates {
  readonly #tls: Config['tls'];
  readonly #log: Logger;
  readonly #files: readonly string[];
  readonly #users = new Set<CertificateUser>();
  #pair: Pair;
  /** Of the files, when they were last looked at. */
  #stamp: string;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: CertificatesOptions, files: readonly string[], pair: Pair, stamp: string) {
    this.#tls = options.config.tls;
    this.#log = options.log;
    this.#files = files;
    this.#pair = pair;
    this.#stamp = stamp;
  }

  /**
   * `undefined` where there shall be no TLS. Rejects with `ConfigError`, one line, where there shall be and the files
   * cannot be read or do not belong together.
   */
  static async open(options: CertificatesOptions): Promise<Certificates | undefined> {
    const { tls, state } = options.config;
    const hasFiles = tls.cert !== '';
    if (!hasFiles && tls.key !== '') throw new ConfigError('tls.key is given, but no tls.cert');
    if (!hasFiles && !tls.selfSigned) {
      if (tls.clientCa !== '') throw new ConfigError('tls.clientCa is given, but no tls.cert');
      return undefined;
    }
    const files = hasFiles ? filesOf(tls) : [];
    // Before they are read: what changes in between is seen as a change.
    const stamp = await stampOf(files);
    const pair = hasFiles ? await readPair(tls) : await ownPair(tls, state.dir);
    warnOfExpiry(pair, options.log);
    return new Certificates(options, files, pair, stamp);
  }

  /** The certificate's SHA-256, `AB:CD:…`. */
  get fingerprint(): string {
    return this.#pair.fingerprint;
  }

  /** What a server needs to begin with. Whoever takes it should `join`. */
  get options(): TlsOptions {
    return { ...this.#context, requestCert: this.#pair.ca !== undefined, rejectUnauthorized: true };
  }

  /** A server that gets every certificate that is to come. */
  join(user: CertificateUser): void {
    this.#users.add(user);
  }

  /** From now on the files are looked at every few seconds. */
  watch(): void {
    if (this.#files.length === 0 || this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.check(), checkIntervalMs).unref();
  }

  /** Reads the files if they have changed. What cannot be used is logged, and the certificate stays as it was. */
  async check(): Promise<void> {
    const stamp = await stampOf(this.#files);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    try {
      this.#pair = await readPair(this.#tls);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.error({ reason }, 'the new certificate cannot be used; the one before it stays');
      return;
    }
    for (const user of this.#users) user.setSecureContext(this.#context);
    this.#log.info({ fingerprint: this.#pair.fingerprint }, 'a new certificate is in use');
    warnOfExpiry(this.#pair, this.#log);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get #context(): SecureContextOptions {
    return contextOf(this.#pair, this.#tls);
  }
}

async function ownPair(tls: Config['tls'], stateDir: string): Promise<Pair> {
  const ca = await readCa(tls);
  try {
    const pem = await keptSelfSigned(stateDir);
    return checked({ cert: pem, key: pem, ca }, tls);
  } catch (error) {
    throw new ConfigError(
      `tls.selfSigned: the certificate in ${stateDir} cannot be used or made (${reasonOf(error)})`,
      {
        cause: error,
      },
    );
  }
}

function filesOf({ cert, key, clientCa }: Config['tls']): readonly string[] {
  return [cert, key, clientCa].filter((file) => file !== '');
}

async function readPair(tls: Config['tls']): Promise<Pair> {
  const cert = await readText('tls.cert', tls.cert);
  const key = tls.key === '' ? cert : await readText('tls.key', tls.key);
  const ca = await readCa(tls);
  try {
    return checked({ cert, key, ca }, tls);
  } catch (error) {
    const files = [...new Set(filesOf(tls))].join(', ');
    throw new ConfigError(`tls: the certificate and key of ${files} cannot be used (${reasonOf(error)})`, {
      cause: error,
    });
  }
}

async function readCa({ clientCa }: Config['tls']): Promise<string | undefined> {
  if (clientCa === '') return undefined;
  const ca = await readText('tls.clientCa', clientCa);
  try {
    // Without one node:tls would trust those of browsers, or nobody.
    new X509Certificate(ca);
  } catch (error) {
    throw new ConfigError(`tls.clientCa: there is no certificate in ${clientCa} (${reasonOf(error)})`, {
      cause: error,
    });
  }
  return ca;
}

async function readText(key: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${key}: cannot read ${file} (${reasonOf(error)})`, { cause: error });
  }
}

/** Throws OpenSSL's error where it cannot be used. */
function checked(pair: Omit<Pair, 'fingerprint'>, tls: Config['tls']): Pair {
  createSecureContext(contextOf(pair, tls));
  return { ...pair, fingerprint: new X509Certificate(pair.cert).fingerprint256 };
}

function contextOf({ cert, key, ca }: Omit<Pair, 'fingerprint'>, tls: Config['tls']): SecureContextOptions {
  return { cert, key, minVersion, maxVersion: tls.maxVersion, ...(ca !== undefined && { ca }) };
}

function warnOfExpiry({ cert }: Pair, log: Logger): void {
  const { validTo } = new X509Certificate(cert);
  if (Date.parse(validTo) < Date.now()) log.warn({ validTo }, 'the certificate has expired');
}

/** What changes when a file is written, replaced, or a link leads elsewhere. Missing files are part of it. */
async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = files.map(async (file) => {
    try {
      const { mtimeMs, size, ino } = await stat(file);
      return `${mtimeMs} ${size} ${ino}`;
    } catch (error) {
      return reasonOf(error);
    }
  });
  return (await Promise.all(stamps)).join('\n');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
