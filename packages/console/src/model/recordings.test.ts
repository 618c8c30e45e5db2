import { describe, expect, it } from 'vitest';
import type { RecordingInfo, RecordingList } from '../api/index.js';
import {
  formatPage,
  formatPlace,
  formatRecordingsHash,
  initialRecordingsState,
  parseRecordingsHash,
  type RecordingsAction,
  type RecordingsState,
  recordingsQuery,
  reduceRecordings,
  splitRecordingPath,
} from './recordings.js';

function recording(path: string): RecordingInfo {
  return {
    path,
    app: 'live',
    name: 'show',
    format: 'flv',
    bytes: 1,
    modifiedAt: 0,
    recording: false,
    durationMs: 1000,
    video: null,
    audio: null,
    seekable: true,
    keyFrames: 1,
    damage: null,
    urls: { file: `/recordings/${path}`, flv: '/live/show.flv' },
  };
}

function list(paths: readonly string[], next: string | null = null): RecordingList {
  return { recordings: paths.map(recording), total: 120, next, incomplete: false, deletable: false };
}

function after(state: RecordingsState, ...actions: readonly RecordingsAction[]): RecordingsState {
  return actions.reduce(reduceRecordings, state);
}

function listed(state: RecordingsState, answer: RecordingList): RecordingsState {
  return reduceRecordings(state, { type: 'recordings', query: recordingsQuery(state), list: answer });
}

describe('the recordings of the page', () => {
  it('begin with the newest, and keep what is chosen', () => {
    const first = listed(initialRecordingsState, list(['live/b.flv', 'live/a.flv']));
    expect(first.chosen).toBe('live/b.flv');
    const chosen = after(first, { type: 'chooseRecording', path: 'live/a.flv' });
    expect(chosen.info?.path).toBe('live/a.flv');
    expect(listed(chosen, list(['live/c.flv'])).chosen).toBe('live/a.flv');
    expect(after(chosen, { type: 'recording', path: 'live/a.flv', info: undefined })).toMatchObject({
      isGone: true,
      info: { path: 'live/a.flv' },
    });
    expect(after(chosen, { type: 'recording', path: 'live/x.flv', info: undefined })).toBe(chosen);
  });

  it('are turned over page by page, and searched from the first', () => {
    const first = listed(initialRecordingsState, list(['live/a.flv'], 'two'));
    const second = after(first, { type: 'turn', to: 'next' });
    expect(recordingsQuery(second)).toBe('limit=50&cursor=two');
    expect(formatPage(listed(second, list(['live/b.flv', 'live/c.flv'])))).toBe('51–52 of 120');
    expect(recordingsQuery(after(second, { type: 'turn', to: 'previous' }))).toBe('limit=50');
    expect(recordingsQuery(after(first, { type: 'turn', to: 'previous' }))).toBe('limit=50');
    const searched = after(second, { type: 'search', text: 'a b' });
    expect(recordingsQuery(searched)).toBe('limit=50&search=a+b');
    expect(after(searched, { type: 'recordings', query: 'limit=50', list: list([]) })).toBe(searched);
    const last = listed(initialRecordingsState, list(['live/a.flv']));
    expect(after(last, { type: 'turn', to: 'next' })).toBe(last);
    expect(formatPage(last)).toBeUndefined();
  });

  it.each(['live/show.flv', 'live/show/monday ü#.flv', 'live/100%.flv', "live/a'(b).mp4"])(
    'have addresses: %s',
    (path) => {
      expect(parseRecordingsHash(formatRecordingsHash(path))).toEqual({ path });
    },
  );

  it.each(['', '#', '#/live/recordings', '#objects', '#recordingsx'])('have not the fragment %j', (hash) => {
    expect(parseRecordingsHash(hash)).toBeUndefined();
  });

  it('have a tab without a choice', () => {
    expect(parseRecordingsHash(formatRecordingsHash())).toEqual({});
    expect(parseRecordingsHash('#recordings/%zz')).toEqual({});
  });

  it('tell places and names', () => {
    expect([0, 59.9, 61, 3729, Number.NaN, -1].map(formatPlace)).toEqual([
      '0:00',
      '0:59',
      '1:01',
      '1:02:09',
      '0:00',
      '0:00',
    ]);
    expect(splitRecordingPath('live/show/monday.flv')).toEqual({ app: 'live', file: 'show/monday.flv' });
  });
});
