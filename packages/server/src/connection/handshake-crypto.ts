import { createHmac, randomBytes } from 'node:crypto';
import type { HandshakeCrypto } from '@millrace/protocol';

/** The handshake's cryptography from Node's own. */
export const handshakeCrypto: HandshakeCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  randomBytes: (count) => randomBytes(count),
};
