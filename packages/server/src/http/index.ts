export type {
  ApiError,
  AudioInfo,
  DvrInfo,
  LatencyInfo,
  PlayerInfo,
  PlayerList,
  RecordedAudioInfo,
  RecordedVideoInfo,
  RecordingDetail,
  RecordingInfo,
  RecordingList,
  RecordingViewers,
  ServerInfo,
  ServiceInfo,
  ServiceList,
  SharedObjectContent,
  SharedObjectInfo,
  SharedObjectList,
  SharedObjectSlot,
  StreamInfo,
  StreamList,
  VideoInfo,
  ViewerCounts,
} from './api-types.js';
export { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.js';
export type { MetricsSource } from './metrics-source.js';
export type { RecordingFigures } from './recording-sender.js';
export type { RecordingPieces, RecordingQuery, RecordingSource, SentFile } from './recording-source.js';
export type { AnswerRemoting, RemotingPost } from './remoting-post.js';
export type { ServiceSource } from './service-source.js';
export type { SharedObjectRead, SharedObjectSource, SlotRead } from './shared-object-source.js';
export type { FlvSink, FlvSubscription, FlvViewerInfo, StreamSource } from './stream-source.js';
export type { Admit, Visit, VisitOutcome, Visitor } from './visit.js';
