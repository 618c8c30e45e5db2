import { AmfDate, AmfObject, type AmfValue } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createSharedObjectRoutes } from './shared-object-routes.js';
import type { SharedObjectSource, SlotRead } from './shared-object-source.js';

const info = { app: 'chat/room1', name: 'board', persistent: true, version: 7, slots: 2, bytes: 40, members: 3 };

function routesOf(values: Record<string, AmfValue>, read: (name: string) => void = () => undefined) {
  function* slots(): Generator<SlotRead> {
    for (const [name, value] of Object.entries(values)) {
      read(name);
      yield { name, version: 5, value };
    }
  }
  const source: SharedObjectSource = {
    snapshot: () => [info],
    read: (app, name) => (app === info.app && name === info.name ? { info, slots: slots() } : undefined),
  };
  return createSharedObjectRoutes(source);
}

const path = '/api/v1/shared-objects/chat%2Froom1/board';

describe('the API of shared objects', () => {
  it('lists them, for pages of this origin alone', async () => {
    const response = await routesOf({}).request('/api/v1/shared-objects');
    expect(await response.json()).toEqual({ sharedObjects: [info] });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('gives values as JSON', async () => {
    const ring = new AmfObject([['name', '__proto__']]);
    ring.properties.set('self', ring);
    const values = {
      count: 1.5,
      bytes: Uint8Array.of(1, 2, 3),
      at: new AmfDate(0),
      ring,
      none: undefined,
      nan: Number.NaN,
    };
    const response = await routesOf(values).request(`${path}?persistent=true`);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const { values: given, ...rest } = (await response.json()) as { values: { name: string; value: unknown }[] };
    expect(rest).toEqual(info);
    expect(given[0]).toEqual({ name: 'count', version: 5, value: 1.5 });
    expect(Object.fromEntries(given.map(({ name, value }) => [name, value]))).toEqual({
      count: 1.5,
      bytes: 'AQID',
      at: '1970-01-01T00:00:00.000Z',
      ring: { name: '__proto__', self: null },
      none: null,
      nan: null,
    });
  });

  it('decodes no more slots than are wanted', async () => {
    const read: string[] = [];
    const routes = routesOf({ a: 1, b: 2, c: 3 }, (name) => read.push(name));
    expect(await (await routes.request(`${path}?limit=1`)).json()).toMatchObject({ values: [{ name: 'a' }] });
    expect(await (await routes.request(`${path}?limit=0`)).json()).toMatchObject({ values: [], slots: 2 });
    expect(read).not.toContain('c');
  });

  it('leaves out values that would make the answer too long', async () => {
    const long = 'x'.repeat(3 * 1024 * 1024);
    const text = await (await routesOf({ long, more: `${long}y`, short: 1 }).request(path)).text();
    expect(text.length).toBeLessThan(4 * 1024 * 1024);
    expect(JSON.parse(text)).toMatchObject({
      values: [{ name: 'long', value: long }, { name: 'more', value: null, omitted: true }, { value: 1 }],
    });
  });

  it('is not made to repeat a value without end', async () => {
    let value: AmfValue[] = ['x'.repeat(1000)];
    for (let depth = 0; depth < 30; depth += 1) value = [value, value];
    const text = await (await routesOf({ value }).request(path)).text();
    expect(text.length).toBeLessThan(1024 * 1024);
  });

  it('leaves out values that are nested too deeply for JSON', async () => {
    let value: AmfValue[] = [];
    for (let depth = 0; depth < 50_000; depth += 1) value = [value];
    const answer = await (await routesOf({ value }).request(path)).json();
    expect(answer).toMatchObject({ values: [{ name: 'value', value: null, omitted: true }] });
  });

  it.each([
    ['/api/v1/shared-objects/chat%2Froom1/other', 404],
    ['/api/v1/shared-objects/chat/board', 404],
    ['/api/v1/shared-objects/chat', 404],
    [`${path}?persistent=false`, 404],
    [`${path}?persistent=yes`, 400],
    [`${path}?limit=10001`, 400],
    [`${path}?limit=-1`, 400],
  ])('answers %s with %i', async (address, status) => {
    const response = await routesOf({}).request(address);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: status === 404 ? 'not-found' : 'bad-request' });
  });

  it('is for reading alone', async () => {
    for (const address of ['/api/v1/shared-objects', path]) {
      const response = await routesOf({}).request(address, { method: 'DELETE' });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET, HEAD');
    }
  });
});
