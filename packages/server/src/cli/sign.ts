import { loadConfig } from '../config/index.js';
import { parseDuration, signedUrls } from './signed-urls.js';
import { explainStartError, StartError } from './start-error.js';

export interface SignOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly for: 'publish' | 'play';
  /** A duration: `1h`. */
  readonly expires: string;
  readonly ip?: string;
}

/** `millrace sign`: prints the URLs, one a line. Ends the process with 1 and one line when it cannot. */
export function sign(urls: readonly string[], options: SignOptions): void {
  try {
    process.stdout.write(`${signAll(urls, options, Date.now()).join('\n')}\n`);
  } catch (error) {
    const explanation = explainStartError(error, undefined);
    if (explanation === undefined) throw error;
    process.stderr.write(`${explanation}\n`);
    process.exit(1);
  }
}

/** @throws StartError or ConfigError, for the person who typed it. */
export function signAll(urls: readonly string[], options: SignOptions, nowMs: number): readonly string[] {
  const { urlSecret, urlFor } = loadConfig({ file: options.config, set: options.set }).access;
  const [secret] = urlSecret;
  if (secret === undefined)
    throw new StartError(
      'there is no access.urlSecret: give the configuration of the server (--config FILE), or --set access.urlSecret=SECRET',
    );
  if (urlFor !== 'both' && urlFor !== options.for)
    throw new StartError(`access.urlFor is ${urlFor}: ${options.for} takes no signed link`);
  const seconds = parseDuration(options.expires);
  if (seconds === undefined)
    throw new StartError(`--expires ${JSON.stringify(options.expires)}; allowed: a time such as 90s, 15m, 2h, 7d`);
  const expires = Math.floor(nowMs / 1000) + seconds;
  return urls.flatMap((url) => signedUrls(url, { secret, action: options.for, expires, ip: options.ip }));
}
