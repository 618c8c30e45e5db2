import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../test/flv-sample.js';
import { WindowCache } from './window-cache.js';

describe('WindowCache', () => {
  it('reads for all who want the same once, and apart for each file', async () => {
    const cache = new WindowCache();
    const source = new MemorySource(Uint8Array.of(1, 2, 3, 4));
    const [first, second] = await Promise.all([cache.read(source, 1, 2), cache.read(source, 1, 2)]);
    expect(first).toBe(second);
    expect([...(first ?? [])]).toEqual([2, 3]);
    expect(source.readBytes).toBe(2);
    const other = new MemorySource(Uint8Array.of(9, 9, 9));
    expect([...(await cache.read(other, 1, 2))]).toEqual([9, 9]);
  });

  it('forgets what was read long ago', async () => {
    const cache = new WindowCache();
    const source = new MemorySource(new Uint8Array(1000));
    const first = await cache.read(source, 0, 1);
    for (let position = 1; position < 200; position += 1) await cache.read(source, position, 1);
    expect(await cache.read(source, 0, 1)).not.toBe(first);
  });

  it('does not keep what could not be read', async () => {
    const cache = new WindowCache();
    const source = new MemorySource(Uint8Array.of(1));
    const { read } = source;
    source.read = () => Promise.reject(new Error('EIO'));
    await expect(cache.read(source, 0, 1)).rejects.toThrow('EIO');
    source.read = read;
    expect([...(await cache.read(source, 0, 1))]).toEqual([1]);
  });
});
