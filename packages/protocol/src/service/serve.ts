/*
 * serve, client to server, on a message stream that createStream has made:
 *
 *   +---------+------------------+------+-----------------+
 *   | "serve" | transaction id 0 | null | name of service |
 *   +---------+------------------+------+-----------------+
 *
 * and its answer, on the same message stream; there is no _result:
 *
 *   +------------+------------------+------+------------------------------+
 *   | "onStatus" | transaction id 0 | null | { level, code, description } |
 *   +------------+------------------+------+------------------------------+
 */
import { AmfEcmaArray, AmfObject, type AmfValue } from '../amf/index.js';
import { RtmpRemoteError, RtmpUsageError } from '../bytes/index.js';
import { textComplaint } from './member-reader.js';

/** The status codes of `serve`'s answer, spelled as in the draft. */
export const serveStatusCodes = {
  created: 'NetStream.Serve.Create',
  attached: 'NetStream.Serve.Attache',
  refused: 'NetStream.Serve.Error',
} as const;

export type ServeOutcome = keyof typeof serveStatusCodes;

export interface ServeAnswer {
  readonly outcome: ServeOutcome;
  /** As received. */
  readonly code: string;
  /** Empty where the server gave none. */
  readonly description: string;
}

/** As long as a stream's name may be said in one line of a log. */
const maxNameLength = 256;

/**
 * The name of the service that a `serve` command asks for: 1 … 256 characters, none of them a control character.
 *
 * @param args what follows the command object.
 * @throws RtmpRemoteError `ERR_SERVICE_NAME`
 */
export function parseServe(args: readonly AmfValue[]): string {
  const name = args[0];
  if (typeof name !== 'string')
    throw new RtmpRemoteError('ERR_SERVICE_NAME', 'the name of the service is not a string');
  const complaint = nameComplaint(name);
  if (complaint !== undefined) throw new RtmpRemoteError('ERR_SERVICE_NAME', complaint);
  return name;
}

/**
 * What follows the command object of a `serve` command.
 *
 * @throws RtmpUsageError `ERR_SERVICE_NAME` for a name that `parseServe` would refuse.
 */
export function formatServe(serviceName: string): AmfValue[] {
  const complaint = nameComplaint(serviceName);
  if (complaint !== undefined) throw new RtmpUsageError('ERR_SERVICE_NAME', complaint);
  return [serviceName];
}

/**
 * What an `onStatus` says about `serve`; `undefined` where it speaks of something else. Never throws.
 *
 * @param values the command object and what follows it. The draft's table has the bare code as a string, in no certain
 * place, instead of the information object that every other status has.
 */
export function parseServeAnswer(values: readonly AmfValue[]): ServeAnswer | undefined {
  for (const value of values) {
    const info = value instanceof AmfObject || value instanceof AmfEcmaArray ? value : undefined;
    const code = info === undefined ? value : info.get('code');
    if (typeof code !== 'string') continue;
    const outcome = outcomeOf(code, info?.get('level'));
    if (outcome === undefined) continue;
    const description = info?.get('description');
    return { outcome, code, description: typeof description === 'string' ? description : '' };
  }
  return undefined;
}

function outcomeOf(code: string, level: AmfValue): ServeOutcome | undefined {
  switch (code) {
    case serveStatusCodes.created:
      return 'created';
    // The draft's spelling, and the word that was meant.
    case serveStatusCodes.attached:
    case 'NetStream.Serve.Attach':
      return 'attached';
    case serveStatusCodes.refused:
      return 'refused';
    default:
      return level === 'error' && code.startsWith('NetStream.Serve.') ? 'refused' : undefined;
  }
}

function nameComplaint(name: string): string | undefined {
  return textComplaint('the name of the service', name, { minLength: 1, maxLength: maxNameLength });
}
