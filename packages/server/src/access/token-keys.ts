import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { ConfigError } from '../config/index.js';

/** The public keys that tokens are checked with, and the algorithms that their kinds allow: never one of a shared secret. */
export interface TokenKeys {
  readonly key: KeyObject | JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const edwardsAlgorithms = ['EdDSA', 'Ed25519'];
/** By the names that JWK [RFC 7518 §6.2.1.1] and OpenSSL have for the curve. */
const curveAlgorithms = new Map([
  ['P-256', 'ES256'],
  ['prime256v1', 'ES256'],
  ['P-384', 'ES384'],
  ['secp384r1', 'ES384'],
  ['P-521', 'ES512'],
  ['secp521r1', 'ES512'],
]);

/**
 * Reads a PEM file with one public key or certificate, or a JWK Set.
 * @throws ConfigError where there is no such file, or it holds something else.
 */
export function readTokenKeys(file: string): TokenKeys {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'there is no such file' : '';
    throw problem(file, `cannot be read${reason && `: ${reason}`}`, error);
  }
  return text.trimStart().startsWith('{') ? keySet(file, text) : pemKey(file, text);
}

function pemKey(file: string, text: string): TokenKeys {
  if (text.includes('PRIVATE KEY')) throw problem(file, 'holds a private key; give the public one');
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch (error) {
    throw problem(file, 'holds neither a public key in PEM nor a JWK Set', error);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const algorithms = algorithmsOf(type === 'rsa-pss' ? '' : (type ?? ''), details?.namedCurve);
  if (algorithms.length === 0) throw problem(file, 'holds a key of a kind that is not supported: RSA, EC or Ed25519');
  return { key, algorithms };
}

function keySet(file: string, text: string): TokenKeys {
  const keys = parseKeys(text);
  if (keys === undefined || keys.length === 0) throw problem(file, 'is JSON, but no JWK Set with keys');
  for (const { kty, d } of keys) {
    if (kty === 'oct') throw problem(file, 'holds a secret key; give that to access.jwtSecret');
    if (d !== undefined) throw problem(file, 'holds a private key; give the public one');
  }
  const algorithms = new Set(keys.flatMap(({ kty, crv }) => algorithmsOf(textOf(kty), textOf(crv))));
  if (algorithms.size === 0) throw problem(file, 'holds no key of a kind that is supported: RSA, EC or Ed25519');
  const set: JSONWebKeySet = { keys: keys.map((key) => ({ ...key, kty: textOf(key.kty) })) };
  return { key: createLocalJWKSet(set), algorithms: [...algorithms] };
}

function parseKeys(text: string): readonly Record<string, unknown>[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const keys: unknown = isObject(parsed) ? parsed.keys : undefined;
    return Array.isArray(keys) && keys.every(isObject) ? keys : undefined;
  } catch {
    return undefined;
  }
}

/** `type`: of a JWK or of a key of Node's. */
function algorithmsOf(type: string, curve: string | undefined): readonly string[] {
  if (type === 'RSA' || type === 'rsa') return rsaAlgorithms;
  if (type === 'ed25519' || (type === 'OKP' && curve === 'Ed25519')) return edwardsAlgorithms;
  const algorithm = type === 'EC' || type === 'ec' ? curveAlgorithms.get(curve ?? '') : undefined;
  return algorithm === undefined ? [] : [algorithm];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function problem(file: string, what: string, cause?: unknown): ConfigError {
  return new ConfigError(`access.jwtKeyFile: ${file} ${what}`, { cause });
}
