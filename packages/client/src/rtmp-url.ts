import { RtmpUsageError } from '@millrace/protocol';

const defaultPorts = {
  rtmp: 1935,
  rtmpe: 1935,
  rtmps: 443,
  rtmpt: 80,
  rtmpte: 80,
  rtmpts: 443,
  ws: 80,
  wss: 443,
} as const;

/**
 * What an RTMP URL says, taken apart for `connect` and for `publish` or `play`.
 *
 *   rtmp://  user:pass@  [2001:db8::1]:1935  /live/instance  /stream/name?key=1  #name
 *   scheme   connectArgs host          port  app             streamName          streamName
 *
 *   ws://host:8080/rtmp  /live/instance  /stream/name?key=1
 *   webSocketUrl         app             streamName
 */
export interface RtmpUrl {
  readonly scheme: keyof typeof defaultPorts;
  /** A name or an address; an IPv6 address without its brackets. */
  readonly host: string;
  /** 1 … 65535; the scheme's default where the URL has none: 1935 of `rtmp` and `rtmpe`; 80 of `rtmpt`, `rtmpte` and `ws`; 443 of those
   * with TLS. */
  readonly port: number;
  /** `''` where the path is empty. Carries the query of a URL that names no stream. */
  readonly app: string;
  /** With its query, as `publish` and `play` take it; `undefined` where the URL names none. */
  readonly streamName: string | undefined;
  /** For the `tcUrl` of `connect`: the URL up to the app; no port if it is the default, never user info or fragment. */
  readonly tcUrl: string;
  /** The user info, split at its colons and percent-decoded: arguments after the command object. */
  readonly connectArgs: readonly string[];
  /** Of `ws` and `wss`: where the WebSocket is opened. It ends at the first path segment `rtmp`; the app comes after it. */
  readonly webSocketUrl?: string;
}

export interface RtmpUrlOptions {
  /** How many leading path segments make the app: 1 or more, default 1. The rest is the stream name. */
  readonly appSegments?: number;
}

// The general syntax of a URI [RFC 3986 appendix B]. WHATWG's URL is not used: it rewrites paths (`..`, escapes) that
// are opaque names here.
const uriPattern = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/is;
const endpointPattern = /^(?:\/[^/]*)*?\/rtmp(?=\/|$)/;
const authorityPattern = /^(?:([^@]*)@)?(\[[0-9a-f:.]+(?:%[^\]]+)?\]|[^:@[\]]+)(?::([0-9]*))?$/i;

/**
 * Takes an `rtmp:`, `rtmpe:`, `rtmps:`, `rtmpt:`, `rtmpte:`, `rtmpts:`, `ws:` or `wss:` URL apart. A URL does not say where the app ends and the stream
 * name begins; as most software does, the first path segment is the app, unless `appSegments` says otherwise or a fragment names the stream,
 * in which case the whole path is the app. [RTMP URIs §4–6]
 *
 * Throws `RtmpUsageError` with `ERR_RTMP_URL_INVALID` for anything that is not such a URL.
 */
export function parseRtmpUrl(text: string, options: RtmpUrlOptions = {}): RtmpUrl {
  const appSegments = options.appSegments ?? 1;
  if (!Number.isInteger(appSegments) || appSegments < 1) {
    throw new RtmpUsageError(
      'ERR_RTMP_URL_INVALID',
      `appSegments must be a whole number from 1 up, not ${appSegments}`,
    );
  }
  const match = uriPattern.exec(text.trim());
  const scheme = match?.[1]?.toLowerCase();
  if (!match || scheme === undefined || !isScheme(scheme))
    throw invalid(
      text,
      'it does not start with rtmp://, rtmpe://, rtmps://, rtmpt://, rtmpte://, rtmpts://, ws:// or wss://',
    );
  const [, , authority = '', path = '', query, fragment] = match;

  const parts = authorityPattern.exec(authority);
  if (!parts) throw invalid(text, 'it has no valid host');
  const [, userInfo, hostText = '', portText = ''] = parts;
  const port = portText === '' ? defaultPorts[scheme] : Number(portText);
  if (port < 1 || port > 65535) throw invalid(text, `port ${portText} is not one of 1 … 65535`);

  const endpoint = scheme === 'ws' || scheme === 'wss' ? endpointPattern.exec(path)?.[0] : '';
  if (endpoint === undefined)
    throw invalid(text, 'its path has no segment rtmp, which is where the WebSocket is opened');
  const { app, streamName } = splitPath(
    path.slice(endpoint.length),
    query,
    fragment === undefined ? undefined : percentDecode(fragment),
    appSegments,
  );
  const portSuffix = port === defaultPorts[scheme] ? '' : `:${port}`;
  const base = `${scheme}://${hostText}${portSuffix}${endpoint}`;
  return {
    scheme,
    host: hostText.startsWith('[') ? hostText.slice(1, -1) : hostText,
    port,
    app,
    streamName,
    tcUrl: `${base}/${app}`,
    connectArgs: userInfo === undefined ? [] : userInfo.split(':').map(percentDecode),
    ...(endpoint !== '' && { webSocketUrl: base }),
  };
}

function isScheme(text: string): text is RtmpUrl['scheme'] {
  return Object.hasOwn(defaultPorts, text);
}

function splitPath(
  path: string,
  query: string | undefined,
  fragment: string | undefined,
  appSegments: number,
): { app: string; streamName: string | undefined } {
  const querySuffix = query === undefined ? '' : `?${query}`;
  const whole = path.replace(/^\//, '');
  if (fragment !== undefined && fragment !== '') return { app: whole + querySuffix, streamName: fragment };

  const segments = whole.split('/');
  const app = segments.slice(0, appSegments).join('/');
  const name = segments.slice(appSegments).join('/');
  // A trailing slash (`rtmp://host/live/`) is how settings forms of encoders write "no stream name here".
  if (name === '') return { app: app.replace(/\/$/, '') + querySuffix, streamName: undefined };
  return { app, streamName: name + querySuffix };
}

/** A malformed escape is left as it stands: the names are opaque, and refusing would help nobody. */
function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function invalid(text: string, reason: string): RtmpUsageError {
  // The user info may hold a password, so it stays out of the message.
  return new RtmpUsageError(
    'ERR_RTMP_URL_INVALID',
    `${text.replace(/\/\/[^/@]*@/, '//')} is not an RTMP URL: ${reason}`,
  );
}
