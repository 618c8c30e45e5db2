import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';
import {
  readRecording,
  readRecordings,
  readServer,
  readSharedObject,
  readSharedObjects,
  readStreams,
} from './read-answer.js';

describe('reading answers', () => {
  it('takes what a server of ours answers', () => {
    expect(readStreams({ streams: [] })).toEqual([]);
    expect(readServer({ version: '0.1.0', rtmpPort: 1935 })).toBeDefined();
    expect(readSharedObjects({ sharedObjects: [] })).toEqual([]);
    expect(readRecordings({ recordings: [], total: 0 })).toBeDefined();
    expect(readRecording({ path: 'live/a.flv', urls: {} })).toBeDefined();
    expect(readSharedObject({ name: 'board', values: [] })).toBeDefined();
  });

  it.each([undefined, null, 1, 'ok', [], {}, { streams: {} }, { version: 1, rtmpPort: 1 }])('refuses %j', (answer) => {
    expect(readStreams(answer)).toBeUndefined();
    expect(readServer(answer)).toBeUndefined();
    expect(readSharedObjects(answer)).toBeUndefined();
    expect(readSharedObject(answer)).toBeUndefined();
    expect(readRecordings(answer)).toBeUndefined();
    expect(readRecording(answer)).toBeUndefined();
  });
});

describe('backoffMs', () => {
  it('doubles up to its limit', () => {
    expect([0, 1, 2, 3, 4, 5, 1000].map((failures) => backoffMs(failures))).toEqual([
      0, 1000, 2000, 4000, 8000, 8000, 8000,
    ]);
  });
});
