export { createLogger, type LogOptions } from './create-logger.js';
export { type Logger, silentLogger } from './logger.js';
