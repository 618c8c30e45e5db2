import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { AccessScene, clientAt } from '../../test/access-scene.js';
import { denial, urlSignature } from './index.js';

const secret = '0123456789abcdef0123456789abcdef';
const live = clientAt('live');
const refused = (description: string) => denial('publish', 'credentials', description);

describe('several kinds of credentials', () => {
  const scene = new AccessScene(
    'publishKeys={live/test: k3y, live/open: ""}',
    'users={alice: secret}',
    `urlSecret=${secret}`,
    `jwtSecret=${secret}`,
  );
  const expires = String(scene.nowSeconds + 10);
  const sign = urlSignature(secret, { action: 'publish', path: '/live/test', expires, ip: '' });
  const link = `expires=${expires}&sign=${sign}`;
  const token = new SignJWT({ streams: ['live/*'], actions: ['publish'], exp: Number(expires) })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));

  it('one that is valid is enough', async () => {
    expect(await scene.publish(live, 'test?key=k3y')).toBe('test');
    expect(await scene.publish(live, 'k3y')).toBe('test');
    expect(await scene.publish(live, `test?${link}`)).toBe('test');
    expect(await scene.publish(live, `test?token=${await token}`)).toBe('test');
    expect(await scene.publish(live, `test?key=k3y&token=${await token}`)).toBe('test');
    expect(await scene.publish(live, 'open')).toBe('open');
  });

  it('what was given and is wrong is what the client hears of', async () => {
    expect(await scene.publish(live, 'test?key=old')).toEqual(refused('The stream key is wrong or missing.'));
    expect(await scene.publish(live, `test?key=old&token=${await token}`)).toEqual(
      refused('The stream key is wrong or missing.'),
    );
    expect(await scene.publish(live, 'open?token=x')).toEqual(refused('The token is wrong.'));
    expect(await scene.publish(live, 'k3y?token=x')).toEqual(refused('The token is wrong.'));
    expect(await scene.publish(live, 'test?expires=1&sign=x')).toEqual(refused('The signature of the link is wrong.'));
    expect(await scene.publish(live, 'test?token=x')).toEqual(refused('The token is wrong.'));
    expect(await scene.publish(live, `other?${link}`)).toEqual(refused('The signature of the link is wrong.'));
  });

  it('one that is given twice, with two values, is wrong: others may read the other one', async () => {
    const wrongKey = refused('The stream key is wrong or missing.');
    expect(await scene.publish(live, 'test?key=old&key=k3y')).toEqual(wrongKey);
    expect(await scene.publish(live, 'test?key=k3y&key=old')).toEqual(wrongKey);
    expect(await scene.publish(live, 'test?key=k3y&key=&key=k3y')).toBe('test');
    expect(await scene.publish(live, `test?token=x&token=${await token}`)).toEqual(refused('The token is wrong.'));
    const signature = refused('The signature of the link is wrong.');
    expect(await scene.publish(live, `test?expires=1&${link}`)).toEqual(signature);
    expect(await scene.publish(live, `test?${link}&ip=203.0.113.7&ip=203.0.113.8`)).toEqual(signature);
  });

  it('one that is too long is wrong, too', async () => {
    expect(await scene.publish(live, `test?key=k3y&token=${'x'.repeat(9000)}`)).toEqual(refused('The token is wrong.'));
  });

  it('an empty one is none, and hides none behind the application', async () => {
    expect(await scene.publish(clientAt('live?key=k3y'), 'test?key=&token=')).toBe('test');
  });

  it('who gave none hears that some are needed, whatever exists', async () => {
    const needed = refused('Credentials are needed.');
    expect(await scene.publish(live, 'test')).toEqual(needed);
    expect(await scene.publish(live, 'nothing-of-ours')).toEqual(needed);
    expect(await scene.play(live, 'test')).toEqual(denial('play', 'credentials', 'Credentials are needed.'));
  });

  it('an encoder is let in, as it can still give another kind, and asked where its address says so', async () => {
    const flashVer = 'FMLE/3.0 (compatible; FMSc/1.0)';
    expect(await scene.connect(clientAt('live', { flashVer }))).toBeUndefined();
    expect(await scene.connect(clientAt('live?authmod=adobe', { flashVer }))).toMatchObject({
      description: expect.stringContaining('code=403 need auth'),
    });
  });
});
