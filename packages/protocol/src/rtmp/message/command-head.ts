import { Amf0Decoder, type AmfLimits } from '../../amf/index.js';
import { ByteReader, RtmpRemoteError } from '../../bytes/index.js';
import { messageTypes } from './message-type.js';
import type { RawMessage } from './raw-message.js';

/** What is known of a command whose arguments cannot be read. */
export interface CommandHead {
  readonly name: string;
  readonly transactionId: number;
  readonly messageStreamId: number;
}

/** Nothing is wrong with the bytes, as far as one can see: they say something that cannot be understood here. */
const unsupportedCodes: ReadonlySet<string> = new Set([
  'ERR_AMF0_RESERVED_MARKER',
  'ERR_AMF3_UNKNOWN_EXTERNALIZABLE',
  'ERR_RTMP_MESSAGE_FORMAT',
]);

/**
 * The beginning of a command that `decodeMessage` has thrown `error` for, where the error is that a value is well-formed
 * and not supported. `undefined` for other errors, other messages, and where not even the beginning can be read.
 */
export function readUnsupportedCommand(
  raw: RawMessage,
  error: RtmpRemoteError,
  limits?: Partial<AmfLimits>,
): CommandHead | undefined {
  const { messageTypeId, messageStreamId, payload } = raw;
  if (messageTypeId !== messageTypes.commandAmf0 && messageTypeId !== messageTypes.commandAmf3) return undefined;
  if (!unsupportedCodes.has(error.code)) return undefined;
  // The format is unknown, but all the formats that are known begin with the name in AMF0.
  const hasFormatByte =
    error.code === 'ERR_RTMP_MESSAGE_FORMAT' || (messageTypeId === messageTypes.commandAmf3 && payload[0] === 0);
  const decoder = new Amf0Decoder(new ByteReader(hasFormatByte ? payload.subarray(1) : payload), limits);
  try {
    const name = decoder.readValue();
    const transactionId = decoder.readValue();
    if (typeof name !== 'string' || typeof transactionId !== 'number') return undefined;
    return { name, transactionId, messageStreamId };
  } catch (cause) {
    if (cause instanceof RtmpRemoteError) return undefined;
    throw cause;
  }
}
