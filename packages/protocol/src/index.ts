export * from './amf/index.js';
export * from './bytes/index.js';
