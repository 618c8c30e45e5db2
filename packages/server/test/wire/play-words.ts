import { AmfObject } from '@millrace/protocol';
import type { WireMessage } from './chunk-reader.js';
import { statusOf } from './wire-client.js';

/** One word for what a player is told: a status's code, a user control event, or the code of `onPlayStatus`. */
export function playWordOf(message: WireMessage): string | undefined {
  const status = statusOf(message);
  if (status !== undefined) return String(status.get('code'));
  const { type, payload, values } = message;
  if (type === 4) return ['begin', 'eof', 'dry', '', 'recorded'][payload[1] ?? 9];
  const [name, info] = values;
  return name === 'onPlayStatus' && info instanceof AmfObject ? String(info.get('code')) : undefined;
}
