export type {
  AppBroadcast,
  AppClient,
  AppDanmu,
  AppData,
  AppService,
  AppServiceMessage,
  AppStream,
  CallOptions,
  PublishedAppStream,
} from './app-client.js';
export { AppConnection, type CallOutcome } from './app-connection.js';
export { AppError } from './app-error.js';
export type { AppObjectChange, AppObjectName } from './app-object-access.js';
export { AppPublication } from './app-publication.js';
export type { AppRecording, AppRecordOptions, RecordingTarget } from './app-recording.js';
export { type AppServer, startApp } from './app-server.js';
export { CallError, type CallErrorCode } from './call-error.js';
export { type AppPeer, type ConnectDetails, ConnectedClient } from './connected-client.js';
export {
  type App,
  type AppDefinition,
  type AppHandlers,
  type AppsDefinition,
  defineApp,
  findHandlers,
  type Procedure,
} from './define-app.js';
export { loadApp } from './load-app.js';
export { refusedCall } from './prohibited-call.js';
export { Refusal, redirect, reject } from './refusal.js';
export { tellRecorded } from './tell-recorded.js';
