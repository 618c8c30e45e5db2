import { createHmac, randomBytes } from 'node:crypto';
import type { HandshakeCrypto } from '@millrace/protocol';

export const nodeCrypto: HandshakeCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  randomBytes: (count) => randomBytes(count),
};
