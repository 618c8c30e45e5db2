import { defaultWindowAckSize } from './acknowledgement-window.js';
import { connectResult, defaultServerVersion } from './connect-request.js';
import type { MessageStream } from './message-streams.js';
import { agreedEncoding } from './object-encoding.js';
import { type ServerContext, streamDetails } from './server-context.js';
import type {
  ConnectAnswer,
  ConnectRequest,
  PlayAnswer,
  PlayRequest,
  PublishRequest,
  Rejection,
  ServeGrant,
  ServeRequest,
  StreamAnswer,
} from './server-event.js';
import type { ServerSessionOptions } from './server-session-options.js';

/** What the options of a session say about answers, with the defaults. */
export interface AnswerSettings {
  readonly windowAckSize: number;
  readonly peerBandwidth: number;
  readonly chunkSize: number;
  readonly serverVersion: string;
  readonly dataStart: boolean;
}

export function answerSettings(options: ServerSessionOptions): AnswerSettings {
  return {
    windowAckSize: options.windowAckSize ?? defaultWindowAckSize,
    peerBandwidth: options.peerBandwidth ?? defaultWindowAckSize,
    chunkSize: options.chunkSize ?? 60_000,
    serverVersion: options.serverVersion ?? defaultServerVersion,
    dataStart: options.dataStart ?? false,
  };
}

/** All that follows an accepted `connect`, in the order of [RTMP §7.2.1.1]. */
export function answerConnect(
  { output }: ServerContext,
  request: ConnectRequest,
  settings: AnswerSettings,
  answer: ConnectAnswer,
): void {
  output.windowAckSize(settings.windowAckSize);
  output.control({
    type: 'setPeerBandwidth',
    timestamp: 0,
    messageStreamId: 0,
    windowAckSize: settings.peerBandwidth,
    limitType: 'dynamic',
  });
  if (answer.keepsChunkSize !== true) output.setChunkSize(settings.chunkSize);
  output.userControl({ type: 'streamBegin', messageStreamId: 0 });
  const { properties, info } = connectResult(request, settings.serverVersion, answer);
  // Sent for a transaction id of 0, too: there is no connect that wants no answer.
  // In AMF0 and of type 20 also where 3 is agreed on, which the client learns from it. Red5 keeps to AMF0 here, too.
  output.command(0, '_result', request.transactionId, [info], properties);
  output.objectEncoding = agreedEncoding(request.objectEncoding);
  // Flash Media Server and SRS send it; librtmp and ffmpeg answer with _checkbw.
  output.command(0, 'onBWDone', 0, []);
}

export function answerPublish(context: ServerContext, request: PublishRequest, answer: StreamAnswer): void {
  const { messageStreamId, streamName } = request;
  const { description = `${streamName} is now published.`, info } = answer;
  const details = streamDetails(context, streamName);
  context.output.userControl({ type: 'streamBegin', messageStreamId });
  context.output.status(messageStreamId, 'NetStream.Publish.Start', description, { ...details, ...info });
}

export function answerPlay(
  context: ServerContext,
  request: PlayRequest,
  settings: AnswerSettings,
  answer: PlayAnswer,
): void {
  const { output } = context;
  const { messageStreamId, streamName, reset } = request;
  const { description = `Started playing ${streamName}.`, info } = answer;
  const details = streamDetails(context, streamName);
  if (answer.recorded === true) output.userControl({ type: 'streamIsRecorded', messageStreamId });
  output.userControl({ type: 'streamBegin', messageStreamId });
  if (reset) {
    output.status(messageStreamId, 'NetStream.Play.Reset', `Playing and resetting ${streamName}.`, details);
  }
  output.status(messageStreamId, 'NetStream.Play.Start', description, { ...details, ...info });
  output.data(messageStreamId, 0, ['|RtmpSampleAccess', true, true]);
  if (settings.dataStart) output.data(messageStreamId, 0, ['onStatus', { code: 'NetStream.Data.Start' }]);
}

export function answerServe(context: ServerContext, request: ServeRequest, answer: ServeGrant): void {
  context.output.status(request.messageStreamId, answer.code, answer.description);
}

export function refuseConnect({ output }: ServerContext, request: ConnectRequest, rejection: Rejection): void {
  const { code, description = '', info } = rejection;
  // As the result, also for a transaction id of 0.
  output.command(0, '_error', request.transactionId, [{ level: 'error', code, description, ...info }]);
}

export function refuseStream(
  context: ServerContext,
  request: PublishRequest | PlayRequest | ServeRequest,
  rejection: Rejection,
): void {
  const { messageStreamId, streamName } = request;
  const { code, description = '', info } = rejection;
  const details = streamDetails(context, streamName);
  context.output.status(messageStreamId, code, description, { ...details, level: 'error', ...info });
}

export function notifyPublished(context: ServerContext, stream: MessageStream): void {
  const { id, streamName } = stream;
  const description = `${streamName} is now published.`;
  context.output.userControl({ type: 'streamBegin', messageStreamId: id });
  context.output.status(id, 'NetStream.Play.PublishNotify', description, streamDetails(context, streamName));
}

export function notifyUnpublished(context: ServerContext, stream: MessageStream): void {
  const { id, streamName } = stream;
  const description = `${streamName} is now unpublished.`;
  context.output.status(id, 'NetStream.Play.UnpublishNotify', description, streamDetails(context, streamName));
  context.output.userControl({ type: 'streamEof', messageStreamId: id });
}

export function notifyStopped(context: ServerContext, stream: MessageStream): void {
  const { id, streamName } = stream;
  context.output.userControl({ type: 'streamEof', messageStreamId: id });
  context.output.status(
    id,
    'NetStream.Play.Stop',
    `Stopped playing ${streamName}.`,
    streamDetails(context, streamName),
  );
}
