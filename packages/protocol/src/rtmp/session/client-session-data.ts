import type { AmfLimits, AmfValue } from '../../amf/index.js';
import { RtmpRemoteError } from '../../bytes/index.js';
import { decodeMessage, type RawMessage } from '../message/index.js';

/**
 * The values of a data message; `undefined` where they are not valid AMF or exceed the limits. Servers pass publishers'
 * data on unread, so bad AMF in it is no reason to end the session with the server.
 */
export function readDataValues(message: RawMessage, limits: Partial<AmfLimits>): readonly AmfValue[] | undefined {
  try {
    const decoded = decodeMessage(message, limits);
    return decoded.type === 'data' ? decoded.values : undefined;
  } catch (error) {
    if (!(error instanceof RtmpRemoteError)) throw error;
    return undefined;
  }
}
