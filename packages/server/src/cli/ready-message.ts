export interface ReadyFacts {
  readonly version: string;
  /** As bound: the real port where 0 was asked for. */
  readonly rtmp: { readonly host: string; readonly port: number };
  readonly http: { readonly host: string; readonly port: number };
  /** The same with TLS; `undefined`: not so. */
  readonly rtmps?: { readonly host: string; readonly port: number } | undefined;
  readonly https?: { readonly host: string; readonly port: number } | undefined;
  /** SHA-256 of the certificate; `undefined`: there is no TLS. */
  readonly fingerprint?: string | undefined;
  /** `rtmp.encrypted`. */
  readonly encrypted: boolean;
  /** `rtmp.tunneled`. */
  readonly tunneled: boolean;
  /** Whether the test stream is published. */
  readonly demo: boolean;
}

const defaultRtmpPort = 1935;
const defaultHttpPort = 80;

/** For people: the addresses, how to publish, how to watch. */
export function readyText({ version, rtmp, http, demo, encrypted, tunneled, ...tls }: ReadyFacts): string {
  const rtmpUrl = urlOf('rtmp', rtmp, defaultRtmpPort);
  const httpUrl = urlOf('http', http, defaultHttpPort);
  const watched = demo ? 'live/demo' : 'live/test';
  const rows: [string, string][] = [
    ['RTMP', rtmpUrl],
    ...samePortRows({ encrypted, tunneled, hasTls: tls.fingerprint !== undefined }),
    ...tlsRows(rtmp, tls),
    ['Web page', `${httpUrl}/`],
    ['', ''],
    [
      'Publish with ffmpeg',
      `ffmpeg -re -i input.mp4 -c:v libx264 -preset veryfast -g 60 -c:a aac -f flv ${rtmpUrl}/live/test`,
    ],
    ['Publish with OBS', `Service "Custom…", Server ${rtmpUrl}/live, Stream Key test`],
    ['Watch in a browser', `${httpUrl}/`],
    ['Watch in a player', `ffplay ${rtmpUrl}/${watched}`],
    ['Watch as HTTP-FLV', `${httpUrl}/${watched}.flv`],
  ];
  if (demo) rows.push(['', ''], ['Test stream', `${rtmpUrl}/live/demo (until the server stops)`]);
  const width = Math.max(...rows.map(([label]) => label.length)) + 3;
  const lines = rows.map(([label, text]) => (label === '' ? '' : `  ${label.padEnd(width)}${text}`));
  return ['', `millrace ${version} is ready. Ctrl+C stops it.`, '', ...lines, '', ''].join('\n');
}

/** What the port of RTMP takes besides. */
function samePortRows({
  encrypted,
  tunneled,
  hasTls,
}: Pick<ReadyFacts, 'encrypted' | 'tunneled'> & { readonly hasTls: boolean }): [string, string][] {
  const protocols = [
    hasTls && 'RTMPS',
    encrypted && 'RTMPE',
    tunneled && 'RTMPT',
    tunneled && hasTls && 'RTMPTS',
    tunneled && encrypted && 'RTMPTE',
  ].filter((protocol) => protocol !== false);
  return protocols.length === 0 ? [] : [['On the same port', protocols.join(', ')]];
}

function tlsRows(
  rtmp: ReadyFacts['rtmp'],
  { rtmps = rtmp, https, fingerprint }: Pick<ReadyFacts, 'rtmps' | 'https' | 'fingerprint'>,
): [string, string][] {
  if (fingerprint === undefined) return [];
  const page: [string, string][] = https === undefined ? [] : [['Web page (TLS)', `${urlOf('https', https, 443)}/`]];
  // Programs disagree on the port that rtmps:// without one means: 443, or 1935.
  return [['RTMPS', urlOf('rtmps', rtmps)], ['Certificate', `SHA-256 ${fingerprint}`], ...page];
}

/** For programs: one line, whatever the level of the log. The ports stand by themselves as well as in the addresses. */
export function readyJson(
  { version, rtmp, http, rtmps, https, fingerprint, demo }: Omit<ReadyFacts, 'encrypted' | 'tunneled'>,
  nowMs: number,
): string {
  const line = {
    level: 'info',
    time: nowMs,
    msg: 'ready',
    version,
    rtmp: { ...rtmp, url: urlOf('rtmp', rtmp) },
    http: { ...http, url: urlOf('http', http) },
    ...(rtmps && { rtmps: { ...rtmps, url: urlOf('rtmps', rtmps) } }),
    ...(https && { https: { ...https, url: urlOf('https', https) } }),
    ...(fingerprint && { fingerprint }),
    ports: { rtmp: rtmp.port, http: http.port },
    // The names that GET /api/v1/server gives them.
    rtmpPort: rtmp.port,
    httpPort: http.port,
    demo,
  };
  return `${JSON.stringify(line)}\n`;
}

function urlOf(
  scheme: string,
  { host, port }: { readonly host: string; readonly port: number },
  usualPort?: number,
): string {
  const suffix = port === usualPort ? '' : `:${port}`;
  return `${scheme}://${reachableHost(host)}${suffix}`;
}

/** A name for "every interface" that a client on this machine can connect to. */
function reachableHost(host: string): string {
  if (host === '' || host === '::') return 'localhost';
  if (host === '0.0.0.0') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
