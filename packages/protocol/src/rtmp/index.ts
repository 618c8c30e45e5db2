export * from './chunk/index.js';
export * from './handshake/index.js';
export * from './message/index.js';
