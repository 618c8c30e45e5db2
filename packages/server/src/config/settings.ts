import { accessSettings, addresses } from './access-settings.js';
import { dvrSettings } from './dvr-settings.js';
import { recordSettings } from './record-settings.js';
import { serviceSettings } from './service-settings.js';
import {
  choice,
  eventWebhookUrl,
  flag,
  folder,
  integer,
  listen,
  optionalFile,
  origins,
  type Setting,
  secret,
  webhookUrl,
} from './setting-kinds.js';
import { sharedObjectSettings } from './shared-object-settings.js';
import { httpsSettings, rtmpsSettings, tlsSettings } from './tls-settings.js';
import { vodSettings } from './vod-settings.js';

const kibi = 1024;
const mebi = 1024 * kibi;
const gibi = 1024 * mebi;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Every key, by section. The table is the only place that knows them: types, checks and the reference come from it. */
export const settings = {
  rtmp: {
    listen: listen(
      ':1935',
      'Where encoders publish and RTMP players connect. What they speak is found out: RTMP, RTMPE, RTMPT, and RTMPS once there is TLS.',
    ),
    encrypted: flag(
      true,
      'RTMPE is served. It hides what is sent from those who do not look closely, and protects nothing; use RTMPS for that.',
    ),
    tunneled: flag(
      true,
      'RTMPT is served: RTMP in HTTP requests, for clients that get through to nothing but HTTP. On rtmp.listen and http.listen, and with TLS where there is TLS.',
    ),
    dataStart: flag(
      false,
      'Players are told NetStream.Data.Start when playing starts, as by Flash Media Server. FFmpeg makes a stream of its own of it, the first of all, which is why they are not told without need.',
    ),
    proxyFrom: addresses(
      "Load balancers that begin every connection to rtmp.listen and rtmps.listen with a PROXY header, version 1 or 2, which tells the client's real address. What others begin with is never taken for one.",
    ),
  },
  rtmps: rtmpsSettings,
  tls: tlsSettings,
  http: {
    listen: listen(
      ':8080',
      'Where the web page, the HTTP API, HTTP-FLV, WebSocket-FLV and RTMP over WebSocket are served.',
    ),
    rtmpOrigins: origins(
      "Origins of the pages that may connect with RTMP over WebSocket, and call the gateway of Flash Remoting; *: all of them. The server's own page is one as any other. Programs that are no browsers have none, and are let in.",
    ),
  },
  https: httpsSettings,
  media: {
    dir: folder(
      './media',
      'Folder of media files. Relative to the folder that the server is started in; made if missing.',
    ),
  },
  record: recordSettings,
  vod: vodSettings,
  dvr: dvrSettings,
  state: {
    dir: folder('./state', "Folder of the server's own lasting state. Relative and made as media.dir."),
  },
  live: {
    maxWindowMs: integer(
      100,
      0,
      1000,
      'Longest time, ms, that media is gathered before it is sent to players in one write. Longer takes less CPU and adds up to as much delay; the time in use grows from a few ms with the number of players. 0: a write for every message.',
    ),
    gopCache: flag(
      true,
      'New players start at once with the newest key frame that has passed. Without, they wait for the next one.',
    ),
    maxLagMs: integer(
      5000,
      100,
      10 * minuteMs,
      'A player that is further behind than this, ms, is moved ahead to the newest key frame.',
    ),
    maxGopBytes: integer(32 * mebi, 64 * kibi, 2 * gibi - 1, 'Media kept in memory for each stream, bytes.'),
  },
  publish: {
    takeover: choice(
      ['refuse', 'replace'],
      'refuse',
      'What happens when a second publisher asks for a name in use: it is refused, or it replaces the first.',
    ),
    graceMs: integer(
      5000,
      0,
      10 * minuteMs,
      'A client that comes back on a new connection gets its name although the old connection is still open, once that has been silent for this long, ms.',
    ),
  },
  app: {
    file: optionalFile(
      'JavaScript or TypeScript file of your application, which decides who may connect, publish and play. Relative to the folder that the server is started in. --app sets this key.',
    ),
    timeoutMs: integer(
      10_000,
      10,
      10 * minuteMs,
      'Time that the application has for a decision or a call, ms; what it has not decided by then is refused.',
    ),
    onlyKnown: flag(
      false,
      'Clients that connect to a name that the application file does not have are refused. Without, they publish and play freely. Only with app.file.',
    ),
  },
  access: accessSettings,
  service: serviceSettings,
  sharedObjects: sharedObjectSettings,
  webhooks: {
    url: webhookUrl(
      'Your program that is asked who may connect, publish and play, and told when that ends: with a POST of JSON. User and password in the URL are sent as Basic authorization.',
    ),
    onConnect: eventWebhookUrl('on_connect'),
    onPublish: eventWebhookUrl('on_publish'),
    onUnpublish: eventWebhookUrl('on_unpublish'),
    onPlay: eventWebhookUrl('on_play'),
    onStop: eventWebhookUrl('on_stop'),
    onRecordDone: eventWebhookUrl('on_record_done'),
    onDanmu: webhookUrl(
      'Your program that is asked about every danmu, with on_danmu: it can refuse it and change its text. webhooks.url does not stand for it.',
    ),
    secret: secret(
      'Webhooks are signed with this, so that your program can tell them from others. Nothing: no signature.',
    ),
    timeoutMs: integer(5000, 10, 10 * minuteMs, 'Time that one attempt to send a webhook may take, ms.'),
    retries: integer(
      2,
      0,
      10,
      'Attempts after the first one that failed: no answer, status 429, or 500 and above. A client whose webhook fails altogether is refused.',
    ),
    maxPending: integer(
      1000,
      1,
      10_000,
      'Webhooks that may wait to be sent. More requests of clients are refused; of events, the oldest are dropped.',
    ),
  },
  limits: {
    connections: integer(20_000, 1, 1_000_000, 'Connections at a time, of RTMP and of HTTP each.'),
    messageBytes: integer(8 * mebi, 4 * kibi, 16 * mebi - 1, 'Size of one RTMP message, bytes.'),
    partialBytes: integer(
      16 * mebi,
      4 * kibi,
      gibi,
      'Messages of one connection of which only a part has come, together, bytes.',
    ),
    chunkStreams: integer(256, 3, 65_598, 'Chunk streams of one connection.'),
    messageStreams: integer(32, 1, 65_535, 'Streams that one connection may have open at a time (createStream).'),
    handshakeTimeoutMs: integer(
      10_000,
      100,
      hourMs,
      'Time to finish the RTMP handshake, one of TLS before it, to send the header of an HTTP request, or to answer SWF verification, ms.',
    ),
    connectTimeoutMs: integer(10_000, 100, hourMs, 'Time from the handshake to the connect command, ms.'),
    idleTimeoutMs: integer(
      60_000,
      100,
      24 * hourMs,
      'A peer that says nothing for this long, also when asked, is let go, ms.',
    ),
    stallTimeoutMs: integer(
      30_000,
      100,
      24 * hourMs,
      'A player that takes nothing for this long while there is something to send is let go, ms.',
    ),
    amfDepth: integer(64, 1, 512, 'How deep values may be nested in commands.'),
    amfElements: integer(65_536, 16, 16 * mebi, 'Values in one command.'),
    queuedBytes: integer(
      4 * mebi,
      4 * kibi,
      gibi,
      'Answers that wait for a peer that does not read them, bytes of one connection. Media does not count: it is never queued.',
    ),
  },
  log: {
    level: choice(['debug', 'info', 'warn', 'error', 'silent'], 'info', 'The least serious messages that are logged.'),
    format: choice(
      ['pretty', 'json'],
      'pretty',
      'Lines for people, or one JSON object a line for programs. --log sets this key.',
    ),
  },
} as const satisfies Record<string, Record<string, Setting<unknown>>>;

type Settings = typeof settings;
type SettingValue<T> = T extends Setting<infer Value> ? Value : never;

/** The whole configuration: every key has a value. Units are in the names; the meanings are in `settings`. */
export type Config = {
  readonly [Section in keyof Settings]: {
    readonly [Key in keyof Settings[Section]]: SettingValue<Settings[Section][Key]>;
  };
};
