import { audioCodecNames, videoCodecNames } from '@millrace/protocol';
import type { DvrWindow } from './dvr/index.js';
import type {
  AudioInfo,
  DvrInfo,
  FlvSink,
  FlvSubscription,
  FlvViewerInfo,
  LatencyInfo,
  PlayerInfo,
  StreamInfo,
  StreamSource,
  VideoInfo,
} from './http/index.js';
import { type LiveStreams, latencyMethods, type PlayerFacts, type PublishedStream } from './live/index.js';
import { type ShiftedViewerOptions, shiftedViewer } from './shifted-viewer.js';

/** A publisher may call itself anything; a list of streams has room for this. */
const maxSoftwareLength = 200;

export interface LiveSourceOptions extends ShiftedViewerOptions {
  /** The live path's clock. */
  readonly now: () => number;
  /** What the stream of this path is being recorded into. */
  readonly recordingOf: (path: string) => string | undefined;
}

/** The live streams as HTTP needs them: rows for the API, and FLV for viewers. */
export function liveSource(options: LiveSourceOptions): StreamSource {
  const { streams, windows, now, recordingOf } = options;
  return {
    isValidName: (app, name) => streams.isValidName({ app, name }),
    isPublished: (app, name) => streams.isPublished({ app, name }),
    snapshot: () =>
      streams.published().map((published) => ({
        ...streamInfo(published, now()),
        recording: recordingOf(published.path) ?? null,
        dvr: dvrInfo(windows.find(published)),
      })),
    players(app, name, limit) {
      const players = streams.players({ app, name });
      const nowMs = now();
      return (
        players && { total: players.length, players: players.slice(0, limit).map((one) => playerInfo(one, nowMs)) }
      );
    },
    openFlv(app, name, sink, viewer) {
      const key = { app, name };
      if (!streams.isPublished(key)) return undefined;
      return shiftedViewer(options, key, viewer, sink) ?? flvSubscription(streams, key, viewer, sink);
    },
  };
}

function flvSubscription(
  streams: LiveStreams,
  key: { readonly app: string; readonly name: string },
  { kind, chunked, address, audio, video }: FlvViewerInfo,
  sink: FlvSink,
): FlvSubscription | undefined {
  const player = {
    address,
    get pendingBytes() {
      return sink.pendingBytes;
    },
    write: (bytes: Uint8Array) => sink.write(bytes),
    // A takeover: the new publication's own headers follow.
    started: () => undefined,
    ended: () => sink.end(),
    stalled: () => sink.end(),
  };
  return streams.play(key, { kind, chunked }, player, { audio, video });
}

function streamInfo(
  { path, app, name, publisher, publishedAt, stream, broadcast }: PublishedStream,
  nowMs: number,
): Omit<StreamInfo, 'recording' | 'dvr'> {
  const { facts } = broadcast;
  const video = videoInfo(broadcast.facts, nowMs);
  const audio = audioInfo(broadcast.facts, nowMs);
  const [rtmp, httpFlv, wsFlv] = (['rtmp', 'httpFlv', 'wsFlv'] as const).map((kind) => stream.countPlayers(kind));
  return {
    app,
    name,
    path,
    publishedAt,
    uptimeMs: Math.round(nowMs - facts.startedMs),
    publisher: {
      address: publisher.address,
      software: facts.metadata?.encoder?.slice(0, maxSoftwareLength) ?? publisher.software,
    },
    video,
    audio,
    bitrateKbps: (video?.bitrateKbps ?? 0) + (audio?.bitrateKbps ?? 0),
    viewers: { total: stream.playerCount, rtmp: rtmp ?? 0, httpFlv: httpFlv ?? 0, wsFlv: wsFlv ?? 0 },
    bytesIn: facts.bytesIn,
    bytesOut: facts.bytesOut,
    jumps: facts.jumps,
    latency: latencyInfo(facts),
    warnings: warningsOf(facts),
  };
}

function dvrInfo(window: DvrWindow | undefined): DvrInfo | null {
  const fromMs = window?.oldest?.timeMs;
  return window === undefined || fromMs === undefined ? null : { fromMs, toMs: window.toMs, bytes: window.bytes };
}

type Facts = PublishedStream['broadcast']['facts'];

function latencyInfo({ latency }: Facts): LatencyInfo | null {
  const figures = latencyMethods.flatMap((method) => {
    const figure = latency.get(method);
    return figure === undefined ? [] : [[`${method}Ms`, Math.round(figure)] as const];
  });
  return figures.length === 0 ? null : Object.fromEntries(figures);
}

function playerInfo(player: PlayerFacts, nowMs: number): PlayerInfo {
  const { kind, address = '', joinedMs, paused, bytesOut, pendingBytes, lagMs, reportedLatencyMs } = player;
  return {
    transport: kind,
    address,
    since: Math.round(Date.now() - (nowMs - joinedMs)),
    paused,
    bytesOut,
    pendingBytes,
    lagMs: Math.round(lagMs),
    latencyMs: reportedLatencyMs === undefined ? null : Math.round(reportedLatencyMs),
  };
}

function warningsOf({ metadata, missingMetadata }: Facts): string[] {
  if (missingMetadata.length === 0) return [];
  if (metadata === undefined) return ['The publisher has sent no metadata that can be read.'];
  return [`The metadata of the publisher leaves out ${missingMetadata.join(', ')}.`];
}

function videoInfo(facts: Facts, nowMs: number): VideoInfo | null {
  if (!facts.hasVideo) return null;
  const { videoConfig } = facts;
  const claimed = facts.metadata?.video[0];
  const width = videoConfig?.width ?? claimed?.width;
  const height = videoConfig?.height ?? claimed?.height;
  return {
    codec: videoCodecNames[facts.videoCodec ?? 'unknown'],
    ...(videoConfig?.codecString === undefined ? {} : { codecString: videoConfig.codecString }),
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(claimed?.frameRate === undefined ? {} : { frameRate: claimed.frameRate }),
    bitrateKbps: Math.round(facts.videoRate.bitsPerSecond(nowMs) / 1000),
  };
}

function audioInfo(facts: Facts, nowMs: number): AudioInfo | null {
  if (!facts.hasAudio) return null;
  const { audioConfig } = facts;
  return {
    codec: audioCodecNames[facts.audioCodec ?? 'unknown'],
    ...(audioConfig?.codecString === undefined ? {} : { codecString: audioConfig.codecString }),
    ...(audioConfig?.sampleRate === undefined ? {} : { sampleRate: audioConfig.sampleRate }),
    ...(audioConfig?.channels === undefined ? {} : { channels: audioConfig.channels }),
    bitrateKbps: Math.round(facts.audioRate.bitsPerSecond(nowMs) / 1000),
  };
}
