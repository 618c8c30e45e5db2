export {
  type Capability,
  type DanmuCapability,
  formatCapability,
  type MediaCapability,
  parseCapability,
} from './capability.js';
export { type Danmu, type DanmuLimits, defaultDanmuLimits, formatDanmu, parseDanmu } from './danmu.js';
export { type AssOptions, defaultAssOptions, formatAss, type TimedDanmu } from './danmu-ass.js';
export {
  formatStoredDanmu,
  formatStoredMessage,
  parseStoredDanmu,
  parseStoredMessage,
  type StoredDanmu,
  type StoredMessage,
} from './danmu-store.js';
export {
  formatServe,
  parseServe,
  parseServeAnswer,
  type ServeAnswer,
  type ServeOutcome,
  serveStatusCodes,
} from './serve.js';
export {
  capabilityQueryHeader,
  formatServiceHeader,
  parseServiceHeader,
  responseHeader,
  type ServiceHeader,
} from './service-header.js';
export { parseServiceMessage, type ServiceMessage } from './service-message.js';
export {
  serviceMessageName,
  serviceProtocolVersion,
  serviceTypes,
  type TransimitType,
  transimitTypes,
} from './service-protocol.js';
export { defaultServiceQueueLimits, type PushResult, ServiceQueue, type ServiceQueueLimits } from './service-queue.js';
