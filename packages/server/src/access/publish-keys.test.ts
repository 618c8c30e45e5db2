import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccessScene, clientAt } from '../../test/access-scene.js';
import { denial } from './index.js';

const live = clientAt('live');
const refused = denial('publish', 'credentials', 'The stream key is wrong or missing.');
const keys = (yaml: string) => new AccessScene(`publishKeys=${yaml}`);

describe('publish keys', () => {
  it('are given behind the name or behind the address', async () => {
    const scene = keys('{live/studio: k3y}');
    expect(await scene.publish(live, 'studio?key=k3y')).toBe('studio');
    expect(await scene.publish(clientAt('live?key=k3y'), 'studio')).toBe('studio');
    expect(await scene.publish(clientAt('live?key=k3y'), 'studio?key=other')).toEqual(refused);
    expect(await scene.publish(live, 'studio?key=k3')).toEqual(refused);
    expect(await scene.publish(live, 'studio?key=')).toEqual(refused);
    expect(await scene.publish(live, 'studio')).toEqual(refused);
  });

  it('may be many, and have plus signs', async () => {
    const scene = keys('{live/studio: [old, a+b/c=]}');
    expect(await scene.publish(live, 'studio?key=old')).toBe('studio');
    expect(await scene.publish(live, 'studio?key=a+b/c=')).toBe('studio');
    expect(await scene.publish(live, 'studio?key=a%2Bb%2Fc%3D')).toBe('studio');
  });

  it('are asked of no player', async () => {
    expect(await keys('{live: k3y}').play(live, 'studio')).toBe('studio');
  });

  it('refuse a stream that no entry covers in the same words', async () => {
    const scene = keys('{live/studio: k3y}');
    expect(await scene.publish(live, 'other?key=k3y')).toEqual(refused);
    expect(await scene.publish(live, 'studio2?key=k3y')).toEqual(refused);
    expect(await scene.publish(clientAt('liveX'), 'studio?key=k3y')).toEqual(refused);
  });

  it('of the most specific entry count', async () => {
    const scene = keys('{"*": any, live/: app, /live/studio: [stream], live/open: "", "chat/*": ""}');
    const outcomes = async (name: string, app = 'live') => {
      const given = ['any', 'app', 'stream'].map((key) => scene.publish(clientAt(app), `${name}?key=${key}`));
      return (await Promise.all(given)).map((outcome) => outcome === name);
    };
    expect(await outcomes('studio')).toEqual([false, false, true]);
    expect(await outcomes('studio/low')).toEqual([false, false, true]);
    expect(await outcomes('other')).toEqual([false, true, false]);
    expect(await outcomes('other', 'vod')).toEqual([true, false, false]);
    expect(await scene.publish(live, 'open')).toBe('open');
    expect(await scene.publish(clientAt('chat'), 'room')).toBe('room');
  });

  it('know a stream however its address is split', async () => {
    const scene = keys('{live/room/a: k3y}');
    expect(await scene.publish(clientAt('live/room'), 'a?key=k3y')).toBe('a');
    expect(await scene.publish(live, 'room/a?key=k3y')).toBe('room/a');
    expect(await scene.publish(clientAt('live/room/_definst_'), 'a?key=k3y')).toBe('a');
    expect(await scene.publish(clientAt('/live/room/'), 'a?key=k3y')).toBe('a');
    expect(await scene.publish(clientAt('live/room'), 'b?key=k3y')).toEqual(refused);
  });

  it('stand alone in the place of the name', async () => {
    const scene = keys('{live/studio: sk_abc, live/room/a: [x, sk_room], chat: sk_app}');
    expect(await scene.publish(live, 'sk_abc')).toBe('studio');
    expect(await scene.publish(clientAt('live/_definst_'), 'sk_abc')).toBe('studio');
    expect(await scene.publish(live, 'sk_room')).toBe('room/a');
    expect(await scene.publish(live, 'room/sk_room')).toBe('room/a');
    expect(await scene.publish(clientAt('live/room'), 'sk_room')).toBe('a');
    // Of another application, or of no stream.
    expect(await scene.publish(clientAt('chat'), 'sk_abc')).toEqual(refused);
    expect(await scene.publish(clientAt('chat'), 'sk_app')).toEqual(refused);
    expect(await scene.publish(live, 'sk_ab')).toEqual(refused);
    // A key is no name for players.
    expect(await scene.play(live, 'sk_abc')).toBe('sk_abc');
  });

  it('that contradict each other stop the start', () => {
    expect(() => keys('{live/studio: a, /live/studio/: ""}')).toThrow(
      'config: access.publishKeys names /live/studio twice',
    );
    expect(() => keys('{/: a}')).toThrow('config: access.publishKeys has a key that is no path of streams');
  });

  it('never throw, and open nothing to those who have none', async () => {
    const scene = keys('{live/studio: k3y, "*": [other]}');
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(text, text, text, async (app, name, query) => {
        fc.pre(!/k3y|other/.test(app + name + query));
        expect(await scene.publish(clientAt(`${app}?${query}`), `${name}?${query}`)).toEqual(refused);
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
