export type { ServerInfo, StreamInfo } from './api-types.js';
export { backoffMs } from './backoff.js';
export { type PollReport, ServerPoller } from './server-poller.js';
