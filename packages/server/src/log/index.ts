export { createLogger, type LogOptions } from './create-logger.js';
export { type Logger, silentLogger } from './logger.js';
export { RefusalReport } from './refusal-report.js';
