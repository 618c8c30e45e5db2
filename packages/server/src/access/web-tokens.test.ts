import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { exportJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { AccessScene, clientAt } from '../../test/access-scene.js';
import { denial } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'millrace-tokens-'));
afterAll(() => rmSync(folder, { recursive: true }));

const secret = '0123456789abcdef0123456789abcdef';
const live = clientAt('live');
const refused = (description: string) => denial('play', 'credentials', description);
const wrong = refused('The token is wrong.');
const bytes = (text: string) => new TextEncoder().encode(text);

const scene = new AccessScene(`jwtSecret=${secret}`);
const good: JWTPayload = { streams: ['live/test'], exp: scene.nowSeconds + 10 };

function token(
  claims: JWTPayload,
  key: Uint8Array | KeyObject = bytes(secret),
  header: { alg: string; kid?: string } = { alg: 'HS256' },
) {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

function fileWith(name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

describe('tokens', () => {
  it('open what they name, wherever they stand', async () => {
    const given = await token(good);
    expect(await scene.play(live, `test?token=${given}`)).toBe('test');
    expect(await scene.play(clientAt(`live?token=${given}`), 'test')).toBe('test');
    expect(await scene.play(clientAt('live', { bearerToken: given }), 'test')).toBe('test');
    expect(await scene.play(live, `test2?token=${given}`)).toEqual(refused('The token is for something else.'));
    expect(await scene.play(live, 'test')).toEqual(refused('A token is needed.'));
  });

  it.each<[unknown, string, boolean]>([
    [['live/test'], 'test', true],
    [['/live/test'], 'test', true],
    [['live/other', 'live/*'], 'test', true],
    [['*'], 'room/a', true],
    [['live/*'], 'room/a', true],
    [['live/room/*'], 'room/a', true],
    [['live/room/*'], 'roomy', false],
    [['live/te*'], 'test', false],
    [['live'], 'test', false],
    [[], 'test', false],
    [['', null, 7, {}], 'test', false],
    ['live/test', 'test', false],
    [undefined, 'test', false],
  ])('with the streams %j and %s: %s', async (streams, name, isAllowed) => {
    const given = await token({ ...good, streams });
    const outcome = await scene.play(live, `${name}?token=${given}`);
    expect(outcome).toEqual(isAllowed ? name : refused('The token is for something else.'));
  });

  it.each<[unknown, boolean, boolean]>([
    [undefined, true, false],
    [['play'], true, false],
    [['publish'], false, true],
    [['publish', 'play'], true, true],
    [[], false, false],
    ['publish', false, false],
    [null, false, false],
  ])('with the actions %j', async (actions, plays, publishes) => {
    const given = await token({ ...good, actions });
    expect((await scene.play(live, `test?token=${given}`)) === 'test').toBe(plays);
    expect((await scene.publish(live, `test?token=${given}`)) === 'test').toBe(publishes);
  });

  it('have their time', async () => {
    const at = async (claims: JWTPayload) => scene.play(live, `test?token=${await token({ ...good, ...claims })}`);
    expect(await at({ exp: scene.nowSeconds })).toEqual(refused('The token has expired.'));
    expect(await at({ nbf: scene.nowSeconds + 1 })).toEqual(refused('The token is not valid yet.'));
    expect(await at({ nbf: scene.nowSeconds })).toBe('test');
    const { exp: _, ...eternal } = good;
    expect(await scene.play(live, `test?token=${await token(eternal)}`)).toEqual(wrong);
  });

  it('have the issuer and the audience that are asked for', async () => {
    const picky = new AccessScene(`jwtSecret=${secret}`, 'jwtIssuer=https://issuer', 'jwtAudience=media');
    const at = async (claims: JWTPayload) => picky.play(live, `test?token=${await token({ ...good, ...claims })}`);
    expect(await at({ iss: 'https://issuer', aud: ['media', 'more'] })).toBe('test');
    expect(await at({ iss: 'https://issuer' })).toEqual(wrong);
    expect(await at({ iss: 'other', aud: 'media' })).toEqual(wrong);
  });

  it('are accepted with each secret, and with no other', async () => {
    const two = new AccessScene(`jwtSecret=[${'x'.repeat(32)}, ${secret}]`);
    expect(await two.play(live, `test?token=${await token(good)}`)).toBe('test');
    expect(await two.play(live, `test?token=${await token({ ...good, exp: 1 })}`)).toEqual(
      refused('The token has expired.'),
    );
    expect(await scene.play(live, `test?token=${await token(good, bytes('y'.repeat(32)))}`)).toEqual(wrong);
    expect(await scene.play(live, `test?token=${new UnsecuredJWT(good).encode()}`)).toEqual(wrong);
    expect(await scene.play(live, `test?token=${await token(good, undefined, { alg: 'HS512' })}`)).toEqual(wrong);
  });

  it('never throw', async () => {
    const given = await token(good);
    const mutated = fc
      .tuple(fc.nat(given.length), fc.nat(8), fc.string({ unit: 'binary', maxLength: 8 }))
      .map(([at, count, text]) => given.slice(0, at) + text + given.slice(at + count))
      .filter((text) => text !== given);
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, fc.string({ unit: 'binary' })), async (text) => {
        const outcome = await scene.play(clientAt('live', { bearerToken: text }), 'test');
        // The last character of base64url has bits that mean nothing.
        if (outcome !== 'test') expect(outcome).toMatchObject({ kind: 'credentials' });
        else expect(text.slice(0, -1)).toBe(given.slice(0, -1));
      }),
      { seed: 5, numRuns: 200 },
    );
  });
});

describe('tokens with key pairs', () => {
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed25519 = generateKeyPairSync('ed25519');

  it.each([
    ['RS256', rsa, ['ES256', ec]],
    ['PS512', rsa, ['EdDSA', ed25519]],
    ['ES256', ec, ['RS256', rsa]],
    ['EdDSA', ed25519, ['ES256', ec]],
  ] as const)('%s', async (alg, pair, [otherAlg, other]) => {
    const file = fileWith('key.pem', pem(pair.publicKey));
    const pairs = new AccessScene(`jwtKeyFile=${file}`);
    const play = async (key: KeyObject | Uint8Array, by: string) =>
      pairs.play(live, `test?token=${await token(good, key, { alg: by })}`);
    expect(await play(pair.privateKey, alg)).toBe('test');
    expect(await play(other.privateKey, otherAlg)).toEqual(wrong);
    // The public key as if it were a shared secret.
    expect(await play(bytes(pem(pair.publicKey)), 'HS256')).toEqual(wrong);
    expect(await pairs.play(live, `test?token=${new UnsecuredJWT(good).encode()}`)).toEqual(wrong);
  });

  it('of a JWK Set are chosen by their name', async () => {
    const keys = [
      { ...(await exportJWK(rsa.publicKey)), kid: 'a' },
      { ...(await exportJWK(ec.publicKey)), kid: 'b' },
    ];
    const set = new AccessScene(`jwtKeyFile=${fileWith('keys.json', JSON.stringify({ keys }))}`);
    const play = async (key: KeyObject, header: { alg: string; kid?: string }) =>
      set.play(live, `test?token=${await token(good, key, header)}`);
    expect(await play(rsa.privateKey, { alg: 'RS256', kid: 'a' })).toBe('test');
    expect(await play(ec.privateKey, { alg: 'ES256', kid: 'b' })).toBe('test');
    expect(await play(ec.privateKey, { alg: 'ES256' })).toBe('test');
    expect(await play(ec.privateKey, { alg: 'ES256', kid: 'a' })).toEqual(wrong);
    expect(await play(ed25519.privateKey, { alg: 'EdDSA' })).toEqual(wrong);
  });

  it('and shared secrets stand side by side', async () => {
    const both = new AccessScene(`jwtSecret=${secret}`, `jwtKeyFile=${fileWith('both.pem', pem(ec.publicKey))}`);
    expect(await both.play(live, `test?token=${await token(good)}`)).toBe('test');
    expect(await both.play(live, `test?token=${await token(good, ec.privateKey, { alg: 'ES256' })}`)).toBe('test');
    expect(await both.play(live, `test?token=${await token(good, bytes(pem(ec.publicKey)))}`)).toEqual(wrong);
  });

  it.each([
    ['', 'holds neither a public key in PEM nor a JWK Set'],
    ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', 'holds neither a public key in PEM nor a JWK Set'],
    [ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'holds a private key; give the public one'],
    [pem(generateKeyPairSync('x25519').publicKey), 'holds a key of a kind that is not supported: RSA, EC or Ed25519'],
    [
      pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
      'holds a key of a kind that is not supported: RSA, EC or Ed25519',
    ],
    ['{', 'is JSON, but no JWK Set with keys'],
    ['{"keys":[]}', 'is JSON, but no JWK Set with keys'],
    ['{"keys":[null]}', 'is JSON, but no JWK Set with keys'],
    ['{"keys":[{"kty":"oct","k":"AAAA"}]}', 'holds a secret key; give that to access.jwtSecret'],
    [JSON.stringify({ keys: [ec.privateKey.export({ format: 'jwk' })] }), 'holds a private key; give the public one'],
    ['{"keys":[{"kty":"OKP","crv":"X25519"}]}', 'holds no key of a kind that is supported: RSA, EC or Ed25519'],
  ])('do not start with the file %#', (content, problem) => {
    const file = fileWith('bad', content);
    expect(() => new AccessScene(`jwtKeyFile=${file}`)).toThrow(`config: access.jwtKeyFile: ${file} ${problem}`);
  });

  it('do not start without their file', () => {
    expect(() => new AccessScene('jwtKeyFile=/none.pem')).toThrow(
      'config: access.jwtKeyFile: /none.pem cannot be read: there is no such file',
    );
  });
});
