export type {
  ApiError,
  AudioInfo,
  LatencyInfo,
  PlayerInfo,
  PlayerList,
  ServerInfo,
  ServiceInfo,
  ServiceList,
  StreamInfo,
  StreamList,
  VideoInfo,
  ViewerCounts,
} from './api-types.js';
export { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.js';
export type { MetricsSource } from './metrics-source.js';
export type { AnswerRemoting, RemotingPost } from './remoting-post.js';
export type { ServiceSource } from './service-source.js';
export type { FlvSink, FlvSubscription, FlvViewerInfo, StreamSource } from './stream-source.js';
export type { Admit, Visit, VisitOutcome, Visitor } from './visit.js';
