import type { RecordingInfo, RecordingList } from '../api/index.js';
import { escapeSegment } from './stream-path.js';

/** What the page knows of recordings. */
export interface RecordingsState {
  /** The page of the list that is shown; `undefined` until the server has answered. */
  readonly list?: RecordingList;
  /** What is looked for. */
  readonly search: string;
  /** What leads to the page that is shown, and to those before it; `''` for the first. */
  readonly cursors: readonly string[];
  /** Within `media.dir`. */
  readonly chosen?: string;
  /** The chosen recording as last seen; stays when it is gone. */
  readonly info?: RecordingInfo;
  readonly isGone: boolean;
}

export type RecordingsAction =
  | { readonly type: 'recordings'; readonly query: string; readonly list: RecordingList }
  /** `info`: `undefined` where there is no such recording. */
  | { readonly type: 'recording'; readonly path: string; readonly info: RecordingInfo | undefined }
  | { readonly type: 'chooseRecording'; readonly path: string | undefined }
  | { readonly type: 'search'; readonly text: string }
  | { readonly type: 'turn'; readonly to: 'next' | 'previous' };

export const recordingsPerPage = 50;

export const initialRecordingsState: RecordingsState = { search: '', cursors: [''], isGone: false };

/** The next state. Never changes the old one. */
export function reduceRecordings(state: RecordingsState, action: RecordingsAction): RecordingsState {
  switch (action.type) {
    case 'recordings':
      // The answer may be to what was asked for before.
      return action.query === recordingsQuery(state) ? withList(state, action.list) : state;
    case 'recording':
      if (action.path !== state.chosen) return state;
      return action.info === undefined ? { ...state, isGone: true } : { ...state, info: action.info, isGone: false };
    case 'chooseRecording':
      return withChoice(state, action.path);
    case 'search':
      return action.text === state.search ? state : { ...state, search: action.text, cursors: [''] };
    case 'turn': {
      const next = state.list?.next;
      if (action.to === 'previous')
        return { ...state, cursors: state.cursors.length > 1 ? state.cursors.slice(0, -1) : [''] };
      return typeof next === 'string' ? { ...state, cursors: [...state.cursors, next] } : state;
    }
    default:
      return action satisfies never;
  }
}

/** The query of `GET /api/v1/recordings` for what is shown. */
export function recordingsQuery({ search, cursors }: Pick<RecordingsState, 'search' | 'cursors'>): string {
  const query = new URLSearchParams({ limit: String(recordingsPerPage) });
  if (search !== '') query.set('search', search);
  const cursor = cursors.at(-1);
  if (cursor) query.set('cursor', cursor);
  return query.toString();
}

/** `1–50 of 120`; `undefined` where one page is enough. */
export function formatPage({ list, cursors }: RecordingsState): string | undefined {
  if (list === undefined || (cursors.length === 1 && list.next === null)) return undefined;
  const first = (cursors.length - 1) * recordingsPerPage + 1;
  return `${first}–${first + list.recordings.length - 1} of ${list.total}`;
}

/** The address fragment of the tab, and of a recording in it: `#recordings/live/show.flv`. */
export function formatRecordingsHash(path?: string): string {
  return path === undefined ? '#recordings' : `#recordings/${path.split('/').map(escapeSegment).join('/')}`;
}

/** `undefined`: the fragment is not one of this tab. No path: it names none, or is badly escaped. */
export function parseRecordingsHash(hash: string): { readonly path?: string } | undefined {
  const match = /^#?recordings(?:\/(.+))?$/s.exec(hash);
  if (match === null) return undefined;
  if (match[1] === undefined) return {};
  try {
    return { path: decodeURIComponent(match[1]) };
  } catch {
    return {};
  }
}

/** Seconds as a place in a recording: `1:02:09`. */
export function formatPlace(seconds: number): string {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `show/monday` of `live/show/monday.flv`, and the application. */
export function splitRecordingPath(path: string): { readonly app: string; readonly file: string } {
  const slash = path.indexOf('/');
  return { app: path.slice(0, slash), file: path.slice(slash + 1) };
}

function withList(state: RecordingsState, list: RecordingList): RecordingsState {
  const next = { ...state, list };
  const found = list.recordings.find(({ path }) => path === state.chosen);
  if (found !== undefined) return { ...next, info: found, isGone: false };
  // Nobody chose: the newest is ready to be played.
  return state.chosen === undefined ? withChoice(next, list.recordings[0]?.path) : next;
}

function withChoice(state: RecordingsState, path: string | undefined): RecordingsState {
  if (path === undefined || path === state.chosen) return state;
  const { info: _, ...rest } = state;
  const found = state.list?.recordings.find((one) => one.path === path);
  return { ...rest, chosen: path, isGone: false, ...(found && { info: found }) };
}
