export { ClientHandshake } from './client-handshake.js';
export { type HandshakeCrypto, type HandshakeKind, handshakeVersions } from './handshake-packet.js';
export { ServerHandshake } from './server-handshake.js';
