import { describe, expect, it } from 'vitest';
import { AccessScene, clientAt } from '../../test/access-scene.js';
import { loadConfig } from '../config/index.js';
import { AddressRules, createGuards, denial } from './index.js';

const from = (address: string) => clientAt('live', { address });

describe('addresses', () => {
  it('concern nobody where none are given', () => {
    expect(createGuards(loadConfig({ set: [] }))).toEqual([]);
    expect(createGuards(loadConfig({ set: ['access.apiFrom=127.0.0.1'] }))).toEqual([]);
  });

  it.each([
    ['allow=10.0.0.0/8', '10.1.2.3', true],
    ['allow=10.0.0.0/8', '11.1.2.3', false],
    ['allow=10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['allow=10.0.0.0/8', '::ffff:b01:203', false],
    ['allow="::ffff:10.0.0.0/104"', '10.1.2.3', true],
    ['allow=2001:db8::/32', '2001:db8:1::7', true],
    ['allow=2001:db8::/32', '2001:db9::7', false],
    ['allow=2001:db8::/32', '10.1.2.3', false],
    ['allow=fe80::/10', 'fe80::1%eth0', true],
    ['allow=0.0.0.0/0', '::1', false],
    ['allow=10.0.0.0/8', '', false],
    ['allow=10.0.0.0/8', 'no address', false],
    ['deny=10.0.0.1', '10.0.0.1', false],
    ['deny=10.0.0.1', '::ffff:10.0.0.1', false],
    ['deny=10.0.0.1', '10.0.0.2', true],
    ['deny=[10.0.0.1, "::1"]', '::1', false],
    ['deny=[10.0.0.1, "::1"]', '0:0:0:0:0:0:0:1', false],
  ])('%s: %s', async (setting, address, isAllowed) => {
    const scene = new AccessScene(setting);
    const verdict = isAllowed ? undefined : denial('connect', 'forbidden', 'Not from this address.');
    expect(await scene.connect(from(address))).toEqual(verdict);
    expect(await scene.publish(from(address), 'a')).toEqual(
      isAllowed ? 'a' : expect.objectContaining({ kind: 'forbidden' }),
    );
    expect(await scene.play(from(address), 'a')).toEqual(
      isAllowed ? 'a' : expect.objectContaining({ kind: 'forbidden' }),
    );
  });

  it('can be others for publishers and for players, and whoever is denied is on no list', async () => {
    const scene = new AccessScene('publishFrom=10.0.0.0/8', 'playFrom=[10.0.0.0/8, 192.0.2.0/24]', 'deny=10.0.0.66');
    expect(await scene.connect(from('198.51.100.1'))).toBeUndefined();
    expect(await scene.publish(from('10.0.0.1'), 'a')).toBe('a');
    expect(await scene.publish(from('192.0.2.1'), 'a')).toEqual(
      denial('publish', 'forbidden', 'Not from this address.'),
    );
    expect(await scene.play(from('192.0.2.1'), 'a')).toBe('a');
    expect(await scene.play(from('198.51.100.1'), 'a')).toEqual(denial('play', 'forbidden', 'Not from this address.'));
    expect(await scene.publish(from('10.0.0.66'), 'a')).toMatchObject({ kind: 'forbidden' });
  });

  it('say who may use the API', () => {
    const set = ['access.apiFrom=127.0.0.0/8', 'access.deny=127.0.0.66'];
    const rules = new AddressRules(loadConfig({ set }).access);
    expect(['127.0.0.1', '::ffff:127.0.0.1', '127.0.0.66', '10.0.0.1'].map((each) => rules.isApiAllowed(each))).toEqual(
      [true, true, false, false],
    );
    expect(new AddressRules(loadConfig({ set: [] }).access).isApiAllowed('10.0.0.1')).toBe(true);
  });
});
