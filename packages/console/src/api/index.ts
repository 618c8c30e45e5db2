export type { ServerInfo, StreamInfo } from 'millrace/api';
export { backoffMs } from './backoff.js';
export { ServerClock } from './server-clock.js';
export { ServerPoller } from './server-poller.js';
