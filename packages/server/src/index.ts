export { type Config, ConfigError, loadConfig } from './config/index.js';
export type { BoundAddress } from './listen/index.js';
export { createLogger, type Logger, type LogOptions, silentLogger } from './log/index.js';
export { type RunningServer, startServer } from './server.js';
export { version } from './version.js';
