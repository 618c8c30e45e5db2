export type { ByteTransport } from './byte-transport.js';
export { handshakeCrypto } from './handshake-crypto.js';
export { type ConnectionContext, RtmpConnection } from './rtmp-connection.js';
