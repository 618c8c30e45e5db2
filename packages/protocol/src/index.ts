export * from './amf/index.js';
export * from './bytes/index.js';
export * from './flv/index.js';
export * from './rtmp/index.js';
export * from './rtmpt/index.js';
export * from './service/index.js';
