import { flvTagTypes } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { HeaderIndex, maxHeaderEntries } from './header-index.js';

const avc = (seed: number) => Uint8Array.of(0x17, 0, 0, 0, 0, 1, seed & 255, seed >> 8);
const { audio, video } = flvTagTypes;

describe('HeaderIndex', () => {
  it('has the places of headers that are others than those before', () => {
    const index = new HeaderIndex();
    const hevc = Uint8Array.of(0x90, 0x68, 0x76, 0x63, 0x31, 1);
    index.add(video, 0, avc(1), 10);
    index.add(audio, 0, Uint8Array.of(0xaf, 0, 0x11, 0x90), 20);
    index.add(video, 10, Uint8Array.of(0x17, 1, 0, 0, 0, 7), 30);
    index.add(audio, 10, Uint8Array.of(0xaf, 1, 7), 40);
    index.add(video, 20, avc(1), 50);
    index.add(video, 30, avc(2), 60);
    index.add(video, 40, hevc, 70);
    index.add(video, 45, Uint8Array.of(0x93, 0x68, 0x76, 0x63, 0x31, 1), 75);
    index.add(video, 50, avc(2), 80);
    expect(index.positions).toEqual([10, 20, 60, 70, 80]);
    expect(index.times).toEqual([0, 0, 30, 40, 50]);
  });

  it('is bounded', () => {
    const index = new HeaderIndex();
    for (let i = 0; i < 3 * maxHeaderEntries; i += 1) index.add(video, i, avc(i), i);
    expect(index.times).toHaveLength(maxHeaderEntries);
  });

  it('takes any bytes', () => {
    const index = new HeaderIndex();
    for (let first = 0; first < 256; first += 1) {
      for (let second = 0; second < 256; second += 1) {
        for (const type of [audio, video]) {
          index.add(type, 0, Uint8Array.of(first), 1);
          index.add(type, 0, Uint8Array.of(first, second, 0), 1);
        }
      }
    }
    index.add(video, 0, new Uint8Array(), 1);
    index.add(audio, 0, new Uint8Array(), 1);
    expect(index.times.length).toBeLessThanOrEqual(maxHeaderEntries);
  });
});
