import type { ServerInfo, StreamInfo } from '../api/index.js';
import { type StreamPath, streamKey } from './stream-path.js';

/** `connecting` before the first answer, `resting` while the page is hidden. */
type Connection = 'connecting' | 'connected' | 'reconnecting' | 'resting';

/** Everything the page shows, apart from the player. */
export interface ConsoleState {
  readonly connection: Connection;
  /** Why the last poll failed; absent unless `reconnecting`. */
  readonly failure?: string;
  readonly server?: ServerInfo;
  /** Subtracted from the page's clock it gives the server's up-time, in milliseconds. */
  readonly serverStartedAtMs?: number;
  /** Sorted by path. Empty until `loaded`. */
  readonly streams: readonly StreamInfo[];
  /** Whether the server has answered once. */
  readonly loaded: boolean;
  readonly chosen?: StreamPath;
  /** The chosen stream as last seen; stays after it ended. */
  readonly lastSeen?: StreamInfo;
  /** Polls in a row that did not list the chosen stream. */
  readonly missedPolls: number;
}

/** `nowMs` is the page's monotonic clock. */
export type ConsoleAction =
  | { type: 'streams'; streams: readonly StreamInfo[] }
  | { type: 'server'; server: ServerInfo; nowMs: number }
  | { type: 'failed'; reason: string }
  | { type: 'resting' }
  | { type: 'choose'; path: StreamPath | undefined };

export const initialConsoleState: ConsoleState = {
  connection: 'connecting',
  streams: [],
  loaded: false,
  missedPolls: 0,
};

/** The next state. Never changes the old one. */
export function reduceConsole(state: ConsoleState, action: ConsoleAction): ConsoleState {
  switch (action.type) {
    case 'streams':
      return withStreams(connected(state), action.streams);
    case 'server':
      return {
        ...connected(state),
        server: action.server,
        serverStartedAtMs: action.nowMs - action.server.uptimeMs,
      };
    case 'failed': {
      // Before the first answer "connecting" is still the truth, but the reason must be seen.
      return { ...state, connection: state.loaded ? 'reconnecting' : 'connecting', failure: action.reason };
    }
    case 'resting':
      return { ...state, connection: state.loaded ? 'resting' : 'connecting' };
    case 'choose':
      return withChoice(state, action.path);
    default: {
      const impossible: never = action;
      return impossible;
    }
  }
}

/** The chosen stream while it is live; `undefined` when it is not, or nothing is chosen. */
export function liveChosen(state: ConsoleState): StreamInfo | undefined {
  return state.missedPolls === 0 ? state.lastSeen : undefined;
}

/** Whether the server answered the last poll. While it does not, streams that ended may be live, and the list is old. */
export function isReachable(state: ConsoleState): boolean {
  return state.connection !== 'reconnecting';
}

/** The chosen stream while it is known to be live: `playing` is known even when the list cannot be asked for. */
export function knownLive(state: ConsoleState, playing: boolean): StreamInfo | undefined {
  return playing || isReachable(state) ? liveChosen(state) : undefined;
}

/** What fills the page: nothing yet, how to publish, or a player. */
export function pageOf(state: ConsoleState): 'connecting' | 'guide' | 'player' {
  if (!state.loaded) return 'connecting';
  return state.chosen === undefined ? 'guide' : 'player';
}

function connected(state: ConsoleState): ConsoleState {
  const { failure: _, ...rest } = state;
  return { ...rest, connection: 'connected' };
}

function withStreams(state: ConsoleState, unsorted: readonly StreamInfo[]): ConsoleState {
  const streams = [...unsorted].sort((a, b) => collator.compare(streamKey(a), streamKey(b)));
  const next: ConsoleState = { ...state, streams, loaded: true };
  // Nobody chose: the first stream plays, so that "publish, open the page" is all it takes.
  if (next.chosen === undefined) return withChoice(next, streams[0]);
  const found = findStream(streams, next.chosen);
  if (found === undefined) return { ...next, missedPolls: next.missedPolls + 1 };
  return { ...next, lastSeen: found, missedPolls: 0 };
}

function withChoice(state: ConsoleState, path: StreamPath | undefined): ConsoleState {
  const target = path ?? state.streams[0];
  const { chosen: _, lastSeen: __, ...rest } = state;
  if (target === undefined) return { ...rest, missedPolls: 0 };
  const found = findStream(state.streams, target);
  const chosen = { app: target.app, name: target.name };
  return found === undefined
    ? { ...rest, chosen, missedPolls: state.loaded ? 1 : 0 }
    : { ...rest, chosen, lastSeen: found, missedPolls: 0 };
}

function findStream(streams: readonly StreamInfo[], path: StreamPath): StreamInfo | undefined {
  const key = streamKey(path);
  return streams.find((stream) => streamKey(stream) === key);
}

// "cam2" before "cam10".
const collator = new Intl.Collator('en', { numeric: true });
