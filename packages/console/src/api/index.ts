export type { ServerInfo, StreamInfo } from 'millrace/api';
export { backoffMs } from './backoff.js';
export { ServerPoller } from './server-poller.js';
