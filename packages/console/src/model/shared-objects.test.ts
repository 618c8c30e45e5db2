import { describe, expect, it } from 'vitest';
import type { SharedObjectContent, SharedObjectInfo } from '../api/index.js';
import {
  formatObjectsHash,
  formatSlotValue,
  groupByApp,
  initialObjectsState,
  objectKey,
  parseObjectsHash,
  reduceObjects,
  sortSlots,
} from './shared-objects.js';

function info(app: string, name: string): SharedObjectInfo {
  return { app, name, persistent: false, version: 1, slots: 0, bytes: 0, members: 1 };
}

function content(app: string, name: string): SharedObjectContent {
  return { ...info(app, name), values: [] };
}

describe('reduceObjects', () => {
  it('sorts, and shows the first one until somebody chooses', () => {
    const state = reduceObjects(initialObjectsState, {
      type: 'objects',
      objects: [info('live', 'room10'), info('live', 'room2'), info('chat', 'z')],
    });
    expect(state.objects.map(({ name }) => name)).toEqual(['z', 'room2', 'room10']);
    expect(state.chosen).toEqual({ app: 'chat', name: 'z' });
    const more = reduceObjects(state, { type: 'objects', objects: [info('a', 'a'), ...state.objects] });
    expect(more.chosen).toEqual({ app: 'chat', name: 'z' });
    const other = reduceObjects(more, { type: 'chooseObject', path: { app: 'a', name: 'a' } });
    expect(other.chosen).toEqual({ app: 'a', name: 'a' });
    expect(reduceObjects(other, { type: 'chooseObject', path: undefined }).chosen).toEqual({ app: 'a', name: 'a' });
  });

  it('keeps what was there when an object is gone, and takes it when it is back', () => {
    const path = { app: 'chat', name: 'board' };
    let state = reduceObjects(initialObjectsState, { type: 'chooseObject', path });
    state = reduceObjects(state, { type: 'object', path, content: content('chat', 'board') });
    expect(state).toMatchObject({ isGone: false, content: { name: 'board' } });
    state = reduceObjects(state, { type: 'object', path, content: undefined });
    expect(state).toMatchObject({ isGone: true, content: { name: 'board' } });
    state = reduceObjects(state, { type: 'object', path, content: content('chat', 'board') });
    expect(state.isGone).toBe(false);
  });

  it('takes no answer to what was chosen before', () => {
    const path = { app: 'chat', name: 'board' };
    let state = reduceObjects(initialObjectsState, { type: 'chooseObject', path });
    state = reduceObjects(state, { type: 'object', path, content: content('chat', 'board') });
    state = reduceObjects(state, { type: 'chooseObject', path: { app: 'chat', name: 'other' } });
    expect(state.content).toBeUndefined();
    expect(reduceObjects(state, { type: 'object', path, content: content('chat', 'board') })).toBe(state);
  });
});

describe('lists', () => {
  it('groups by application', () => {
    const [a, b, c] = [info('chat', 'a'), info('chat', 'b'), info('live', 'a')];
    expect(groupByApp([a, b, c])).toEqual([
      { app: 'chat', objects: [a, b] },
      { app: 'live', objects: [c] },
    ]);
    expect(objectKey({ app: 'a/b', name: 'c' })).not.toBe(objectKey({ app: 'a', name: 'b/c' }));
  });

  it('sorts slots as people do', () => {
    const slots = ['stroke10', 'stroke2', 'a'].map((name) => ({ name, version: 1, value: 0 }));
    expect(sortSlots(slots).map(({ name }) => name)).toEqual(['a', 'stroke2', 'stroke10']);
  });
});

describe('formatSlotValue', () => {
  it.each([
    ['text', '"text"'],
    [1.5, '1.5'],
    [null, 'null'],
    [{ a: [1, 'x\n'], b: {} }, '{ "a": [ 1, "x\\n" ], "b": {} }'],
  ])('shows %j', (value, text) => {
    expect(formatSlotValue({ name: 'a', version: 1, value })).toEqual({ text, title: undefined });
  });

  it('cuts what is long, never within a character', () => {
    for (const before of ['', 'x']) {
      const { text, title } = formatSlotValue({ name: 'a', version: 1, value: before + '\u{1f600}'.repeat(5000) });
      expect(text.length).toBeLessThan(170);
      expect(title?.length).toBeGreaterThan(1000);
      expect(title?.length).toBeLessThan(3010);
      for (const part of [text, title ?? '']) expect(part).not.toMatch(/\p{Cs}/u);
    }
  });

  it('says what the server left out', () => {
    expect(formatSlotValue({ name: 'a', version: 1, value: null, omitted: true }).text).toBe('too long to show');
  });
});

describe('the address of an object', () => {
  it.each([
    { app: 'chat/room1', name: 'board' },
    { app: 'a b', name: 'c/d%2F#?' },
  ])('is read as it was written: %j', (path) => {
    expect(parseObjectsHash(formatObjectsHash(path))).toEqual({ path });
  });

  it('is the tab alone without an object', () => {
    expect(parseObjectsHash(formatObjectsHash())).toEqual({});
    expect(parseObjectsHash('#objects/%')).toBeUndefined();
    expect(parseObjectsHash('#objects/%/%')).toEqual({});
    for (const hash of ['', '#', '#/live/test', '#/objects/board', '#objectsx']) {
      expect(parseObjectsHash(hash)).toBeUndefined();
    }
  });
});
