export type { ServerInfo, SharedObjectContent, SharedObjectInfo, SharedObjectSlot, StreamInfo } from 'millrace/api';
export { backoffMs } from './backoff.js';
export { ServerClock } from './server-clock.js';
export { type ObjectsWish, ServerPoller } from './server-poller.js';
