import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FanOut } from './fan-out.js';

describe('FanOut', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const now = (): number => performance.now();

  it('flushes the first message at once and gathers what follows within the window', () => {
    const fanOut = new FanOut(100, now);
    const flush = vi.fn(() => false);
    vi.advanceTimersByTime(1000);
    fanOut.schedule({ flush });
    vi.advanceTimersByTime(0);
    expect(flush).toHaveBeenCalledTimes(1);
    const target = { flush };
    for (let i = 0; i < 50; i += 1) fanOut.schedule(target);
    expect(flush).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(3);
    expect(flush).toHaveBeenCalledTimes(2);
    fanOut.close();
  });

  it('widens the window with the cost of a flush, up to the bound, and narrows it again', () => {
    const fanOut = new FanOut(100, now);
    let costMs = 30;
    const flush = (): boolean => {
      vi.setSystemTime(0);
      vi.advanceTimersByTime(costMs);
      return false;
    };
    expect(fanOut.windowMs).toBe(3);
    for (let i = 0; i < 20; i += 1) {
      fanOut.schedule({ flush });
      vi.advanceTimersByTime(101);
    }
    expect(fanOut.windowMs).toBe(100);
    costMs = 0;
    for (let i = 0; i < 50; i += 1) {
      fanOut.schedule({ flush });
      vi.advanceTimersByTime(101);
    }
    expect(fanOut.windowMs).toBe(3);
    fanOut.close();
  });

  it('comes back by itself to who is behind', () => {
    const fanOut = new FanOut(100, now);
    let left = 3;
    const flush = vi.fn(() => {
      left -= 1;
      return left > 0;
    });
    fanOut.schedule({ flush });
    vi.advanceTimersByTime(1000);
    expect(flush).toHaveBeenCalledTimes(3);
    fanOut.close();
  });

  it('with a bound of 0 writes with every message', () => {
    const fanOut = new FanOut(0, now);
    const flush = vi.fn(() => false);
    const target = { flush };
    for (let i = 0; i < 5; i += 1) fanOut.schedule(target);
    expect(flush).toHaveBeenCalledTimes(5);
    fanOut.close();
  });
});
