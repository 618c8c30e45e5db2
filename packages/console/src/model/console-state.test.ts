import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../api/index.js';
import {
  type ConsoleAction,
  initialConsoleState,
  isReachable,
  knownLive,
  liveChosen,
  pageOf,
  reduceConsole,
} from './console-state.js';

function stream(name: string, publishedAt = 0): StreamInfo {
  return {
    app: 'live',
    name,
    path: `/live/${name}`,
    publishedAt,
    uptimeMs: 5000,
    publisher: { address: '127.0.0.1:1', software: 'test' },
    video: null,
    audio: null,
    bitrateKbps: 0,
    viewers: { total: 0, rtmp: 0, httpFlv: 0, wsFlv: 0 },
    bytesIn: 0,
    bytesOut: 0,
    jumps: 0,
    latency: null,
    recording: null,
    dvr: null,
    warnings: [],
  };
}

const after = (...actions: readonly ConsoleAction[]) => actions.reduce(reduceConsole, initialConsoleState);
const polled = (...names: readonly string[]): ConsoleAction => ({
  type: 'streams',
  streams: names.map((name) => stream(name)),
});
const choose = (name: string): ConsoleAction => ({ type: 'choose', path: { app: 'live', name } });

describe('the page', () => {
  it('connects, then shows how to publish, then the first stream that appears', () => {
    expect(pageOf(after())).toBe('connecting');
    expect(pageOf(after(polled()))).toBe('guide');
    const state = after(polled(), polled('b', 'a'));
    expect(pageOf(state)).toBe('player');
    expect(state.chosen).toEqual({ app: 'live', name: 'a' });
  });

  it('shows the player for a chosen stream, live or not, once the server has answered', () => {
    expect(pageOf(after(choose('x')))).toBe('connecting');
    expect(pageOf(after(choose('x'), polled()))).toBe('player');
  });
});

describe('streams', () => {
  it('are sorted with numbers in their order', () => {
    expect(after(polled('cam10', 'cam2', 'a')).streams.map(({ name }) => name)).toEqual(['a', 'cam2', 'cam10']);
  });

  it('keep the choice although others come and go', () => {
    const state = after(polled('b'), polled('a', 'b'));
    expect(liveChosen(state)?.name).toBe('b');
  });

  it('keep an ended stream chosen and count the polls without it', () => {
    const state = after(polled('b'), polled('a'), polled('a'));
    expect(state.chosen?.name).toBe('b');
    expect(state.lastSeen?.name).toBe('b');
    expect(state.missedPolls).toBe(2);
    expect(liveChosen(state)).toBeUndefined();
    expect(liveChosen(reduceConsole(state, polled('b')))?.name).toBe('b');
  });
});

describe('a choice', () => {
  it('may be made before the stream is there', () => {
    const state = after(choose('x'), polled('a'));
    expect(state.chosen?.name).toBe('x');
    expect(liveChosen(state)).toBeUndefined();
    expect(liveChosen(reduceConsole(state, polled('a', 'x')))?.name).toBe('x');
  });

  it('finds a listed stream without waiting for a poll', () => {
    expect(liveChosen(after(polled('a', 'b'), choose('b')))?.name).toBe('b');
  });

  it('forgets what was last seen of another stream', () => {
    expect(after(polled('a'), choose('x')).lastSeen).toBeUndefined();
  });

  it('of nothing falls back to the first stream', () => {
    expect(after(polled('a', 'b'), choose('b'), { type: 'choose', path: undefined }).chosen?.name).toBe('a');
    expect(after({ type: 'choose', path: undefined }).chosen).toBeUndefined();
  });
});

describe('the connection', () => {
  it('reconnects after a failure, with its reason, and keeps the old list', () => {
    const state = after(polled('a'), { type: 'failed', reason: 'refused' });
    expect(state).toMatchObject({ connection: 'reconnecting', failure: 'refused' });
    expect(state.streams).toHaveLength(1);
    const back = reduceConsole(state, polled('a'));
    expect(back.connection).toBe('connected');
    expect(back.failure).toBeUndefined();
  });

  it('is still connecting while the first answer is missing', () => {
    expect(after({ type: 'failed', reason: 'refused' })).toMatchObject({
      connection: 'connecting',
      failure: 'refused',
    });
  });

  it('rests with a hidden page', () => {
    expect(after(polled(), { type: 'resting' }).connection).toBe('resting');
    expect(after(polled(), { type: 'resting' }, polled()).connection).toBe('connected');
  });

  it('calls a stream live without the server only while it plays', () => {
    const state = after(polled('a'));
    expect(knownLive(state, false)?.name).toBe('a');
    const lost = reduceConsole(state, { type: 'failed', reason: 'no answer' });
    expect(isReachable(lost)).toBe(false);
    expect(knownLive(lost, false)).toBeUndefined();
    expect(knownLive(lost, true)?.name).toBe('a');
    const back = reduceConsole(lost, polled('a'));
    expect(isReachable(back)).toBe(true);
    expect(knownLive(back, false)?.name).toBe('a');
  });

  it('turns the up-time of the server into a start on the own clock', () => {
    const server = {
      version: '1',
      startedAt: 0,
      uptimeMs: 4000,
      rtmpPort: 1935,
      httpPort: 8080,
      defaultApp: 'live',
      connections: 0,
      recordingViewers: { rtmp: 0, httpFlv: 0, download: 0 },
      memoryBytes: 0,
    };
    expect(after({ type: 'server', server, nowMs: 10_000 }).serverStartedAtMs).toBe(6000);
  });
});
