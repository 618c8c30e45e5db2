export type { BoundAddress } from './listen/index.js';
export { type RunningServer, startServer } from './server.js';
export { version } from './version.js';
