import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessScene, clientAt } from '../../test/access-scene.js';
import { adobeVectors } from './access.vectors.js';
import { adobeResponse } from './adobe-authentication.js';
import { type ClientInfo, denial } from './index.js';

const rejected = (description: string) => denial('connect', 'credentials', description);
const needUser = rejected('[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ');
const failed = rejected('[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed');
const encoder = (app: string) => clientAt(app, { flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)' });
const users = 'users={alice: "pa:ss word", bob: secret}';

/** Asks for a challenge and answers it as ffmpeg does: base64 is not escaped. `cheat` is what it should not write. */
async function answer(
  scene: AccessScene,
  given: { readonly user: string; readonly password: string },
  cheat: Readonly<Record<string, string>> = {},
): Promise<ClientInfo> {
  const asked = await scene.connect(encoder(`live?authmod=adobe&user=${given.user}`));
  const reason = /^\[ AccessManager.Reject \] : \[ authmod=adobe \] : \?reason=needauth&(.*)$/.exec(
    asked?.description ?? '',
  );
  const { user = '', salt = '', opaque = '', challenge } = Object.fromEntries(new URLSearchParams(reason?.[1]));
  expect(user).toBe(given.user);
  expect(challenge).toBe(opaque);
  // With bytes that are + and / in base64.
  const clientChallenge = '+/8++A==';
  const response = adobeResponse({ user, salt, password: given.password, opaque, clientChallenge });
  const query = { user, challenge: clientChallenge, response, opaque, ...cheat };
  const written = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return encoder(`live?authmod=adobe&${written.join('&')}`);
}

describe('user and password', () => {
  it.each(adobeVectors)('the response of $user', ({ response, ...given }) => {
    expect(adobeResponse(given)).toBe(response);
  });

  it('are asked of encoders at once, of others when they publish', async () => {
    const scene = new AccessScene(users);
    expect(await scene.connect(encoder('live'))).toEqual(needUser);
    expect(await scene.connect(clientAt('live'))).toBeUndefined();
    expect(await scene.connect(clientAt('live?authmod=llnw&user=alice'))).toBeUndefined();
    expect(await scene.publish(clientAt('live'), 'test')).toEqual(
      denial('publish', 'credentials', 'User and password are needed.'),
    );
    expect(await scene.play(clientAt('live'), 'test')).toBe('test');
  });

  it('open the connection that gave them', async () => {
    const scene = new AccessScene(users);
    for (const given of [
      { user: 'alice', password: 'pa:ss word' },
      { user: 'bob', password: 'secret' },
    ]) {
      const client = await answer(scene, given);
      expect(await scene.connect(client)).toBeUndefined();
      expect(await scene.publish(client, 'test')).toBe('test');
      expect(await scene.publish(encoder('live'), 'test')).toMatchObject({ kind: 'credentials' });
    }
  });

  it('that are wrong are refused alike, whether the user exists or not', async () => {
    const scene = new AccessScene(users);
    for (const given of [
      { user: 'alice', password: 'secret' },
      { user: 'alice', password: '' },
      { user: 'carol', password: 'secret' },
      { user: 'carol', password: '' },
      { user: '__proto__', password: '' },
    ])
      expect(await scene.connect(await answer(scene, given))).toEqual(failed);
    expect(await scene.connect(encoder('live?authmod=adobe&user=a%26salt=b'))).toEqual(failed);
    expect(await scene.connect(encoder('live?authmod=adobe'))).toEqual(needUser);
  });

  it('have the same salt each time, and a challenge of their own', async () => {
    const scene = new AccessScene(users);
    const ask = async (user: string) => {
      const asked = await scene.connect(encoder(`live?authmod=adobe&user=${user}`));
      return new URLSearchParams(asked?.description.split('?')[1]);
    };
    const [first, second, other] = [await ask('carol'), await ask('carol'), await ask('alice')];
    expect(second.get('salt')).toBe(first.get('salt'));
    expect(other.get('salt')).not.toBe(first.get('salt'));
    expect(second.get('opaque')).not.toBe(first.get('opaque'));
  });

  it('are taken for a challenge of ours only, of this user, once, and within a minute', async () => {
    const scene = new AccessScene(users);
    const alice = { user: 'alice', password: 'pa:ss word' };
    const cheats = [
      { opaque: '' },
      { opaque: 'A'.repeat(30) },
      { user: 'bob' },
      { challenge: 'other' },
      { response: '' },
    ];
    for (const cheat of cheats) expect(await scene.connect(await answer(scene, alice, cheat))).toEqual(failed);

    const client = await answer(scene, alice);
    expect(await scene.connect(client)).toBeUndefined();
    expect(await scene.connect({ ...client })).toEqual(failed);

    const late = await answer(scene, alice);
    scene.nowMs += 60_000;
    expect(await scene.connect(late)).toEqual(failed);
    expect(await scene.connect(await answer(scene, alice))).toBeUndefined();
  });

  it('fit into what ffmpeg reads of a description', async () => {
    const asked = await new AccessScene(users).connect(encoder(`live?authmod=adobe&user=${'u'.repeat(48)}`));
    expect(asked?.description).toMatch(/needauth/);
    expect(asked?.description.length).toBeLessThan(256);
  });

  it('are read behind a query that was there before', async () => {
    const scene = new AccessScene(users);
    expect(await scene.connect(encoder('live?x=1?authmod=adobe&user=alice'))).toMatchObject({
      description: expect.stringMatching(/needauth&user=alice/),
    });
    expect(await scene.connect(encoder('live?authmod=adobe?authmod=adobe&user=alice'))).toMatchObject({
      description: expect.stringMatching(/needauth&user=alice/),
    });
    expect(await scene.connect(encoder('live?authmod=adobe&user=alice?authmod=adobe&user=alice'))).toMatchObject({
      description: expect.stringMatching(/needauth&user=alice/),
    });
  });

  it('never throw', async () => {
    const scene = new AccessScene(users);
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(text, text, text, text, async (user, challenge, response, opaque) => {
        const query = new URLSearchParams({ authmod: 'adobe', user, challenge, response, opaque });
        const outcome = await scene.connect(clientAt('live', { query }));
        expect(outcome).toEqual(user === '' ? needUser : failed);
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});
