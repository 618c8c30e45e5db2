import type { Admissions } from './admission/index.js';
import type { HttpServer, MetricsSource, RecordingViewers } from './http/index.js';
import type { RtmpConnections } from './listen/index.js';
import { type LiveStreams, latencyMethods, type PublishedStream } from './live/index.js';
import { ServerMetrics, type StreamFigures } from './metrics/index.js';
import type { ServiceRooms } from './service/index.js';
import { version } from './version.js';
import type { VodPlayback } from './vod/index.js';

export interface MetricsSourceOptions {
  readonly streams: LiveStreams;
  readonly services: Pick<ServiceRooms, 'sums'>;
  readonly admissions: Pick<Admissions, 'refusals'>;
  readonly rtmp: Pick<RtmpConnections, 'count' | 'refusedCount'>;
  readonly http: () => Pick<HttpServer, 'refusedCount' | 'recordings'>;
  readonly recordings: () => RecordingViewers;
  readonly vod: Pick<VodPlayback, 'bytesOut'>;
}

/** The figures of all parts of the server as HTTP needs them. */
export function metricsSource({
  streams,
  services,
  admissions,
  rtmp,
  http,
  recordings,
  vod,
}: MetricsSourceOptions): MetricsSource {
  return new ServerMetrics(version, () => {
    const published = streams.published();
    return {
      ...streams.totals(),
      streamCount: published.length,
      streams: published.slice(0, ServerMetrics.maxStreams).map(streamFigures),
      players: streams.playerCounts(),
      connections: rtmp.count,
      refusedConnections: { rtmp: rtmp.refusedCount, http: http().refusedCount },
      refusals: admissions.refusals,
      recordings: { players: { ...recordings() }, httpBytesOut: http().recordings.bytes, rtmpBytesOut: vod.bytesOut },
      services: services.sums(),
    };
  });
}

function streamFigures({ app, name, stream, broadcast }: PublishedStream): StreamFigures {
  const { latency } = broadcast.facts;
  const reported = stream.players().flatMap(({ reportedLatencyMs: ms }) => (ms === undefined ? [] : [ms]));
  const sum = reported.reduce((total, ms) => total + ms, 0);
  const figures = latencyMethods.map((method) => [method, latency.get(method)] as const);
  return {
    app,
    name,
    players: stream.playerCount,
    latencyMs: new Map(figures.flatMap(([method, ms]) => (ms === undefined ? [] : [[method, ms]]))),
    playerLatencyMs: reported.length === 0 ? undefined : sum / reported.length,
  };
}
