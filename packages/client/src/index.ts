export type { PublishType } from '@millrace/protocol';
export type { Bandwidth } from './bandwidth.js';
export type { TlsOptions } from './byte-connection.js';
export { fetchClockOffset } from './clock-offset.js';
export type { ConnectOptions } from './connect-options.js';
export { RtmpCommandError, RtmpConnectionError } from './errors.js';
export { handshakeCrypto } from './handshake-crypto.js';
export { identifySwf } from './identify-swf.js';
export { type ClockOptions, type Latency, LatencyMeter, type LatencyMethod } from './latency-meter.js';
export { NetConnection } from './net-connection.js';
export type { NetStream, Play2Options, PlayOptions, PublishOptions } from './net-stream.js';
export type { NetStreamEvent } from './net-stream-event.js';
export type { CommandOptions } from './pending-answer.js';
export type { PlayStatus } from './play-status.js';
export { type FlvSource, type PublishedFlv, type PublishFlvOptions, publishFlv } from './publish-flv.js';
export { parseRtmpUrl, type RtmpUrl, type RtmpUrlOptions } from './rtmp-url.js';
export type { ServiceStreamEvent } from './service-event.js';
export type { DanmuToSend, ServeOptions, ServiceHeaderToSend, ServiceStream } from './service-stream.js';
export {
  SharedObject,
  type SharedObjectListeners,
  type SharedObjectMessage,
  type SharedObjectOptions,
  type SharedObjectStatus,
} from './shared-object.js';
export type { SharedObjectChange, SharedObjectLimits } from './shared-slots.js';
export type { SharedValue } from './shared-value.js';
