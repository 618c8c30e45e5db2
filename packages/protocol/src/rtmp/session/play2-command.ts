import { AmfEcmaArray, AmfObject, type AmfValue } from '../../amf/index.js';
import type { CommandMessage } from '../message/index.js';
import type { MessageStream } from './message-streams.js';
import { playDuration, playStart, requestPlay } from './play-request.js';
import { type ServerContext, stopStream } from './server-context.js';
import type { PlayTransitionKind } from './server-event.js';
import { splitQuery } from './stream-name.js';

const transitionKinds: readonly PlayTransitionKind[] = ['append', 'appendAndWait', 'reset', 'resume', 'swap', 'switch'];

/**
 * The argument's members are those of NetStreamPlayOptions [RTMP §7.2.2.2]. Flash Player sends them as they are, so that
 * `start`, `len` and `offset` are seconds here, other than the times of `play`.
 */
export function play2(context: ServerContext, command: CommandMessage, stream: MessageStream): void {
  const [options] = command.args;
  if (!(options instanceof AmfObject || options instanceof AmfEcmaArray)) {
    context.output.status(stream.id, 'NetStream.Play.Failed', 'play2 has no options.');
    return;
  }
  const { properties } = options;
  const transition = properties.get('transition');
  if (transition === 'stop') {
    stopStream(context, stream, 'closeStream');
    return;
  }
  const kind = transitionKinds.find((known) => known === transition);
  if (kind === undefined && !(transition === undefined || transition === null || transition === '')) {
    const known = [...transitionKinds, 'stop'].join(', ');
    context.output.status(stream.id, 'NetStream.Play.Failed', `The transition is none of ${known}.`);
    return;
  }
  const offset = properties.get('offset');
  requestPlay(context, stream, {
    name: textOf(properties.get('streamName')),
    start: playStart(milliseconds(properties.get('start'))),
    duration: playDuration(milliseconds(properties.get('len'))),
    reset: kind === undefined || kind === 'reset',
    transition: {
      kind: kind ?? 'reset',
      oldStreamName: splitQuery(textOf(properties.get('oldStreamName'))).name,
      offsetMs: playDuration(milliseconds(offset)),
    },
  });
}

function milliseconds(value: AmfValue): AmfValue {
  return typeof value === 'number' ? value * 1000 : value;
}

function textOf(value: AmfValue): string {
  return typeof value === 'string' ? value : '';
}
