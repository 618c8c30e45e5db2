import type { AmfInput } from '../../amf/index.js';
import type { MessageStream } from './message-streams.js';
import { type ServerContext, streamDetails } from './server-context.js';
import type { PlayRequest, Rejection, SeekRequest } from './server-event.js';

/** What was played, for those who want to know at its end. */
export interface CompletedPlay {
  readonly durationMs: number;
  readonly bytes: number;
}

/** As Flash Media Server: the old place ends, then the stream begins anew. The media of the new place follow. */
export function answerSeek(context: ServerContext, stream: MessageStream, { timeMs }: SeekRequest): void {
  const { output } = context;
  const { id: messageStreamId, streamName } = stream;
  const details = streamDetails(context, streamName);
  output.userControl({ type: 'streamEof', messageStreamId });
  output.userControl({ type: 'streamIsRecorded', messageStreamId });
  output.userControl({ type: 'streamBegin', messageStreamId });
  output.status(messageStreamId, 'NetStream.Seek.Notify', `Seeking ${timeMs} in ${streamName}.`, details);
  output.status(messageStreamId, 'NetStream.Play.Start', `Started playing ${streamName}.`, details);
}

/** The status is what Flash Player shows; `_error` is what [RTMP §7.2.2.7] asks for. */
export function refuseSeek(context: ServerContext, request: SeekRequest, rejection: Rejection): void {
  const { messageStreamId } = request;
  const { code, description = '', info } = rejection;
  const details = streamDetails(context, context.streams.get(messageStreamId)?.streamName ?? '');
  context.output.error(request, code, description);
  context.output.status(messageStreamId, code, description, { ...details, level: 'error', ...info });
}

/** All of it has been sent. The stream stays, for a seek back or something that is played after it. */
export function notifyComplete(context: ServerContext, stream: MessageStream, completed: CompletedPlay): void {
  const { output } = context;
  const { id: messageStreamId, streamName } = stream;
  const { durationMs, bytes } = completed;
  playStatus(context, messageStreamId, 'NetStream.Play.Complete', { duration: durationMs / 1000, bytes });
  output.userControl({ type: 'streamEof', messageStreamId });
  const details = streamDetails(context, streamName);
  output.status(messageStreamId, 'NetStream.Play.Stop', `Stopped playing ${streamName}.`, details);
}

/** The next of a play list begins. */
export function notifyNext(context: ServerContext, request: PlayRequest, recorded: boolean): void {
  const { output } = context;
  const { messageStreamId, streamName } = request;
  playStatus(context, messageStreamId, 'NetStream.Play.Switch', {});
  if (recorded) output.userControl({ type: 'streamIsRecorded', messageStreamId });
  output.userControl({ type: 'streamBegin', messageStreamId });
  const details = streamDetails(context, streamName);
  output.status(messageStreamId, 'NetStream.Play.Start', `Started playing ${streamName}.`, details);
}

/** A request of `play2` to change to another stream is granted. */
export function notifyTransition(context: ServerContext, { messageStreamId, streamName }: PlayRequest): void {
  const details = streamDetails(context, streamName);
  const description = `Transitioned to ${streamName}.`;
  const info = { ...details, reason: 'NetStream.Transition.Success' };
  context.output.status(messageStreamId, 'NetStream.Play.Transition', description, info);
}

/** What follows is of the stream that was changed to. */
export function notifyTransitionComplete(context: ServerContext, { messageStreamId, streamName }: PlayRequest): void {
  playStatus(context, messageStreamId, 'NetStream.Play.TransitionComplete', streamDetails(context, streamName));
}

/** With time 0, as the metadata: FFmpeg takes data at another time for subtitles. */
function playStatus(
  context: ServerContext,
  messageStreamId: number,
  code: string,
  extra: Readonly<Record<string, AmfInput>>,
): void {
  context.output.data(messageStreamId, 0, ['onPlayStatus', { level: 'status', code, ...extra }]);
}
