import type { AmfValue } from '../../amf/index.js';
import type { MessageStream } from './message-streams.js';
import { type ServerContext, stopStream } from './server-context.js';
import type { PlayRequest, PlayTransition } from './server-event.js';
import { splitQuery } from './stream-name.js';

export interface PlayWish {
  /** With the query. */
  readonly name: string;
  readonly start: number;
  readonly duration: number;
  readonly reset: boolean;
  readonly transition?: PlayTransition;
}

/** Of `play` and `play2`: what plays is stopped, unless the new stream is to come after it, or in its place later. */
export function requestPlay(context: ServerContext, stream: MessageStream, wish: PlayWish): void {
  const { start, duration, reset, transition } = wish;
  const { name: streamName, query } = splitQuery(wish.name);
  // A live stream has no end to wait for, and `reset` false says nothing of it; who says append or switch is answered.
  const isNew = reset || transition?.kind === 'resume';
  const isQueued = stream.state === 'playing' && !isNew && (stream.ends || transition !== undefined);
  if (!isQueued) stopStream(context, stream, 'replaced');
  if (streamName === '') {
    context.output.status(stream.id, 'NetStream.Play.StreamNotFound', 'A stream without a name cannot be played.');
    return;
  }
  const request: PlayRequest = {
    kind: 'play',
    messageStreamId: stream.id,
    streamName,
    query,
    start,
    duration,
    reset,
    receiveAudio: stream.receiveAudio,
    receiveVideo: stream.receiveVideo,
    ...(transition && { transition }),
  };
  if (isQueued) {
    stream.step('queue');
    stream.queued = request;
  } else {
    stream.step('play');
    stream.request = request;
  }
  context.emit({ type: 'play', request });
}

/** −1 and −2 are no times and arrive as such or, from clients that multiply all times by 1000, as −1000 and −2000. */
export function playStart(value: AmfValue): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return -2;
  if (value >= 0) return value;
  return value === -1 || value === -1000 ? -1 : -2;
}

export function playDuration(value: AmfValue): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : -1;
}
