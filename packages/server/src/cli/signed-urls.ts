import { isIP } from 'node:net';
import { urlSignature } from '../access/index.js';
import { streamPath } from '../live/index.js';
import { StartError } from './start-error.js';

export interface SignedUrlOptions {
  readonly secret: string;
  readonly action: 'publish' | 'play';
  /** Seconds since 1970. */
  readonly expires: number;
  /** The only address that may use it; absent: any. */
  readonly ip?: string | undefined;
}

const urlPattern = /^(?<scheme>rtmp[a-z]*|https?|wss?):\/\/(?<host>[^/?#]+)\/(?<path>[^?#]+)(?:\?(?<query>[^#]*))?$/i;
const flvSuffix = '.flv';
const durationUnits = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const maxDurationSeconds = 100 * 365 * 86_400;

/**
 * `url` with a signature; for HTTP-FLV and WebSocket-FLV, which have the same path, both of them.
 * @throws StartError for what is no such URL.
 */
export function signedUrls(url: string, { secret, action, expires, ip = '' }: SignedUrlOptions): readonly string[] {
  const { scheme = '', host = '', path: written = '', query = '' } = urlPattern.exec(url)?.groups ?? {};
  const isHttp = /^(?:http|ws)/i.test(scheme);
  const path = pathOf(isHttp ? decodedName(url, written) : written);
  if (path === undefined)
    throw new StartError(
      `cannot sign ${url}: give the URL of a stream, such as rtmp://HOST/live/test or http://HOST:8080/live/test.flv`,
    );
  if (isHttp && action === 'publish') throw new StartError(`cannot sign ${url}: publishing goes by rtmp://`);
  if (ip !== '' && isIP(ip) === 0) throw new StartError(`cannot sign for ${ip}: it is no IP address`);
  const sign = urlSignature(secret, { action, path, expires: String(expires), ip });
  const parameters = [query, `expires=${expires}`, ip === '' ? '' : `ip=${ip}`, `sign=${sign}`];
  const rest = `://${host}/${written}?${parameters.filter((each) => each !== '').join('&')}`;
  if (!isHttp) return [scheme + rest];
  const isTls = /s$/i.test(scheme);
  return isTls ? [`https${rest}`, `wss${rest}`] : [`http${rest}`, `ws${rest}`];
}

/** Seconds of `90s`, `15m`, `2h`, `7d`; a number alone is seconds. `undefined` for anything else, and above 100 years. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,12})([smhd]?)$/.exec(text.trim());
  if (match === null) return undefined;
  const unit = match[2] as keyof typeof durationUnits | '';
  const seconds = Number(match[1]) * (unit === '' ? 1 : durationUnits[unit]);
  return seconds > 0 && seconds <= maxDurationSeconds ? seconds : undefined;
}

function decodedName(url: string, written: string): string {
  let path: string;
  try {
    path = decodeURIComponent(written);
  } catch {
    throw new StartError(`cannot sign ${url}: it holds a percent sign that begins no valid UTF-8 character`);
  }
  if (!path.endsWith(flvSuffix)) throw new StartError(`cannot sign ${url}: a stream over HTTP ends in ${flvSuffix}`);
  return path.slice(0, -flvSuffix.length);
}

/** The application is the first part: which one the client takes as such makes no difference. */
function pathOf(written: string): string | undefined {
  const [, app = '', name = ''] = /^\/*([^/]+(?:\/_definst_)?)\/(.+)$/.exec(written) ?? [];
  return streamPath({ app, name });
}
