import { createDiffieHellman, createHmac, type DiffieHellman, getDiffieHellman, randomBytes } from 'node:crypto';
import type { EncryptedCrypto } from '@millrace/protocol';

const publicKeyLength = 128;
/** Enough bits for a group of 1024, and a fraction of the time that as many would take. */
const privateKeyLength = 32;
let sharedGroup: DiffieHellman | undefined;

export const nodeCrypto: EncryptedCrypto = {
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  randomBytes: (count) => randomBytes(count),
  diffieHellman: {
    createKeys() {
      const privateKey = randomBytes(privateKeyLength);
      return { privateKey, publicKey: padded(groupWith(privateKey).generateKeys()) };
    },
    secret({ privateKey }, peerPublicKey) {
      const group = groupWith(privateKey);
      // Nobody who counts in this group gets there; OpenSSL takes them.
      if (Buffer.compare(peerPublicKey, group.getPrime()) > 0) return undefined;
      try {
        return padded(group.computeSecret(peerPublicKey));
      } catch {
        // OpenSSL takes no keys that would make everybody know the secret: 0, 1, and the like.
        return undefined;
      }
    },
  },
};

/** The second group of RFC 2409, made once: every time its prime would be verified, which takes 30 ms. */
function groupWith(privateKey: Uint8Array): DiffieHellman {
  if (sharedGroup === undefined) {
    const group = getDiffieHellman('modp2');
    sharedGroup = createDiffieHellman(group.getPrime(), group.getGenerator());
  }
  sharedGroup.setPrivateKey(privateKey);
  return sharedGroup;
}

function padded(bytes: Uint8Array): Uint8Array {
  const key = new Uint8Array(publicKeyLength);
  key.set(bytes, publicKeyLength - bytes.length);
  return key;
}
