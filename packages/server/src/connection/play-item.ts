import type { PlayRequest } from '@millrace/protocol';
import type { OpenRecording } from '../vod/index.js';

/** What was granted to be played. */
export interface PlayItem {
  readonly request: PlayRequest;
  readonly name: string;
  /** `undefined`: a live stream. */
  readonly recording: OpenRecording | undefined;
}

/** The new stream takes the place of what plays, at a key frame. */
export function isChange({ transition }: PlayRequest): boolean {
  return transition?.kind === 'switch' || transition?.kind === 'swap';
}

/** Longer play lists than this are somebody's mistake. */
export const maxQueue = 256;
