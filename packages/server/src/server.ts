import { performance } from 'node:perf_hooks';
import { type App, loadApp } from './app/index.js';
import type { Config } from './config/index.js';
import { handshakeCrypto } from './connection/index.js';
import { createHttpServer } from './http/index.js';
import { type BoundAddress, RtmpListener } from './listen/index.js';
import { LiveStreams } from './live/index.js';
import { liveSource } from './live-source.js';
import type { Logger } from './log/index.js';
import { version } from './version.js';

export interface RunningServer {
  /** Where RTMP is bound. */
  readonly rtmp: BoundAddress;
  /** Where HTTP is bound. */
  readonly http: BoundAddress;
  readonly streams: LiveStreams;
  /** Stops accepting, tells everybody, and resolves when all connections are closed: at the latest after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface ServerOptions {
  /** Instead of the application in `app.file`. */
  readonly app?: App;
}

/**
 * Loads the application, if there is one, and starts every listener. Rejects, with nothing left open: with `AppError` when
 * the application does not load, with the system's error when an address cannot be had.
 */
export async function startServer(config: Config, logger: Logger, options: ServerOptions = {}): Promise<RunningServer> {
  const app = options.app ?? (config.app.file === '' ? undefined : await loadApp(config.app.file));
  const now = (): number => performance.now();
  const startedAt = Date.now();
  const streams = new LiveStreams({
    gopCache: config.live.gopCache,
    maxLagMs: config.live.maxLagMs,
    maxGopBytes: config.live.maxGopBytes,
    stallTimeoutMs: config.limits.stallTimeoutMs,
    maxWindowMs: config.live.maxWindowMs,
    takeover: config.publish.takeover,
    graceMs: config.publish.graceMs,
    now,
  });
  const rtmpListener = new RtmpListener({ config, streams, crypto: handshakeCrypto, app, now }, logger);
  let rtmp: BoundAddress = { host: '', port: 0 };
  let http: BoundAddress = { host: '', port: 0 };
  const httpServer = createHttpServer({
    config,
    logger,
    streams: liveSource(streams, now),
    serverInfo: () => ({
      version,
      startedAt,
      uptimeMs: Date.now() - startedAt,
      rtmpPort: rtmp.port,
      httpPort: http.port,
      defaultApp: 'live',
      connections: rtmpListener.connectionCount,
      memoryBytes: process.memoryUsage.rss(),
    }),
  });
  rtmp = await rtmpListener.listen();
  try {
    http = await httpServer.listen();
  } catch (error) {
    await rtmpListener.close(0);
    throw error;
  }
  return {
    rtmp,
    http,
    streams,
    async close(graceMs) {
      await Promise.all([rtmpListener.close(graceMs), httpServer.close()]);
      streams.close();
    },
  };
}
