import * as v from 'valibot';
import { type AddressRange, parseAddressRange } from './address-range.js';
import { choice, list, maxEntries, optionalFile, type Setting } from './setting-kinds.js';

const maxTextLength = 1024;
/** As long as the key of an HMAC-SHA256 is of use against somebody who tries them all on a link. */
const minUrlSecretLength = 16;
/** [RFC 7518 §3.2] a key of the size of the hash or larger. */
const minTokenSecretLength = 32;
const userPattern = /^[\w.@-]{1,48}$/;

function map<Value>(
  parse: (key: string, value: unknown) => Value | undefined,
  item: { readonly allowed: string; readonly meaning: string; readonly isSecret: true },
): Setting<ReadonlyMap<string, Value>> {
  return {
    schema: v.pipe(
      v.unknown(),
      v.rawTransform(({ dataset, addIssue, NEVER }) => {
        const { value } = dataset;
        const parsed = new Map<string, Value>();
        const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
        const entries = isMap ? Object.entries(value) : [];
        for (const [key, each] of entries) {
          const result = parse(key, each);
          if (result !== undefined) parsed.set(key, result);
        }
        if (isMap && parsed.size === entries.length && entries.length <= maxEntries) return parsed;
        addIssue();
        return NEVER;
      }),
    ),
    default: {},
    isCollection: true,
    ...item,
  };
}

export function addresses(meaning: string): Setting<readonly AddressRange[]> {
  return list((item) => (typeof item === 'string' ? parseAddressRange(item) : undefined), {
    allowed: 'IPv4 or IPv6 addresses and ranges such as 10.0.0.0/8, one or a list',
    meaning,
  });
}

function secrets(minLength: number, meaning: string): Setting<readonly string[]> {
  return list((item) => (isText(item) && item.length >= minLength ? item : undefined), {
    allowed: `text of ${minLength} to ${maxTextLength} characters, one or a list`,
    meaning,
    isSecret: true,
  });
}

function text(meaning: string): Setting<string> {
  return {
    schema: v.pipe(v.unknown(), v.string(), v.maxLength(maxTextLength)),
    default: '',
    allowed: `text of up to ${maxTextLength} characters, or nothing`,
    meaning,
  };
}

/** A player's file, or what it is known by. */
export type SwfPlayer =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'identity'; readonly hash: Uint8Array; readonly size: number };

const swfIdentityPattern = /^([0-9a-f]{64}):([1-9][0-9]{0,9})$/i;
const startsWithHash = /^[0-9a-f]{64}(?::|$)/i;

function swfPlayer(value: unknown): SwfPlayer | undefined {
  if (!isText(value) || value.includes('\0')) return undefined;
  const [, hash, digits] = swfIdentityPattern.exec(value) ?? [];
  if (hash === undefined) return startsWithHash.test(value) ? undefined : { kind: 'file', path: value };
  const size = Number(digits);
  return size <= 0xffff_ffff ? { kind: 'identity', hash: Buffer.from(hash, 'hex'), size } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxTextLength;
}

/** No keys: none is needed. */
function keysOfStream(stream: string, value: unknown): readonly string[] | 'open' | undefined {
  if (!isText(stream)) return undefined;
  if (value === '') return 'open';
  if (isText(value)) return [value];
  return Array.isArray(value) && value.length > 0 && value.every(isText) ? value : undefined;
}

const actions = ['publish', 'play', 'both'] as const;

export const accessSettings = {
  allow: addresses(
    'If any, only clients from these addresses may connect, publish, play and use the web page and API.',
  ),
  deny: addresses('Clients from these addresses may do nothing. Wins over access.allow.'),
  publishFrom: addresses('If any, publishers must come from these addresses.'),
  playFrom: addresses('If any, players must come from these addresses.'),
  apiFrom: addresses('If any, the web page and the HTTP API are for these addresses.'),
  publishKeys: map(keysOfStream, {
    allowed:
      'a map of streams (live/studio), paths (live) or * to a key (text in quotes where it is a number), a list of keys, or "" for no key',
    meaning:
      'Keys that publishers must give, as ?key=… or alone in the place of the stream name. The most specific entry counts; a stream without one cannot be published. See access.md.',
    isSecret: true,
  }),
  users: map((user, password) => (userPattern.test(user) && isText(password) ? password : undefined), {
    allowed: 'a map of names (1 to 48 letters, digits and . _ - @) to passwords (text in quotes where it is a number)',
    meaning: 'Publishers that give user and password, by the authentication of FMLE: authmod=adobe.',
    isSecret: true,
  }),
  urlSecret: secrets(
    minUrlSecretLength,
    'Links are signed with this and expire. Of several, all are accepted and the first one signs. millrace sign makes links.',
  ),
  urlFor: choice(actions, 'both', 'What needs a signed link, once there is access.urlSecret.'),
  jwtSecret: secrets(
    minTokenSecretLength,
    'JSON Web Tokens are checked with this, by HS256. Of several, all are accepted.',
  ),
  jwtKeyFile: optionalFile(
    'JSON Web Tokens are checked with the public keys of this file: PEM, or a JWK Set. Relative to the folder that the server is started in.',
  ),
  jwtFor: choice(actions, 'both', 'What needs a JSON Web Token, once there is access.jwtSecret or access.jwtKeyFile.'),
  jwtIssuer: text('The claim iss that JSON Web Tokens must have. Nothing: any, or none.'),
  jwtAudience: text('The claim aud that JSON Web Tokens must have. Nothing: any, or none.'),
  swf: list(swfPlayer, {
    allowed: 'paths of SWF files, or HASH:SIZE as rtmpdump shows them, one or a list',
    meaning:
      'If any, clients that connect by RTMP must answer SWF verification as one of these Flash players within limits.handshakeTimeoutMs. It stops only those who do not look closely. Files are read at the start. See access.md.',
  }),
  swfExempt: addresses('Clients from these addresses are not asked for SWF verification: encoders cannot answer it.'),
} as const satisfies Record<string, Setting<unknown>>;
