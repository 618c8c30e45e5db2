import type { AmfValue } from '../../amf/index.js';
import type { CommandMessage } from '../message/index.js';
import type { MessageStream } from './message-streams.js';
import { playDuration, playStart, requestPlay } from './play-request.js';
import { play2 } from './play2-command.js';
import { refuseSeek } from './recorded-answers.js';
import { type ServerContext, stopStream, streamDetails } from './server-context.js';
import type { PublishType, SeekRequest } from './server-event.js';
import { splitQuery } from './stream-name.js';

type StreamCommandHandler = (context: ServerContext, command: CommandMessage, stream: MessageStream) => void;

/** Commands of a message stream. [RTMP §7.2.2] */
const streamCommands: ReadonlyMap<string, StreamCommandHandler> = new Map([
  ['publish', publish],
  ['play', play],
  ['play2', play2],
  ['serve', serve],
  ['pause', pause],
  // nginx-rtmp takes it for pause, too.
  ['pauseRaw', pause],
  ['seek', seek],
  ['receiveAudio', receiveAudio],
  ['receiveVideo', receiveVideo],
  ['closeStream', closeStream],
]);

const publishTypes: readonly PublishType[] = ['live', 'record', 'append', 'appendWithGap'];

/** `false`: the command is none of a message stream. */
export function handleStreamCommand(context: ServerContext, command: CommandMessage): boolean {
  const handler = streamCommands.get(command.name);
  if (handler === undefined) return false;
  const stream = context.streams.get(command.messageStreamId);
  if (stream === undefined) refuseWithoutStream(context, command);
  else handler(context, command, stream);
  return true;
}

/**
 * The stream was never created, or it is 0, the connection's own. nginx-rtmp goes on, with one stream whatever the id is;
 * here each id is a stream of its own, and one that createStream did not give is a mistake that its sender should see.
 */
function refuseWithoutStream({ output }: ServerContext, command: CommandMessage): void {
  const { name, messageStreamId } = command;
  const description = `There is no message stream ${messageStreamId}.`;
  if (name === 'publish') output.status(messageStreamId, 'NetStream.Publish.BadName', description);
  else if (name === 'play' || name === 'play2') output.status(messageStreamId, 'NetStream.Play.Failed', description);
  else if (name === 'serve') output.status(messageStreamId, 'NetStream.Serve.Error', description);
  else output.error(command, 'NetStream.Failed', description);
}

function publish(context: ServerContext, command: CommandMessage, stream: MessageStream): void {
  const [name, type] = command.args;
  // NetStream.publish(false) ends the publication.
  if (name === false) {
    stopStream(context, stream, 'closeStream');
    return;
  }
  stopStream(context, stream, 'replaced');
  const { name: streamName, query } = splitQuery(typeof name === 'string' ? name : '');
  const refuse = (code: string, description: string): void => {
    context.output.status(stream.id, code, description, streamDetails(context, streamName));
  };
  if (streamName === '') {
    refuse('NetStream.Publish.BadName', 'A stream without a name cannot be published.');
    return;
  }
  const publishType = type === undefined || type === null ? 'live' : publishTypes.find((known) => known === type);
  if (publishType === undefined) {
    refuse('NetStream.Failed', `The publishing type is none of ${publishTypes.join(', ')}.`);
    return;
  }
  const request = { kind: 'publish', messageStreamId: stream.id, streamName, query, publishType } as const;
  stream.step('publish');
  stream.request = request;
  context.emit({ type: 'publish', request });
}

function play(context: ServerContext, command: CommandMessage, stream: MessageStream): void {
  const [name, start, duration, reset] = command.args;
  // NetStream.play(false) ends playing.
  if (name === false) {
    stopStream(context, stream, 'closeStream');
    return;
  }
  requestPlay(context, stream, {
    name: typeof name === 'string' ? name : '',
    start: playStart(start),
    duration: playDuration(duration),
    // Flash Player sends numbers as well: 0 and 2 keep the playlist, 1 and 3 begin a new one.
    reset: typeof reset === 'number' ? reset % 2 !== 0 : reset !== false,
  });
}

/** The service stream's: what may be a name of a service is the server's to say. */
function serve(context: ServerContext, command: CommandMessage, stream: MessageStream): void {
  const [name] = command.args;
  stopStream(context, stream, 'replaced');
  const streamName = typeof name === 'string' ? name : '';
  const request = { kind: 'serve', messageStreamId: stream.id, streamName } as const;
  stream.step('serve');
  stream.request = request;
  context.emit({ type: 'serve', request });
}

function pause(context: ServerContext, command: CommandMessage, stream: MessageStream): void {
  const [flag, timeMs] = command.args;
  if (stream.state !== 'playing') {
    context.output.error(command, 'NetStream.Failed', 'Only a stream that plays can be paused.');
    return;
  }
  const { id, streamName } = stream;
  const details = streamDetails(context, streamName);
  const { output } = context;
  if (flag === true) {
    // Of a recording the client has all that it gets: librtmp waits to be told so.
    if (stream.recorded) output.userControl({ type: 'streamEof', messageStreamId: id });
    output.status(id, 'NetStream.Pause.Notify', `Pausing ${streamName}.`, details);
  } else {
    if (stream.recorded) output.userControl({ type: 'streamIsRecorded', messageStreamId: id });
    if (stream.recorded) output.userControl({ type: 'streamBegin', messageStreamId: id });
    output.status(id, 'NetStream.Unpause.Notify', `Unpausing ${streamName}.`, details);
  }
  context.emit({ type: 'pause', messageStreamId: id, pause: flag === true, timeMs: timeOf(timeMs) });
}

function seek(context: ServerContext, command: CommandMessage, stream: MessageStream): void {
  if (stream.state !== 'playing') {
    context.output.error(command, 'NetStream.Seek.Failed', 'Only a stream that plays can be sought in.');
    return;
  }
  const { transactionId, args } = command;
  const timeMs = typeof args[0] === 'number' ? args[0] : Number.NaN;
  const request: SeekRequest = { kind: 'seek', messageStreamId: stream.id, transactionId, timeMs };
  if (!Number.isFinite(timeMs)) {
    refuseSeek(context, request, { code: 'NetStream.Seek.InvalidTime', description: 'That is no time.' });
    return;
  }
  stream.seek = request;
  context.emit({ type: 'seek', request });
}

function receiveAudio(context: ServerContext, command: CommandMessage, stream: MessageStream): void {
  stream.receiveAudio = command.args[0] !== false;
  confirmReceive(context, stream, stream.receiveAudio);
  context.emit({ type: 'receiveAudio', messageStreamId: stream.id, receive: stream.receiveAudio });
}

function receiveVideo(context: ServerContext, command: CommandMessage, stream: MessageStream): void {
  stream.receiveVideo = command.args[0] !== false;
  confirmReceive(context, stream, stream.receiveVideo);
  context.emit({ type: 'receiveVideo', messageStreamId: stream.id, receive: stream.receiveVideo });
}

/** Nothing for false; Seek.Notify and Play.Start for true. [RTMP §7.2.2.4, §7.2.2.5] */
function confirmReceive(context: ServerContext, stream: MessageStream, receive: boolean): void {
  if (!receive || stream.state !== 'playing') return;
  const { id, streamName } = stream;
  const details = streamDetails(context, streamName);
  context.output.status(id, 'NetStream.Seek.Notify', `Seeking ${streamName}.`, details);
  context.output.status(id, 'NetStream.Play.Start', `Started playing ${streamName}.`, details);
}

function closeStream(context: ServerContext, _command: CommandMessage, stream: MessageStream): void {
  stopStream(context, stream, 'closeStream');
}

function timeOf(value: AmfValue): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
