import { isIP } from 'node:net';
import { mappedIpv4 } from '../config/index.js';
import { streamPath } from '../live/index.js';
import type { ClientInfo } from './client-info.js';
import { type CredentialResult, findCredential, validCredential } from './credential.js';
import type { RequestedStream } from './guard.js';
import { isSameSecret } from './secret-digest.js';
import { urlSignature } from './url-signature.js';

const missing: CredentialResult = { outcome: 'missing', description: 'A signed link is needed.' };
const wrong: CredentialResult = { outcome: 'wrong', description: 'The signature of the link is wrong.' };
const expired: CredentialResult = { outcome: 'wrong', description: 'The link has expired.' };
const elsewhere: CredentialResult = { outcome: 'wrong', description: 'The link is for another address.' };

export interface SignedLinksOptions {
  /** All are accepted. */
  readonly secrets: readonly string[];
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Links that carry `expires`, `sign` and, where only one address may use them, `ip`. */
export class SignedLinks {
  readonly #secrets: readonly string[];
  readonly #nowMs: () => number;

  constructor({ secrets, nowMs }: SignedLinksOptions) {
    this.#secrets = secrets;
    this.#nowMs = nowMs;
  }

  check(client: ClientInfo, action: 'publish' | 'play', stream: RequestedStream): CredentialResult {
    const sign = findCredential(client, stream, 'sign');
    if (sign === undefined) return missing;
    const path = streamPath({ app: client.app, name: stream.name });
    const expires = findCredential(client, stream, 'expires') ?? '';
    const ip = findCredential(client, stream, 'ip') ?? '';
    if (path === undefined || !/^\d{1,15}$/.test(expires) || (ip !== '' && isIP(ip) === 0)) return wrong;
    const isSigned = this.#secrets
      .map((secret) => isSameSecret(urlSignature(secret, { action, path, expires, ip }), sign))
      .includes(true);
    if (!isSigned) return wrong;
    if (this.#nowMs() >= Number(expires) * 1000) return expired;
    return ip === '' || plainAddress(ip) === plainAddress(client.address) ? validCredential : elsewhere;
  }
}

/** One way to write each address. */
function plainAddress(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  return mappedIpv4(address) ?? new URL(`http://[${address}]`).hostname;
}
