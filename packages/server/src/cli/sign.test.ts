import { describe, expect, it } from 'vitest';
import { AccessScene, clientAt } from '../../test/access-scene.js';
import { type SignOptions, signAll } from './sign.js';
import { parseDuration } from './signed-urls.js';

const secret = '0123456789abcdef';
const scene = new AccessScene(`urlSecret=${secret}`);

function signed(url: string, options: Partial<SignOptions> = {}): readonly string[] {
  const set = [`access.urlSecret=${secret}`];
  return signAll([url], { set, for: 'play', expires: '1h', ...options }, scene.nowMs);
}

describe('millrace sign', () => {
  it.each([
    ['rtmp://host/live/test', ['rtmp://host/live/test?'], 'live', 'test'],
    ['rtmps://host:443/live/room/a', ['rtmps://host:443/live/room/a?'], 'live/room', 'a'],
    ['rtmp://host/live/_definst_/test', ['rtmp://host/live/_definst_/test?'], 'live/_definst_', 'test'],
    [
      'http://host:8080/live/test.flv',
      ['http://host:8080/live/test.flv?', 'ws://host:8080/live/test.flv?'],
      'live',
      'test',
    ],
    [
      'wss://host/live/a%20b.flv?audio=0',
      ['https://host/live/a%20b.flv?audio=0&', 'wss://host/live/a%20b.flv?audio=0&'],
      'live',
      'a b',
    ],
    ['rtmp://host/live/test.flv', ['rtmp://host/live/test.flv?'], 'live', 'test.flv'],
  ])('makes a link of %s that the server takes', async (url, starts, app, name) => {
    const links = signed(url);
    expect(links).toHaveLength(starts.length);
    for (const [i, link] of links.entries()) {
      expect(link.startsWith(`${starts[i]}expires=${scene.nowSeconds + 3600}&sign=`), link).toBe(true);
      const query = link.slice(link.indexOf('?') + 1);
      expect(await scene.play(clientAt(app), `${name}?${query}`)).toBe(name);
      expect(await scene.publish(clientAt(app), `${name}?${query}`)).toMatchObject({ kind: 'credentials' });
    }
  });

  it('makes links for publishers, and for one address', async () => {
    const [publish = ''] = signed('rtmp://host/live/test', { for: 'publish', ip: '203.0.113.7' });
    const written = publish.slice(publish.lastIndexOf('/') + 1);
    expect(await scene.publish(clientAt('live'), written)).toBe('test');
    expect(await scene.publish(clientAt('live', { address: '203.0.113.8' }), written)).toMatchObject({
      description: 'The link is for another address.',
    });
  });

  it('signs with the first secret', () => {
    const set = [`access.urlSecret=[${secret}, another secret of ours]`];
    expect(signed('rtmp://host/live/test', { set })).toEqual(signed('rtmp://host/live/test'));
  });

  const example = 'give the URL of a stream, such as rtmp://HOST/live/test or http://HOST:8080/live/test.flv';
  it.each<[string, Partial<SignOptions>, string]>([
    ['rtmp://host/live', {}, `cannot sign rtmp://host/live: ${example}`],
    ['live/test', {}, `cannot sign live/test: ${example}`],
    ['ftp://host/live/test', {}, `cannot sign ftp://host/live/test: ${example}`],
    ['http://host/live/test', {}, 'cannot sign http://host/live/test: a stream over HTTP ends in .flv'],
    ['http://host/live/%.flv', {}, 'cannot sign http://host/live/%.flv: it holds a percent sign that begins no valid'],
    ['http://h/live/a.flv', { for: 'publish' }, 'cannot sign http://h/live/a.flv: publishing goes by rtmp://'],
    ['rtmp://host/live/test', { ip: 'home' }, 'cannot sign for home: it is no IP address'],
    ['rtmp://host/live/test', { expires: '1 week' }, '--expires "1 week"; allowed: a time such as 90s, 15m, 2h, 7d'],
    ['rtmp://host/live/test', { set: [] }, 'there is no access.urlSecret: give the configuration of the server'],
    [
      'rtmp://host/live/test',
      { set: [`access.urlSecret=${secret}`, 'access.urlFor=publish'] },
      'access.urlFor is publish: play takes no signed link',
    ],
  ])('does not sign %s with %j', (url, options, problem) => {
    expect(() => signed(url, options)).toThrow(problem);
  });

  it.each([
    ['90', 90],
    ['90s', 90],
    ['15m', 900],
    ['2h', 7200],
    ['7d', 604_800],
    ['0s', undefined],
    ['', undefined],
    ['-1h', undefined],
    ['1w', undefined],
    ['999999999999d', undefined],
  ])('%j lasts %j seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });
});
