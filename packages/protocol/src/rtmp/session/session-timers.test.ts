import { describe, expect, it } from 'vitest';
import { SessionTimers } from './session-timers.js';

const limits = { handshakeTimeoutMs: 100, connectTimeoutMs: 200, idleTimeoutMs: 1000 };

describe('SessionTimers', () => {
  it('pings after half the idle time and gives up after all of it', () => {
    const timers = new SessionTimers(limits, 0);
    timers.received(50);
    expect(timers.next('connected')).toEqual({ atMs: 550, kind: 'ping' });
    expect(timers.take('connected', 549)).toBeUndefined();
    expect(timers.take('connected', 550)).toBe('ping');
    expect(timers.take('connected', 1049)).toBeUndefined();
    expect(timers.take('connected', 1050)).toMatchObject({ code: 'ERR_RTMP_TIMEOUT_IDLE' });
  });

  it('leaves time for the answer to a ping that went out late', () => {
    const timers = new SessionTimers(limits, 0);
    expect(timers.take('connected', 5000)).toBe('ping');
    expect(timers.take('connected', 5000)).toBeUndefined();
    expect(timers.take('connected', 5499)).toBeUndefined();
    timers.received(5499);
    expect(timers.next('connected')).toEqual({ atMs: 5999, kind: 'ping' });
  });
});
