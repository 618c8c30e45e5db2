export * from './addresses.js';
export * from './console-state.js';
export * from './format.js';
export * from './latency.js';
export * from './publish-settings.js';
export * from './recordings.js';
export * from './shared-objects.js';
export * from './stream-path.js';
