import { backoffMs } from '../api/index.js';

/** What the player is doing, as the person sees it. */
export type PlaybackPhase =
  /** Nothing is chosen. */
  | { kind: 'idle' }
  /** The chosen stream is not being published, and was not since it was chosen. */
  | { kind: 'offline' }
  /** Published, but no audio or video has arrived yet. */
  | { kind: 'waiting' }
  | { kind: 'starting' }
  | { kind: 'playing' }
  /** Paused for so long that the connection was given up. */
  | { kind: 'suspended' }
  | { kind: 'ended' }
  /** The connection failed although the stream is live; another try follows. */
  | { kind: 'retrying'; reason: string }
  | { kind: 'unplayable'; reason: string }
  /** This person may not watch it. */
  | { kind: 'refused'; reason: string };

/** The stream to play, as the last poll described it. */
export interface PlaybackTarget {
  /** Changes with everything that needs a new connection: stream, publisher, transport, tracks. */
  readonly sourceKey: string;
  /** Changes with the stream alone. */
  readonly streamKey: string;
  readonly availability: 'live' | 'silent' | 'unplayable' | 'gone';
  /** Why it is unplayable. */
  readonly reason?: string;
  /** Polls in a row that did not list it; counts for `gone` alone. */
  readonly missedPolls?: number;
}

// The list may lose a stream a moment before its last pictures have been sent: they are still shown.
const patientPolls = 3;

export interface PlaybackState {
  readonly phase: PlaybackPhase;
  /** The source of the connection that is open or was tried last. */
  readonly sourceKey?: string;
  readonly streamKey?: string;
  /** Tries in a row that brought no picture. */
  readonly failures: number;
  /** When the next try is due, on the clock of `nowMs`. */
  readonly retryAtMs?: number;
  /** What the caller must do now with the connection. */
  readonly command: 'none' | 'start' | 'stop';
}

/** `nowMs` is the page's monotonic clock. */
export type PlaybackInput =
  | { type: 'target'; target: PlaybackTarget | undefined; nowMs: number }
  | { type: 'playing' }
  | { type: 'connectionEnded'; nowMs: number }
  | { type: 'connectionFailed'; reason: string; nowMs: number }
  | { type: 'codecRefused'; reason: string }
  | { type: 'refused'; reason: string }
  | { type: 'suspend' }
  | { type: 'resume'; nowMs: number };

export const initialPlaybackState: PlaybackState = { phase: { kind: 'idle' }, failures: 0, command: 'none' };

/** The next state, and in `command` what must be done to reach it. */
export function reducePlayback(state: PlaybackState, input: PlaybackInput): PlaybackState {
  switch (input.type) {
    case 'target':
      return withTarget(state, input.target, input.nowMs);
    case 'playing':
      if (state.phase.kind !== 'starting') return quiet(state);
      return { ...quiet(state), phase: { kind: 'playing' }, failures: 0 };
    case 'connectionEnded':
      // A clean end: usually the publisher left. If the next polls still list the stream, it is tried again.
      return lost(state, { kind: 'ended' }, input.nowMs);
    case 'connectionFailed':
      return lost(state, { kind: 'retrying', reason: input.reason }, input.nowMs);
    case 'codecRefused':
      return { ...quiet(state), phase: { kind: 'unplayable', reason: input.reason }, command: 'stop' };
    case 'refused':
      return { ...quiet(state), phase: { kind: 'refused', reason: input.reason }, command: 'stop' };
    case 'suspend':
      if (!isOpen(state.phase)) return quiet(state);
      return { ...quiet(state), phase: { kind: 'suspended' }, command: 'stop' };
    case 'resume':
      if (state.phase.kind !== 'suspended') return quiet(state);
      return { ...quiet(state), phase: { kind: 'starting' }, failures: 0, command: 'start' };
    default: {
      const impossible: never = input;
      return impossible;
    }
  }
}

function withTarget(state: PlaybackState, target: PlaybackTarget | undefined, nowMs: number): PlaybackState {
  const stop = isOpen(state.phase) ? 'stop' : 'none';
  if (target === undefined) return { ...initialPlaybackState, command: stop };

  const sameStream = state.streamKey === target.streamKey;
  const current = { ...quiet(state), streamKey: target.streamKey };
  switch (target.availability) {
    case 'gone': {
      if (sameStream && isOpen(state.phase) && (target.missedPolls ?? patientPolls) < patientPolls) return current;
      const wasSeen = sameStream && !['idle', 'offline'].includes(state.phase.kind);
      return { ...withoutRetry(current), phase: { kind: wasSeen ? 'ended' : 'offline' }, failures: 0, command: stop };
    }
    case 'silent':
      return { ...withoutRetry(current), phase: { kind: 'waiting' }, command: stop };
    case 'unplayable':
      return {
        ...withoutRetry(current),
        sourceKey: target.sourceKey,
        phase: { kind: 'unplayable', reason: target.reason ?? 'This browser cannot play this stream.' },
        command: stop,
      };
    case 'live':
      break;
    default: {
      const impossible: never = target.availability;
      return impossible;
    }
  }

  const sameSource = sameStream && state.sourceKey === target.sourceKey;
  if (sameSource && staysAsItIs(state, nowMs)) return current;
  return {
    ...withoutRetry(current),
    sourceKey: target.sourceKey,
    phase: { kind: 'starting' },
    failures: sameSource ? state.failures : 0,
    command: 'start',
  };
}

/** Whether the same live source needs nothing: it plays, or it waits for its time or for the person. */
function staysAsItIs(state: PlaybackState, nowMs: number): boolean {
  switch (state.phase.kind) {
    case 'starting':
    case 'playing':
    case 'suspended':
    case 'unplayable':
    case 'refused':
      return true;
    case 'ended':
    case 'retrying':
      return state.retryAtMs !== undefined && nowMs < state.retryAtMs;
    case 'idle':
    case 'offline':
    case 'waiting':
      return false;
    default: {
      const impossible: never = state.phase;
      return impossible;
    }
  }
}

function lost(state: PlaybackState, phase: PlaybackPhase, nowMs: number): PlaybackState {
  if (!isOpen(state.phase)) return quiet(state);
  const failures = state.failures + 1;
  return { ...quiet(state), phase, failures, retryAtMs: nowMs + backoffMs(failures) };
}

function isOpen(phase: PlaybackPhase): boolean {
  return phase.kind === 'starting' || phase.kind === 'playing';
}

function quiet(state: PlaybackState): PlaybackState {
  return { ...state, command: 'none' };
}

function withoutRetry(state: PlaybackState): PlaybackState {
  const { retryAtMs: _, ...rest } = state;
  return rest;
}
