import { describe, expect, it } from 'vitest';
import { Mp4Movie } from './mp4-movie.js';

const track = { id: 1, kind: 'video', size: { width: 2, height: 2 }, entries: [Buffer.alloc(8)] } as const;
const data = new Uint8Array(16_000_000);

/** The head of a file with so many frames of 16 MB, each in a place of its own. */
function headOf(count: number): Buffer {
  const movie = new Mp4Movie();
  for (let i = 0; i < count; i += 1) {
    movie.note([{ id: 1, samples: [{ data, timeMs: i * 40, durationMs: 40, offsetMs: 0, isSync: true }] }]);
  }
  return movie.head([track]);
}

/** Where the content of the box begins. */
function contentOf(head: Buffer, type: string): number {
  return head.indexOf(type) + 4;
}

describe('Mp4Movie', () => {
  it('says where media are in 32 bits as long as that is enough', () => {
    const head = headOf(268);
    expect(head.includes('co64')).toBe(false);
    const offsets = contentOf(head, 'stco') + 8;
    expect(head.readUInt32BE(offsets)).toBe(head.length);
    expect(head.readUInt32BE(offsets + 267 * 4)).toBe(head.length + 267 * data.length);
    expect(head.readUInt32BE(head.length - 8)).toBe(268 * data.length + 8);
  });

  it('and in 64 beyond 4 GiB', () => {
    const head = headOf(300);
    const offsets = contentOf(head, 'co64') + 8;
    expect(head.readBigUInt64BE(offsets)).toBe(BigInt(head.length));
    expect(head.readBigUInt64BE(offsets + 299 * 8)).toBe(BigInt(head.length + 299 * data.length));
    expect(head.readUInt32BE(head.length - 16)).toBe(1);
    expect(head.readBigUInt64BE(head.length - 8)).toBe(BigInt(300 * data.length + 16));
  });

  it('has no place for tracks without frames', () => {
    const movie = new Mp4Movie();
    movie.note([{ id: 2, samples: [{ data, timeMs: 0, durationMs: 40, offsetMs: 0, isSync: true }] }]);
    const head = movie.head([track, { ...track, id: 2 }]);
    expect(head.toString('latin1').match(/trak/g)).toHaveLength(1);
  });
});
