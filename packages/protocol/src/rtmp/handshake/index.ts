export { ClientHandshake } from './client-handshake.js';
export { EncryptedClientHandshake } from './encrypted-client-handshake.js';
export { EncryptedServerHandshake } from './encrypted-server-handshake.js';
export {
  type DiffieHellman,
  type HandshakeCrypto,
  type HandshakeKind,
  handshakeVersions,
  type KeyPair,
} from './handshake-packet.js';
export type { EncryptedVersion } from './hidden-signature.js';
export type { EncryptedCrypto, SessionCiphers } from './key-exchange.js';
export type { Rc4 } from './rc4.js';
export { ServerHandshake } from './server-handshake.js';
