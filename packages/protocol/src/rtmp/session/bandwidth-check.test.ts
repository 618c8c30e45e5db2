import { describe, expect, it } from 'vitest';
import { BandwidthCheck } from './bandwidth-check.js';

/** Each step's payload and the time that its answer takes, from 1000 ms on. */
function run(times: readonly number[]): { sent: number[]; check: BandwidthCheck } {
  let nowMs = 1000;
  const check = new BandwidthCheck(nowMs);
  const sent = [check.payloadBytes];
  for (const ms of times) {
    nowMs += ms;
    if (!check.answered(nowMs)) break;
    sent.push(check.payloadBytes);
  }
  return { sent, check };
}

describe('BandwidthCheck', () => {
  it('sends more while answers come fast, and no more than 128 KiB', () => {
    const { sent, check } = run([20, 30, 50, 120, 1, 1]);
    expect(sent).toEqual([0, 8192, 32_768, 61_440]);
    expect(sent.reduce((sum, bytes) => sum + bytes)).toBeLessThanOrEqual(128 * 1024);
    // 61,440 bytes in 100 ms.
    expect(check.figures).toEqual({ kbitDown: 4915, deltaDown: 491.52, deltaTime: 0.1, latency: 20 });
  });

  it('stops at the first slow answer', () => {
    const { sent, check } = run([200, 1200, 1, 1]);
    expect(sent).toEqual([0, 8192]);
    expect(check.figures).toEqual({ kbitDown: 66, deltaDown: 65.536, deltaTime: 1, latency: 200 });
  });

  it('does not take a long way for a narrow one', () => {
    const { sent, check } = run([2000, 2100, 2200, 2300]);
    expect(sent).toEqual([0, 8192, 32_768, 61_440]);
    expect(check.figures).toMatchObject({ kbitDown: 1638, latency: 2000 });
  });

  it('does not divide by nothing where the payload is as fast as the latency', () => {
    const { figures } = run([5, 5, 5, 4]).check;
    expect(figures).toEqual({ kbitDown: 491_520, deltaDown: 491.52, deltaTime: 0.001, latency: 5 });
  });

  it('knows nothing before the first answer, and the latency after it', () => {
    expect(run([]).check.figures).toEqual({ kbitDown: 0, deltaDown: 0, deltaTime: 0, latency: 0 });
    expect(run([7.4]).check.figures).toEqual({ kbitDown: 0, deltaDown: 0, deltaTime: 0, latency: 7 });
  });

  it('is over in 10 s', () => {
    expect(run([]).check.deadlineMs).toBe(11_000);
    expect(run([10_000, 1]).sent).toEqual([0]);
  });
});
