import type { AmfInput } from '../../amf/index.js';
import type { ConnectionProgress } from './connection-progress.js';
import type { MessageStream, MessageStreams } from './message-streams.js';
import type { ServerBandwidth } from './server-bandwidth.js';
import type { ServerCalls } from './server-calls.js';
import type { ServerEvent, StopReason } from './server-event.js';
import type { SessionOutput } from './session-output.js';
import type { ConnectionState } from './session-states.js';

/** What the handlers of commands may touch of their session. */
export interface ServerContext {
  readonly output: SessionOutput;
  readonly streams: MessageStreams;
  readonly bandwidth: ServerBandwidth;
  /** What statuses call the connection. */
  readonly clientId: string;
  /** Where the connection is now. */
  state(): ConnectionState;
  emit(event: ServerEvent): void;
  /** A call that waits for the server's answer. `false`: there are too many. */
  openCall(): boolean;
  /** Ends the wait for the answer to a call of the server. `false`: none with this transaction id waits. */
  takeCall(transactionId: number): boolean;
  /** Nothing more is to be read from the client. */
  end(): void;
}

interface ServerContextParts extends Pick<ServerContext, 'output' | 'streams' | 'bandwidth' | 'clientId'> {
  readonly calls: ServerCalls;
  readonly progress: ConnectionProgress;
}

export function createServerContext({ calls, progress, ...rest }: ServerContextParts): ServerContext {
  return {
    ...rest,
    state: () => progress.state,
    emit: (event) => progress.emit(event),
    openCall: () => calls.open(),
    takeCall: (transactionId) => calls.take(transactionId),
    end: () => progress.end(),
  };
}

/** Flash Media Server's client ids are eight letters. */
export function formatClientId(random: Uint8Array): string {
  let id = '';
  for (const byte of random) id += String.fromCharCode(0x41 + (byte % 26));
  return id;
}

/** The members that Flash Media Server adds to the statuses of a stream. */
export function streamDetails(context: ServerContext, details: string): Record<string, AmfInput> {
  return { details, clientid: context.clientId };
}

/** Ends what the stream is used for, and says so to the client and to the server. An idle stream stays as it is. */
export function stopStream(context: ServerContext, stream: MessageStream, reason: StopReason): void {
  const { id, role, state, streamName } = stream;
  if (role === undefined) return;
  stream.step('stop');
  if (state === 'publishing') {
    context.output.status(
      id,
      'NetStream.Unpublish.Success',
      `${streamName} is now unpublished.`,
      streamDetails(context, streamName),
    );
  } else if (state === 'playing' && reason === 'closeStream') {
    // librtmp ends its session on Play.Stop: not for a stream that goes on to play something else. Nor for one that is
    // gone: its id means nothing any more, or soon something else. [RTMP §7.2.2.3]
    context.output.status(
      id,
      'NetStream.Play.Stop',
      `Stopped playing ${streamName}.`,
      streamDetails(context, streamName),
    );
  }
  context.emit({ type: 'stopped', messageStreamId: id, role, reason });
}
