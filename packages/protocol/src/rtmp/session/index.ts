export { ClientSession } from './client-session.js';
export type {
  ClientEvent,
  ConnectParams,
  Play2Params,
  PlayParams,
  ServerCall,
  StatusInfo,
} from './client-session-event.js';
export {
  type ClientSessionLimits,
  type ClientSessionOptions,
  defaultClientSessionLimits,
} from './client-session-options.js';
export type { ObjectEncoding } from './object-encoding.js';
export type {
  CallAnswer,
  CallRequest,
  ConnectAnswer,
  ConnectInfo,
  ConnectRequest,
  PlayAnswer,
  PlayedKind,
  PlayRequest,
  PlayTransition,
  PlayTransitionKind,
  PublishRequest,
  PublishType,
  Rejection,
  SeekRequest,
  ServeGrant,
  ServeRequest,
  ServerEvent,
  ServiceCall,
  StopReason,
  StreamAnswer,
  StreamRole,
} from './server-event.js';
export { ServerSession } from './server-session.js';
export type { ServerSessionOptions } from './server-session-options.js';
export type { ServerSwfOptions } from './server-swf.js';
export { defaultSessionLimits, type SessionLimits } from './session-limits.js';
export { sessionChunkStreams } from './session-output.js';
export { assertSwfIdentity, identifySwf, type SwfIdentity, type SwfTools } from './swf-verification.js';
