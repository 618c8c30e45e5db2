export { type ServerFigures, ServerMetrics, type StreamFigures } from './server-metrics.js';
