import { describe, expect, it } from 'vitest';
import { BodyRoom, type RoomHolder } from './body-room.js';

class Holder implements RoomHolder {
  reason: string | undefined;

  evict(reason: string): void {
    this.reason = reason;
  }
}

function room(): BodyRoom {
  return new BodyRoom({ maxBytes: 100, maxBytesTogether: 250 });
}

describe('BodyRoom', () => {
  it('is limited for each', () => {
    const bodies = room();
    const holder = new Holder();
    bodies.take(holder, 60);
    bodies.give(holder, 60);
    bodies.take(holder, 100);
    expect(holder.reason).toBeUndefined();
    bodies.take(holder, 1);
    expect(holder.reason).toBe('its requests hold more bytes than limits.partialBytes allows');
  });

  it('is limited for all together: whoever holds the most has to go', () => {
    const bodies = room();
    const [a, b, c, d] = [new Holder(), new Holder(), new Holder(), new Holder()];
    bodies.take(a, 70);
    bodies.take(b, 90);
    bodies.take(c, 80);
    bodies.take(d, 10);
    expect([a, b, c, d].map(({ reason }) => reason)).toEqual(Array(4).fill(undefined));
    bodies.take(d, 10);
    expect([a, c, d].map(({ reason }) => reason)).toEqual(Array(3).fill(undefined));
    expect(b.reason).toMatch(/^the requests of all tunnels/);
    // What b gives back later has been given back already.
    bodies.give(b, 90);
    bodies.take(d, 80);
    expect(c.reason).toBeUndefined();
    bodies.take(a, 1);
    expect(d.reason).toMatch(/^the requests of all tunnels/);
  });

  it('has its limit for any that take more than there is', () => {
    const bodies = new BodyRoom({ maxBytes: 1000, maxBytesTogether: 250 });
    const holder = new Holder();
    bodies.take(holder, 251);
    expect(holder.reason).toMatch(/^the requests of all tunnels/);
  });
});
