import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessScene, clientAt } from '../../test/access-scene.js';
import { signatureVectors } from './access.vectors.js';
import { denial, type SignedGrant, urlSignature } from './index.js';

const secret = '0123456789abcdef';
const live = clientAt('live');
const refused = (description: string) => denial('play', 'credentials', description);

function link(grant: Partial<SignedGrant> & { readonly expires: string }, by = secret): string {
  const { action = 'play', path = '/live/test', expires, ip = '' } = grant;
  const sign = urlSignature(by, { action, path, expires, ip });
  return `expires=${expires}&sign=${sign}${ip === '' ? '' : `&ip=${ip}`}`;
}

describe('signed links', () => {
  const scene = new AccessScene(`urlSecret=${secret}`);
  const later = String(scene.nowSeconds + 1);

  it.each(signatureVectors)('signs $grant.action of $grant.path', ({ secret: by, grant, sign }) => {
    expect(urlSignature(by, grant)).toBe(sign);
  });

  it('open one stream, wherever they stand', async () => {
    const query = link({ expires: later });
    expect(await scene.play(live, `test?${query}`)).toBe('test');
    expect(await scene.play(clientAt(`live?${query}`), 'test')).toBe('test');
    expect(await scene.play(live, `test2?${query}`)).toEqual(refused('The signature of the link is wrong.'));
    expect(await scene.play(clientAt('live2'), `test?${query}`)).toMatchObject({ kind: 'credentials' });
    const split = link({ path: '/live/room/a', expires: later });
    expect(await scene.play(clientAt('live/room'), `a?${split}`)).toBe('a');
    expect(await scene.play(live, `room/a?${split}`)).toBe('room/a');
  });

  it('are for one action', async () => {
    const query = link({ action: 'publish', expires: later });
    expect(await scene.publish(live, `test?${query}`)).toBe('test');
    expect(await scene.play(live, `test?${query}`)).toEqual(refused('The signature of the link is wrong.'));
  });

  it('expire', async () => {
    const expires = String(scene.nowSeconds);
    expect(await scene.play(live, `test?${link({ expires })}`)).toEqual(refused('The link has expired.'));
    expect(await scene.play(live, `test?${link({ expires: '0' })}`)).toEqual(refused('The link has expired.'));
  });

  it('with a wrong signature do not say when they expired', async () => {
    const wrong = refused('The signature of the link is wrong.');
    for (const query of [
      'expires=0&sign=x',
      link({ expires: later }, 'another secret of ours'),
      link({ expires: later }).replace(`expires=${later}`, 'expires=99999999999'),
      link({ expires: later }).replace(`expires=${later}&`, ''),
      link({ expires: `${later}.0` }),
      link({ expires: '1e99' }),
      `${link({ expires: later })}&ip=203.0.113.7`,
      link({ expires: later, ip: 'x' }),
    ])
      expect(await scene.play(live, `test?${query}`), query).toEqual(wrong);
  });

  it('are needed', async () => {
    expect(await scene.play(live, 'test')).toEqual(refused('A signed link is needed.'));
    expect(await scene.publish(live, 'test')).toMatchObject({ description: 'A signed link is needed.' });
  });

  it.each([
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '::ffff:203.0.113.7', true],
    ['2001:db8::7', '2001:DB8:0::7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['203.0.113.7', '', false],
  ])('for %s, used from %s', async (ip, address, isAllowed) => {
    const outcome = await scene.play(clientAt('live', { address }), `test?${link({ expires: later, ip })}`);
    expect(outcome).toEqual(isAllowed ? 'test' : refused('The link is for another address.'));
  });

  it('are accepted with each secret, and needed where the configuration says', async () => {
    const play = new AccessScene(`urlSecret=[another secret of ours, ${secret}]`, 'urlFor=play');
    expect(await play.play(live, `test?${link({ expires: later })}`)).toBe('test');
    expect(await play.play(live, `test?${link({ expires: later }, 'another secret of ours')}`)).toBe('test');
    expect(await play.publish(live, 'test')).toBe('test');
    const publish = new AccessScene(`urlSecret=${secret}`, 'urlFor=publish');
    expect(await publish.play(live, 'test')).toBe('test');
    expect(await publish.publish(live, 'test')).toMatchObject({ kind: 'credentials' });
  });

  it('never throw', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(text, text, text, text, async (app, expires, sign, ip) => {
        const query = new URLSearchParams({ expires, sign, ip });
        expect(await scene.play(clientAt(app), `${ip}?${query}`)).toMatchObject({ kind: 'credentials' });
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});
