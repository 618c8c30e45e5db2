export * from './chunk/index.js';
export * from './handshake/index.js';
export * from './message/index.js';
export * from './session/index.js';
