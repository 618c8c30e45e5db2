export type { Bandwidth } from './bandwidth.js';
export { RtmpCommandError, RtmpConnectionError } from './errors.js';
export { type ConnectOptions, NetConnection } from './net-connection.js';
export type { NetStream, NetStreamEvent, PlayOptions, PublishOptions, PublishType } from './net-stream.js';
export type { CommandOptions } from './pending-answer.js';
export { type FlvSource, type PublishedFlv, type PublishFlvOptions, publishFlv } from './publish-flv.js';
export { parseRtmpUrl, type RtmpUrl, type RtmpUrlOptions } from './rtmp-url.js';
export type { ServiceStreamEvent } from './service-event.js';
export type { DanmuToSend, ServeOptions, ServiceHeaderToSend, ServiceStream } from './service-stream.js';
