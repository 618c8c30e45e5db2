export type { ServerInfo, StreamInfo } from 'millrace/api';
export { backoffMs } from './backoff.js';
export { type PollReport, ServerPoller } from './server-poller.js';
