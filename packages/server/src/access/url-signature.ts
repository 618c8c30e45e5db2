import { createHmac } from 'node:crypto';

/** What a link is good for. */
export interface SignedGrant {
  readonly action: 'publish' | 'play';
  /** Of the stream: `/live/test`. Holds no control characters. */
  readonly path: string;
  /** Seconds since 1970, as in the link. */
  readonly expires: string;
  /** The only address that may use the link, as in the link; `''`: any. */
  readonly ip: string;
}

/**
 * The parameter `sign` of a link: base64url, without padding, of the HMAC-SHA256 of four lines, none of which can hold a
 * line break. docs/access.md has the same in shell commands.
 */
export function urlSignature(secret: string, { action, path, expires, ip }: SignedGrant): string {
  const text = `${action}\n${path}\n${expires}\n${ip}`;
  return createHmac('sha256', secret).update(text).digest('base64url');
}
