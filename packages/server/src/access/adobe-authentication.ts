import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { ClientInfo } from './client-info.js';
import { lastValue } from './credential.js';
import { type Denial, denial } from './denial.js';
import { isSameSecret } from './secret-digest.js';

/*
 * Three connections, of which the first two are refused, each with what the client needs for the next:
 *
 *   connect app                                    code=403 need auth; authmod=adobe
 *   connect app?authmod=adobe&user=U               ?reason=needauth&user=U&salt=S&challenge=C&opaque=O
 *   connect app?authmod=adobe&user=U               accepted, or ?reason=authfailed
 *           &challenge=D&response=R&opaque=O
 *
 *   R = base64(md5(base64(md5(U + S + password)) + O + D))
 *
 * So do ffmpeg's libavformat/rtmpproto.c, librtmp's PublisherAuth (OBS) and GStreamer. `O` tells all that the server
 * needs to know of the challenge, so that it keeps nothing for those who only ask:
 *
 *   base64url( expires, 4 bytes | random, 6 bytes | HMAC of both and of U, the first 12 bytes )
 */

const lifetimeMs = 60_000;
const headerLength = 10;
const signatureLength = 12;
const opaquePattern = /^[\w-]{30}$/;
/** What `access.users` allows: what is no such name is nobody's, and goes into no description. */
const userPattern = /^[\w.@-]{1,48}$/;
/** Challenges that were answered rightly, which only takes who has a password; at most this many in their lifetime. */
const maxUsed = 10_000;

export interface AdobeAuthenticationOptions {
  readonly users: ReadonlyMap<string, string>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

export type AdobeStep =
  /** The client does not ask to be authenticated. */
  | { readonly step: 'none' }
  | { readonly step: 'authenticated' }
  | { readonly step: 'refused'; readonly denial: Denial };

/** User and password of a publisher by `authmod=adobe`, the authentication of Flash Media Live Encoder. */
export class AdobeAuthentication {
  readonly #users: ReadonlyMap<string, string>;
  readonly #nowMs: () => number;
  readonly #secret = randomBytes(32);
  /** The end of their lifetime, ms, by challenge. */
  readonly #used = new Map<string, number>();

  constructor({ users, nowMs }: AdobeAuthenticationOptions) {
    this.#users = users;
    this.#nowMs = nowMs;
  }

  connect({ query }: ClientInfo): AdobeStep {
    if (!asksForIt(query)) return { step: 'none' };
    const user = lastValue(query, 'user') ?? '';
    if (user === '') return refused(needAuthentication.description);
    if (!userPattern.test(user)) return refused(failed);
    const response = lastValue(query, 'response');
    if (response === undefined) return refused(this.#challenge(user));
    const isRight = this.#isRight(user, {
      response: base64(response),
      clientChallenge: base64(lastValue(query, 'challenge') ?? ''),
      opaque: lastValue(query, 'opaque') ?? '',
    });
    return isRight ? { step: 'authenticated' } : refused(failed);
  }

  #challenge(user: string): string {
    const header = Buffer.alloc(headerLength);
    header.writeUInt32BE(Math.floor((this.#nowMs() + lifetimeMs) / 1000));
    randomBytes(headerLength - 4).copy(header, 4);
    const opaque = Buffer.concat([header, this.#sign(header, user)]).toString('base64url');
    // ffmpeg reads 255 bytes of a description: with the longest user it has 190.
    return `[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=${user}&salt=${this.#salt(user)}&challenge=${opaque}&opaque=${opaque}`;
  }

  #isRight(
    user: string,
    given: { readonly response: string; readonly clientChallenge: string; readonly opaque: string },
  ): boolean {
    // A user that does not exist costs the same work and gets the same answer.
    const password = this.#users.get(user);
    const expected = adobeResponse({ user, salt: this.#salt(user), password: password ?? '', ...given });
    const isSame = isSameSecret(expected, given.response);
    return this.#isFresh(given.opaque, user) && isSame && password !== undefined && this.#use(given.opaque);
  }

  #isFresh(opaque: string, user: string): boolean {
    if (!opaquePattern.test(opaque)) return false;
    const bytes = Buffer.from(opaque, 'base64url');
    const header = bytes.subarray(0, headerLength);
    const signature = bytes.subarray(headerLength).toString('hex');
    return (
      isSameSecret(signature, this.#sign(header, user).toString('hex')) && this.#nowMs() < header.readUInt32BE() * 1000
    );
  }

  /** Whoever saw the connection could give the same answer once more. */
  #use(opaque: string): boolean {
    const now = this.#nowMs();
    for (const [each, endMs] of this.#used) {
      if (endMs > now && this.#used.size < maxUsed) break;
      this.#used.delete(each);
    }
    // Decoded: the last character of base64url has bits that mean nothing.
    const key = Buffer.from(opaque, 'base64url').toString('hex');
    if (this.#used.has(key)) return false;
    this.#used.set(key, now + lifetimeMs);
    return true;
  }

  #salt(user: string): string {
    return createHmac('sha256', this.#secret).update(`salt ${user}`).digest('base64url').slice(0, 8);
  }

  #sign(header: Buffer, user: string): Buffer {
    const hmac = createHmac('sha256', this.#secret).update('opaque ').update(header).update(user);
    return hmac.digest().subarray(0, signatureLength);
  }
}

/** The first answer to a client that has not said who it is: ffmpeg and OBS come back with the user they were given. */
export const needAuthentication = denial(
  'connect',
  'credentials',
  '[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ',
);

const failed = '[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed';

export function adobeResponse(given: {
  readonly user: string;
  readonly salt: string;
  readonly password: string;
  /** Of the server; clients take its `challenge` where it gave no `opaque`. */
  readonly opaque: string;
  readonly clientChallenge: string;
}): string {
  const secret = md5(given.user + given.salt + given.password);
  return md5(secret + given.opaque + given.clientChallenge);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

function refused(description: string): AdobeStep {
  return { step: 'refused', denial: denial('connect', 'credentials', description) };
}

/** ffmpeg appends `?authmod=…` to whatever the address ends with, a query as well. */
function asksForIt(query: URLSearchParams): boolean {
  if (query.getAll('authmod').includes('adobe')) return true;
  return [...query.values()].some((value) => value.endsWith('?authmod=adobe'));
}

/** ffmpeg and librtmp write base64 into a query as it is, where a plus sign means a space. */
function base64(value: string): string {
  return value.replaceAll(' ', '+');
}
