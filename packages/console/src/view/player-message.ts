import type { PlayerView } from '../player/index.js';

/** What stands over the picture. */
export interface PlayerMessage {
  readonly title: string;
  readonly detail?: string;
  readonly busy?: boolean;
  readonly playButton?: boolean;
}

/**
 * The words for what the player does; `undefined` while a picture speaks for itself. `reachable` is false while the
 * server does not answer: what ended then may not be the stream.
 */
export function playerMessage(view: PlayerView, streamName: string, reachable: boolean): PlayerMessage | undefined {
  const { phase } = view;
  switch (phase.kind) {
    case 'idle':
      return undefined;
    case 'offline':
      return { title: `${streamName} is not live`, detail: 'It plays here as soon as it is published.' };
    case 'waiting':
      return { title: 'Published', detail: 'Waiting for the first audio or video…', busy: true };
    case 'ended':
      if (!reachable) return { title: 'The server cannot be reached', detail: 'Trying again…', busy: true };
      return { title: 'The stream has ended', detail: 'It plays again here when it comes back.' };
    case 'retrying':
      return { title: phase.reason, detail: 'Trying again…', busy: true };
    case 'unplayable':
      return {
        title: phase.reason,
        detail: 'Another player can: use one of the addresses below, in VLC or ffplay for example.',
      };
    case 'refused':
      return { title: `You cannot watch ${streamName}`, detail: phase.reason };
    case 'suspended':
      return { title: 'Paused', playButton: true };
    case 'starting':
    case 'playing':
      if (view.blocked) return { title: 'The browser asks for a click', playButton: true };
      if (view.paused) return { title: 'Paused', playButton: true };
      if (phase.kind === 'starting') return { title: 'Starting…', busy: true };
      return view.buffering ? { title: 'Waiting for data…', busy: true } : undefined;
    default: {
      const impossible: never = phase;
      return impossible;
    }
  }
}
