import type { RtmpRemoteError } from '../../bytes/index.js';
import type { CommandHead, CommandMessage } from '../message/index.js';
import { type ServerContext, stopStream } from './server-context.js';
import { splitQuery } from './stream-name.js';

type CommandHandler = (context: ServerContext, command: CommandMessage) => void;

/** Commands of the connection that the session answers itself. */
export const connectionCommands: ReadonlyMap<string, CommandHandler> = new Map([
  ['createStream', createStream],
  ['deleteStream', deleteStream],
  ['releaseStream', acknowledgeCommand],
  ['FCPublish', fcPublish],
  ['FCUnpublish', fcUnpublish],
  ['FCSubscribe', fcSubscribe],
  ['FCUnsubscribe', fcUnsubscribe],
  ['_checkbw', checkBandwidth],
  ['checkBandwidth', checkBandwidth],
  ['getStreamLength', getStreamLength],
  ['close', close],
  ['_result', takeAnswer],
  ['_error', takeAnswer],
  ['onStatus', ignore],
]);

/** A command with arguments that cannot be understood. An answer to the server's call is a refusal then. */
export function refuseUnsupported(context: ServerContext, command: CommandHead, { message }: RtmpRemoteError): void {
  const { name, transactionId } = command;
  if (name !== '_result' && name !== '_error') {
    context.output.error(command, 'NetConnection.Call.BadVersion', message);
  } else if (context.takeCall(transactionId) && !context.bandwidth.takeAnswer(transactionId, false)) {
    const args = [`The answer cannot be read: ${message}`];
    context.emit({ type: 'answer', answer: { transactionId, ok: false, commandObject: null, args } });
  }
}

function ignore(): void {}

/** Answers to what the server called. */
function takeAnswer(context: ServerContext, { name, transactionId, commandObject, args }: CommandMessage): void {
  if (!context.takeCall(transactionId) || context.bandwidth.takeAnswer(transactionId, name === '_result')) return;
  context.emit({ type: 'answer', answer: { transactionId, ok: name === '_result', commandObject, args } });
}

function acknowledgeCommand({ output }: ServerContext, command: CommandMessage): void {
  output.result(command, undefined);
}

/** Answered before it has begun: librtmp and ffmpeg are content with any answer, and Flash Player wants none. */
function checkBandwidth({ output, bandwidth }: ServerContext, command: CommandMessage): void {
  output.result(command, undefined);
  bandwidth.ask(command.name === '_checkbw' ? '_checkbw' : 'checkBandwidth');
}

function createStream({ output, streams }: ServerContext, command: CommandMessage): void {
  const stream = streams.create();
  if (stream === undefined) {
    output.error(command, 'NetConnection.Call.Failed', 'Too many message streams.');
    return;
  }
  output.result(command, stream.id);
}

/** On the connection's stream, the id as argument. [RTMP §7.2.2.3, Errata §8.3] Has no answer. */
function deleteStream(context: ServerContext, command: CommandMessage): void {
  const [id] = command.args;
  const stream = context.streams.get(typeof id === 'number' ? id : command.messageStreamId);
  if (stream === undefined) return;
  stopStream(context, stream, 'deleteStream');
  context.streams.delete(stream.id);
}

/** Flash Media Live Encoder waits for onFCPublish before it publishes. */
function fcPublish({ output }: ServerContext, command: CommandMessage): void {
  const description = nameArgument(command);
  output.command(0, 'onFCPublish', 0, [{ level: 'status', code: 'NetStream.Publish.Start', description }]);
  output.result(command, undefined);
}

/** ffmpeg and OBS send it before deleteStream; a publication of that name ends here already. */
function fcUnpublish(context: ServerContext, command: CommandMessage): void {
  const { output } = context;
  const description = nameArgument(command);
  const { name } = splitQuery(description);
  for (const stream of context.streams) {
    if (stream.role === 'publish' && stream.streamName === name) stopStream(context, stream, 'FCUnpublish');
  }
  output.command(0, 'onFCUnpublish', 0, [{ level: 'status', code: 'NetStream.Unpublish.Success', description }]);
  output.result(command, undefined);
}

function fcSubscribe(context: ServerContext, command: CommandMessage): void {
  const { output } = context;
  const description = nameArgument(command);
  output.command(0, 'onFCSubscribe', 0, [{ level: 'status', code: 'NetStream.Play.Start', description }]);
  output.result(command, undefined);
  context.emit({ type: 'subscribe', request: { streamName: splitQuery(description).name } });
}

function fcUnsubscribe({ output }: ServerContext, command: CommandMessage): void {
  const description = nameArgument(command);
  output.command(0, 'onFCUnsubscribe', 0, [{ level: 'status', code: 'NetStream.Play.Stop', description }]);
  output.result(command, undefined);
}

/**
 * What the server may answer instead of the session, if `ConnectAnswer.ownCommands` says so: Flash Media Server leaves
 * both to applications.
 */
export const overridableCommands: ReadonlySet<string> = new Set(['checkBandwidth', 'getStreamLength']);

/** Live streams have no length: 0 seconds. */
function getStreamLength({ output }: ServerContext, command: CommandMessage): void {
  output.result(command, 0);
}

function close(context: ServerContext): void {
  context.end();
  context.emit({ type: 'closed' });
}

function nameArgument({ args: [name] }: CommandMessage): string {
  return typeof name === 'string' ? name : '';
}
