import { handshakeCrypto as platformCrypto } from '@millrace/client';
import type { EncryptedCrypto, HandshakeCrypto } from '@millrace/protocol';

/** The handshakes' cryptography, from Node's own. */
export const handshakeCrypto: EncryptedCrypto = withKeyExchange(platformCrypto);

function withKeyExchange({ diffieHellman, ...others }: HandshakeCrypto): EncryptedCrypto {
  if (diffieHellman === undefined) throw new TypeError('this is not Node');
  return { ...others, diffieHellman };
}
