import { describe, expect, it } from 'vitest';
import {
  initialPlaybackState,
  type PlaybackInput,
  type PlaybackState,
  type PlaybackTarget,
  reducePlayback,
} from './playback-state.js';

const live: PlaybackTarget = { streamKey: '/live/a', sourceKey: 'a1', availability: 'live' };
const again: PlaybackTarget = { ...live, sourceKey: 'a2' };
const other: PlaybackTarget = { streamKey: '/live/b', sourceKey: 'b1', availability: 'live' };
const silent: PlaybackTarget = { ...live, availability: 'silent' };
const gone = (missedPolls: number): PlaybackTarget => ({ ...live, sourceKey: '', availability: 'gone', missedPolls });
const target = (to: PlaybackTarget | undefined, nowMs = 0): PlaybackInput => ({ type: 'target', target: to, nowMs });
const playing: PlaybackInput = { type: 'playing' };

/** Runs inputs; the last command counts. */
function after(...inputs: readonly PlaybackInput[]): PlaybackState {
  return inputs.reduce(reducePlayback, initialPlaybackState);
}
const short = (state: PlaybackState) => [state.phase.kind, state.command];

describe('a live stream', () => {
  it('is started once and plays', () => {
    expect(short(after(target(live)))).toEqual(['starting', 'start']);
    expect(short(after(target(live), target(live)))).toEqual(['starting', 'none']);
    expect(short(after(target(live), playing))).toEqual(['playing', 'none']);
    expect(short(after(target(live), playing, target(live)))).toEqual(['playing', 'none']);
  });

  it('is waited for while no media has come', () => {
    expect(short(after(target(silent)))).toEqual(['waiting', 'none']);
    expect(short(after(target(silent), target(live)))).toEqual(['starting', 'start']);
  });

  it('is started anew for another publisher, transport or set of tracks', () => {
    expect(short(after(target(live), playing, target(again)))).toEqual(['starting', 'start']);
  });

  it('gives way to another choice, or to none', () => {
    expect(short(after(target(live), playing, target(other)))).toEqual(['starting', 'start']);
    expect(short(after(target(live), playing, target(undefined)))).toEqual(['idle', 'stop']);
  });
});

describe('a stream that the person may not watch', () => {
  const refused: PlaybackInput = { type: 'refused', reason: 'The link has expired.' };

  it('is not tried again, until there is another publisher or choice', () => {
    expect(after(target(live), refused)).toMatchObject({
      phase: { kind: 'refused', reason: 'The link has expired.' },
      command: 'stop',
    });
    expect(short(after(target(live), refused, target(live, 60_000)))).toEqual(['refused', 'none']);
    expect(short(after(target(live), refused, target(again)))).toEqual(['starting', 'start']);
    expect(short(after(target(live), refused, target(other)))).toEqual(['starting', 'start']);
  });
});

describe('the end of a stream', () => {
  it('is offline when it was never seen, ended when it was', () => {
    expect(short(after(target(gone(1))))).toEqual(['offline', 'none']);
    expect(short(after(target(live), playing, target(gone(3))))).toEqual(['ended', 'stop']);
    expect(short(after(target(live), playing, target({ ...gone(1), streamKey: '/live/b' })))).toEqual([
      'offline',
      'stop',
    ]);
  });

  it('shows the last pictures although the list has lost the stream', () => {
    expect(short(after(target(live), playing, target(gone(1)), target(gone(2))))).toEqual(['playing', 'none']);
  });

  it('leaves the last picture when the connection ends first', () => {
    const ended: PlaybackInput = { type: 'connectionEnded', nowMs: 0 };
    expect(short(after(target(live), playing, ended))).toEqual(['ended', 'none']);
    expect(short(after(target(live), playing, ended, target(gone(1))))).toEqual(['ended', 'none']);
  });

  it('starts at once when the stream comes back', () => {
    const ended = after(target(live), playing, target(gone(3)));
    expect(short(reducePlayback(ended, target(again)))).toEqual(['starting', 'start']);
    expect(short(reducePlayback(ended, target(live)))).toEqual(['starting', 'start']);
  });
});

describe('a lost connection to a live stream', () => {
  const failed = (nowMs: number): PlaybackInput => ({ type: 'connectionFailed', reason: 'lost', nowMs });

  it('is tried again, later each time', () => {
    const once = after(target(live), failed(0));
    expect(once.phase).toEqual({ kind: 'retrying', reason: 'lost' });
    expect(short(reducePlayback(once, target(live, 999)))).toEqual(['retrying', 'none']);
    const second = reducePlayback(once, target(live, 1000));
    expect(short(second)).toEqual(['starting', 'start']);
    const twice = reducePlayback(second, failed(1100));
    expect(short(reducePlayback(twice, target(live, 3099)))).toEqual(['retrying', 'none']);
    expect(short(reducePlayback(twice, target(live, 3100)))).toEqual(['starting', 'start']);
  });

  it('forgets old failures once a picture came', () => {
    expect(after(target(live), failed(0), target(live, 1000), playing).failures).toBe(0);
  });

  it('does not wait for another source', () => {
    expect(short(after(target(live), failed(0), target(again, 1)))).toEqual(['starting', 'start']);
  });

  it('reports of a connection that is no more change nothing', () => {
    expect(short(after(target(live), target(gone(3)), failed(0)))).toEqual(['ended', 'none']);
  });
});

describe('codecs', () => {
  const unplayable: PlaybackTarget = { ...live, availability: 'unplayable', reason: 'HEVC' };

  it('that cannot be played stop everything until the source changes', () => {
    expect(after(target(unplayable)).phase).toEqual({ kind: 'unplayable', reason: 'HEVC' });
    const refused = after(target(live), { type: 'codecRefused', reason: 'no' });
    expect(short(refused)).toEqual(['unplayable', 'stop']);
    expect(short(reducePlayback(refused, target(live, 60_000)))).toEqual(['unplayable', 'none']);
    expect(short(reducePlayback(refused, target(again)))).toEqual(['starting', 'start']);
  });
});

describe('a long pause', () => {
  it('gives up the connection until the person plays on', () => {
    const suspended = after(target(live), playing, { type: 'suspend' });
    expect(short(suspended)).toEqual(['suspended', 'stop']);
    expect(short(reducePlayback(suspended, target(live)))).toEqual(['suspended', 'none']);
    expect(short(reducePlayback(suspended, { type: 'resume', nowMs: 0 }))).toEqual(['starting', 'start']);
  });

  it('has no meaning when nothing plays', () => {
    expect(short(after({ type: 'suspend' }))).toEqual(['idle', 'none']);
    expect(short(after({ type: 'resume', nowMs: 0 }))).toEqual(['idle', 'none']);
  });
});
