// To read what clients send, and what is in recordings.
export {
  AmfEcmaArray,
  type AmfInput,
  AmfObject,
  type AmfValue,
  amfToPlain,
  FlvDemuxer,
  parseMetadata,
} from '@millrace/protocol';
export {
  type App,
  type AppBroadcast,
  type AppClient,
  type AppDanmu,
  type AppData,
  type AppDefinition,
  AppError,
  type AppHandlers,
  type AppObjectChange,
  type AppObjectName,
  type AppRecording,
  type AppRecordOptions,
  type AppServer,
  type AppService,
  type AppServiceMessage,
  type AppStream,
  type AppsDefinition,
  CallError,
  type CallErrorCode,
  type CallOptions,
  defineApp,
  loadApp,
  type Procedure,
  type PublishedAppStream,
  Refusal,
  redirect,
  reject,
} from './app/index.js';
export { type Config, ConfigError, loadConfig } from './config/index.js';
export type { BoundAddress } from './listen/index.js';
export { createLogger, type Logger, type LogOptions, silentLogger } from './log/index.js';
export { RecordingError } from './recording/index.js';
export { type RunningServer, type ServerOptions, startServer } from './server.js';
export {
  type AppSharedObject,
  type SharedObjectChange,
  SharedObjectError,
  type SharedObjectFacts,
  StateError,
} from './shared-object/index.js';
export { version } from './version.js';
