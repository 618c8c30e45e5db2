import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { Config } from '../config/index.js';
import { streamPath } from '../live/index.js';
import type { ClientInfo } from './client-info.js';
import { type CredentialResult, findCredential, validCredential } from './credential.js';
import type { RequestedStream } from './guard.js';
import { readTokenKeys, type TokenKeys } from './token-keys.js';

const missing: CredentialResult = { outcome: 'missing', description: 'A token is needed.' };
const wrong: CredentialResult = { outcome: 'wrong', description: 'The token is wrong.' };
const expired: CredentialResult = { outcome: 'wrong', description: 'The token has expired.' };
const early: CredentialResult = { outcome: 'wrong', description: 'The token is not valid yet.' };
const elsewhere: CredentialResult = { outcome: 'wrong', description: 'The token is for something else.' };

export interface WebTokensOptions {
  readonly config: Pick<Config['access'], 'jwtSecret' | 'jwtKeyFile' | 'jwtIssuer' | 'jwtAudience'>;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** JSON Web Tokens that say which streams their bearer may publish or play, and until when. */
export class WebTokens {
  readonly #secrets: readonly Uint8Array[];
  readonly #keys: TokenKeys | undefined;
  readonly #required: JWTVerifyOptions;
  readonly #nowMs: () => number;

  /** @throws ConfigError where the key file cannot be used. */
  constructor({ config, nowMs }: WebTokensOptions) {
    const { jwtSecret, jwtKeyFile, jwtIssuer, jwtAudience } = config;
    this.#secrets = jwtSecret.map((secret) => new TextEncoder().encode(secret));
    this.#keys = jwtKeyFile === '' ? undefined : readTokenKeys(jwtKeyFile);
    this.#required = {
      requiredClaims: ['exp'],
      ...(jwtIssuer !== '' && { issuer: jwtIssuer }),
      ...(jwtAudience !== '' && { audience: jwtAudience }),
    };
    this.#nowMs = nowMs;
  }

  check(
    client: ClientInfo,
    action: 'publish' | 'play',
    stream: RequestedStream,
  ): CredentialResult | Promise<CredentialResult> {
    const token = findCredential(client, stream, 'token') ?? client.bearerToken;
    return token === undefined ? missing : this.#checkToken(token, client, action, stream);
  }

  async #checkToken(
    token: string,
    client: ClientInfo,
    action: 'publish' | 'play',
    stream: RequestedStream,
  ): Promise<CredentialResult> {
    const verified = await this.#verify(token);
    if ('outcome' in verified) return verified;
    const path = streamPath({ app: client.app, name: stream.name });
    return path !== undefined && allows(verified.claims, action, path) ? validCredential : elsewhere;
  }

  /** The first one that the token is signed with decides. */
  async #verify(token: string): Promise<{ readonly claims: JWTPayload } | CredentialResult> {
    const options = { ...this.#required, currentDate: new Date(this.#nowMs()) };
    let result: CredentialResult = wrong;
    // Each kind of key with its own algorithms: a public key can never pass for a shared secret, and `none` for nothing.
    const attempts = this.#secrets.map(
      (secret) => () => jwtVerify(token, secret, { ...options, algorithms: ['HS256'] }),
    );
    if (this.#keys !== undefined) {
      const { key, algorithms } = this.#keys;
      const keyOptions = { ...options, algorithms: [...algorithms] };
      attempts.push(() =>
        typeof key === 'function' ? jwtVerify(token, key, keyOptions) : jwtVerify(token, key, keyOptions),
      );
    }
    for (const attempt of attempts) {
      try {
        return { claims: (await attempt()).payload };
      } catch (error) {
        const failure = failureOf(error);
        if (failure !== wrong) result = failure;
      }
    }
    return result;
  }
}

function failureOf(error: unknown): CredentialResult {
  if (error instanceof errors.JWTExpired) return expired;
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === 'nbf' ? early : wrong;
  return wrong;
}

/** What a token does not say it does not allow: without `streams` it opens none, without `actions` it only plays. */
function allows({ streams, actions = ['play'] }: JWTPayload, action: 'publish' | 'play', path: string): boolean {
  if (!Array.isArray(actions) || !actions.includes(action)) return false;
  return Array.isArray(streams) && streams.some((pattern) => typeof pattern === 'string' && matches(pattern, path));
}

/** `*`, all below a path (`live/*`), or exactly one stream (`live/test`). */
function matches(pattern: string, path: string): boolean {
  const wanted = pattern.startsWith('/') ? pattern : `/${pattern}`;
  return wanted.endsWith('/*') ? path.startsWith(wanted.slice(0, -1)) : path === wanted;
}
