import { timingSafeEqual } from 'node:crypto';
import { ConfigError } from '../config/index.js';
import { streamPath, trimApp } from '../live/index.js';
import type { ClientInfo } from './client-info.js';
import { type CredentialResult, findCredential, validCredential } from './credential.js';
import type { RequestedPublication, RequestedStream } from './guard.js';
import { secretDigest } from './secret-digest.js';

interface Entry {
  /** `/live/studio`, `/live`; `''` for all. */
  readonly path: string;
  /** Digests; `'open'`: no key is needed. */
  readonly keys: readonly Buffer[] | 'open';
}

const refused: CredentialResult = { outcome: 'wrong', description: 'The stream key is wrong or missing.' };
const missing: CredentialResult = { outcome: 'missing', description: 'The stream key is wrong or missing.' };

/** The keys that publishers must give. What no entry covers is refused in the same words as a wrong key. */
export class PublishKeys {
  /** The longest path, which is the most specific, first. */
  readonly #entries: readonly Entry[];
  /** Publications that a key in the place of the name has opened. */
  readonly #resolved = new WeakSet<RequestedStream>();

  /** @throws ConfigError for a path that is none, or is there twice. */
  constructor(keys: ReadonlyMap<string, readonly string[] | 'open'>) {
    const entries = new Map<string, Entry>();
    for (const [written, given] of keys) {
      const path = entryPath(written);
      if (path === undefined) throw new ConfigError('access.publishKeys has a key that is no path of streams');
      if (entries.has(path)) throw new ConfigError(`access.publishKeys names ${path || '*'} twice`);
      entries.set(path, { path, keys: given === 'open' ? given : given.map(secretDigest) });
    }
    this.#entries = [...entries.values()].sort((a, b) => b.path.length - a.path.length);
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  check(client: ClientInfo, stream: RequestedStream): CredentialResult {
    if (this.#resolved.has(stream)) return validCredential;
    const given = findCredential(client, stream, 'key');
    const path = streamPath({ app: client.app, name: stream.name });
    const entry = path === undefined ? undefined : this.#entries.find((each) => isBelow(path, each.path));
    if (entry?.keys === 'open') return validCredential;
    if (given === undefined) return missing;
    return entry !== undefined && holds(entry.keys, given) ? validCredential : refused;
  }

  /** The stream that a key in the place of its name stands for; `undefined` where the name is no such key. */
  resolve(client: ClientInfo, stream: RequestedPublication): RequestedPublication | undefined {
    const path = streamPath({ app: client.app, name: stream.name });
    if (path === undefined) return undefined;
    const slash = path.lastIndexOf('/');
    const [parent, key] = [path.slice(0, slash), secretDigest(path.slice(slash + 1))];
    let name: string | undefined;
    // All of them, so that the time tells nothing.
    for (const entry of this.#entries) {
      const isFound = entry.keys !== 'open' && entry.keys.some((each) => timingSafeEqual(each, key));
      if (isFound && entry.path.startsWith(`${parent}/`)) name ??= entry.path.slice(`/${trimApp(client.app)}/`.length);
    }
    if (name === undefined) return undefined;
    const resolved = { ...stream, name };
    this.#resolved.add(resolved);
    return resolved;
  }
}

/** `live/studio`, `/live/studio/` and `live/studio/*` are the same. */
function entryPath(written: string): string | undefined {
  const text = written.trim();
  if (text === '*') return '';
  const bare = trimApp(text.replace(/\/\*$/, ''));
  const slash = bare.indexOf('/');
  if (slash < 0) return bare === '' ? undefined : `/${bare}`;
  return streamPath({ app: bare.slice(0, slash), name: bare.slice(slash + 1) });
}

function isBelow(path: string, entry: string): boolean {
  return path === entry || path.startsWith(`${entry}/`);
}

function holds(keys: readonly Buffer[], given: string): boolean {
  // A plus sign means a space in a query; people who paste a key do not know.
  const digests = [...new Set([given, given.replaceAll(' ', '+')])].map(secretDigest);
  return keys.some((key) => digests.some((digest) => timingSafeEqual(key, digest)));
}
