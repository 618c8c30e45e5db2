import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { AddressRules, createGuards, DanmuWebhook, hasWebhooks, SwfRules, WebhookGuard } from './access/index.js';
import { Admissions } from './admission/index.js';
import { type App, loadApp, startApp, tellRecorded } from './app/index.js';
import { type Config, ConfigError } from './config/index.js';
import { handshakeCrypto } from './connection/index.js';
import { DvrWindows } from './dvr/index.js';
import { createHttpServer, type RecordingViewers } from './http/index.js';
import { acceptWebSocket, type BoundAddress, Reception, RtmpConnections, RtmpListener } from './listen/index.js';
import { LiveStreams, observeAll } from './live/index.js';
import { liveSource } from './live-source.js';
import type { Logger } from './log/index.js';
import { metricsSource } from './metrics-source.js';
import { Recordings } from './recording/index.js';
import { recordingSource } from './recording-source.js';
import { defaultAppName, RemotingGateway } from './remoting/index.js';
import { ServiceRooms } from './service/index.js';
import { serviceSource } from './service-source.js';
import { type SharedObjectFacts, SharedObjects } from './shared-object/index.js';
import { sharedObjectSource } from './shared-object-source.js';
import { Certificates } from './tls/index.js';
import { TunnelRequests, TunnelServer, TunnelSessions, tunnelPeerOf } from './tunnel/index.js';
import { version } from './version.js';
import { visits } from './visits.js';
import { VodPlayback } from './vod/index.js';

/** What recordings need at the end is little, and no connection's time; what is not finished then is at the next start. */
const finishRecordingsMs = 1200;

export interface RunningServer {
  /** Where RTMP is bound. */
  readonly rtmp: BoundAddress;
  /** Where HTTP is bound. */
  readonly http: BoundAddress;
  /** Where they are served with TLS, if so. */
  readonly rtmps: BoundAddress | undefined;
  readonly https: BoundAddress | undefined;
  /** SHA-256 of the certificate; `undefined`: there is no TLS. */
  readonly fingerprint: string | undefined;
  readonly streams: LiveStreams;
  /** The shared objects that somebody uses now. */
  sharedObjects(): readonly SharedObjectFacts[];
  /** Stops accepting, tells everybody, and resolves when all connections are closed: at the latest after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** What this server can be reached by, as clients negotiate it. */
function transportNames({ rtmp, https }: Config, hasTls: boolean): readonly string[] {
  return [
    'rtmp',
    'ws',
    ...(rtmp.encrypted ? ['rtmpe'] : []),
    ...(hasTls ? ['rtmps'] : []),
    ...(hasTls && https.listen !== undefined ? ['wss'] : []),
    ...(rtmp.tunneled ? ['rtmpt'] : []),
    ...(rtmp.tunneled && rtmp.encrypted ? ['rtmpte'] : []),
    ...(rtmp.tunneled && hasTls ? ['rtmpts'] : []),
  ];
}

export interface ServerOptions {
  /** Instead of the application in `app.file`. */
  readonly app?: App;
}

/**
 * Loads the application, if there is one, and starts every listener. Rejects, with nothing left open: with `ConfigError`
 * when a file of keys cannot be used, with `AppError` when the application does not load, with
 * `StateError` when what the server has stored cannot be read, with the system's error when an
 * address cannot be had.
 */
export async function startServer(config: Config, logger: Logger, options: ServerOptions = {}): Promise<RunningServer> {
  const now = (): number => performance.now();
  const certificates = await Certificates.open({ config, log: logger });
  if (certificates === undefined && config.https.listen !== undefined) {
    throw new ConfigError('https.listen is given, but there is no TLS: see tls.cert and tls.selfSigned');
  }
  const transports = transportNames(config, certificates !== undefined);
  const addresses = new AddressRules(config.access);
  const guards = createGuards(config);
  const swf = new SwfRules(config.access);
  const webhooks = hasWebhooks(config.webhooks)
    ? new WebhookGuard({ config: config.webhooks, log: logger, now })
    : undefined;
  if (webhooks !== undefined) guards.push(webhooks);
  const { onDanmu } = config.webhooks;
  const danmuWebhook = onDanmu && new DanmuWebhook({ config: { ...config.webhooks, onDanmu }, log: logger, now });
  if (danmuWebhook !== undefined) guards.push(danmuWebhook);
  const app = options.app ?? (config.app.file === '' ? undefined : await loadApp(config.app.file));
  const sharedObjects = new SharedObjects({ config, now, log: logger });
  await sharedObjects.start();
  try {
    if (app !== undefined) await startApp(app, { mediaDir: resolve(config.media.dir), ...sharedObjects.forApp });
  } catch (error) {
    await sharedObjects.close();
    throw error;
  }
  const startedAt = Date.now();
  const recordings = new Recordings({
    config,
    log: logger,
    wallClock: Date.now,
    recorded: (file) => {
      webhooks?.recorded(file);
      if (app !== undefined) tellRecorded(app, file, logger);
    },
  });
  const windows = new DvrWindows({ config, log: logger, now });
  const streams = new LiveStreams({
    observe: observeAll(recordings.observe, windows.observe),
    gopCache: config.live.gopCache,
    maxLagMs: config.live.maxLagMs,
    maxGopBytes: config.live.maxGopBytes,
    stallTimeoutMs: config.limits.stallTimeoutMs,
    maxWindowMs: config.live.maxWindowMs,
    takeover: config.publish.takeover,
    graceMs: config.publish.graceMs,
    cdnIp: config.service.cdnIp,
    now,
  });
  const services = new ServiceRooms({
    config,
    now,
    mediaTimeMs: (key) => streams.mediaTimeMs(key),
    danmuStore: recordings,
  });
  const admissions = new Admissions({
    config,
    guards,
    app,
    broadcast: (key, message) => services.broadcast(key, message),
  });
  const vod = new VodPlayback({ mediaDir: config.media.dir, now });
  const rtmpConnections = new RtmpConnections(
    {
      config,
      streams,
      vod,
      windows,
      recordings,
      services,
      sharedObjects,
      crypto: handshakeCrypto,
      swf,
      admissions,
      transports,
      now,
    },
    logger,
  );
  const common = { connections: rtmpConnections, config, crypto: handshakeCrypto, now, log: logger };
  const tunnelSessions = new TunnelSessions(common);
  const tunnelRequests = new TunnelRequests({ ...common, sessions: tunnelSessions });
  const tunnels = new TunnelServer({ ...common, sessions: tunnelSessions, requests: tunnelRequests });
  const { tunneled } = config.rtmp;
  const reception = new Reception({
    ...common,
    certificates,
    takeHttp: tunneled ? (socket, peer) => tunnels.take(socket, peer) : undefined,
  });
  const rtmpListener = new RtmpListener(reception, 'any', logger);
  const rtmpsListener = new RtmpListener(reception, 'tls', logger);
  const gateway = new RemotingGateway({ config, admissions, defaultApp: defaultAppName(app), log: logger });
  let rtmp: BoundAddress = { host: '', port: 0 };
  let http: BoundAddress = { host: '', port: 0 };
  let rtmps: BoundAddress | undefined;
  let https: BoundAddress | undefined;
  const recordingViewers = (): RecordingViewers => {
    const { viewers: httpFlv, downloads: download } = httpServer.recordings;
    return { rtmp: vod.playerCount, httpFlv, download };
  };
  const httpServer = createHttpServer({
    config,
    logger,
    certificates,
    streams: liveSource({
      streams,
      now,
      windows,
      vod,
      stallTimeoutMs: config.limits.stallTimeoutMs,
      recordingOf: (path) => recordings.fileOf(path),
    }),
    services: serviceSource(services),
    sharedObjects: sharedObjectSource(sharedObjects),
    recordings: recordingSource({ mediaDir: config.media.dir, vod, claims: recordings }),
    metrics: metricsSource({
      streams,
      services,
      admissions,
      rtmp: rtmpConnections,
      http: () => httpServer,
      recordings: recordingViewers,
      vod,
    }),
    admit: visits(admissions, logger),
    isApiAllowed: (address) => addresses.isApiAllowed(address),
    mayDelete: (address) => addresses.mayDelete(address),
    answerRemoting: (post) => gateway.answer(post),
    acceptRtmp: (socket, peer) => acceptWebSocket(rtmpConnections, socket, peer),
    ...(tunneled && {
      answerTunnel: (request, response) => tunnelRequests.answer(request, response, tunnelPeerOf(request.socket)),
    }),
    serverInfo: () => ({
      version,
      startedAt,
      uptimeMs: Date.now() - startedAt,
      rtmpPort: rtmp.port,
      httpPort: http.port,
      defaultApp: 'live',
      connections: rtmpConnections.count,
      recordingViewers: recordingViewers(),
      memoryBytes: process.memoryUsage.rss(),
    }),
  });
  const stopListening = async (): Promise<void> => {
    certificates?.close();
    await Promise.all([rtmpListener.close(), rtmpsListener.close(), httpServer.close()]);
  };
  try {
    rtmp = await rtmpListener.listen(config.rtmp.listen);
    if (certificates !== undefined && config.rtmps.listen !== undefined) {
      rtmps = await rtmpsListener.listen(config.rtmps.listen);
    }
    ({ https, ...http } = await httpServer.listen());
  } catch (error) {
    await Promise.all([stopListening(), rtmpConnections.close(0), tunnels.close(0), sharedObjects.close()]);
    throw error;
  }
  certificates?.watch();
  void recordings.start();
  void windows.start();
  return {
    rtmp,
    http,
    rtmps,
    https,
    fingerprint: certificates?.fingerprint,
    streams,
    sharedObjects: () => sharedObjects.snapshot(),
    async close(graceMs) {
      await Promise.all([stopListening(), rtmpConnections.close(graceMs), tunnels.close(graceMs)]);
      // Everybody has gone: their ends are what is left to tell.
      danmuWebhook?.close();
      await recordings.close(finishRecordingsMs);
      await webhooks?.close(graceMs);
      streams.close();
      await windows.close();
      vod.close();
      services.close();
      await sharedObjects.close();
    },
  };
}
