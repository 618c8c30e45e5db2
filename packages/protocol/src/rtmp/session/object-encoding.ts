import { Amf3Value, type AmfInput, AmfUnsupported } from '../../amf/index.js';
import type { MessageEncoding, SharedObjectEventInput } from '../message/index.js';

/**
 * What the sides of a connection have agreed on. 0: AMF0, in messages of types 20 and 18. 3: AMF3 as well, and types 17
 * and 15. Both types are read whatever was agreed on. [Errata §8.1.1]
 */
export type ObjectEncoding = 0 | 3;

/** What a server agrees on with a client that says `offered`: never more than the client supports. [Errata §8.1.1] */
export function agreedEncoding(offered: unknown): ObjectEncoding {
  return offered === 3 ? 3 : 0;
}

export function messageEncodingOf(objectEncoding: ObjectEncoding): MessageEncoding {
  return objectEncoding === 3 ? 'amf3' : 'amf0';
}

/**
 * An application's values as they are sent. With encoding 3, whatever has more to it than text or a number goes into
 * AMF3, each value behind the marker 0x11 [Errata §7.2]; the rest is the same in AMF0, which every peer reads. Red5
 * does so, too (RTMPProtocolEncoder.encodeCommand: the name and the transaction id in AMF0, then AMF3).
 */
export function applicationValues(values: readonly AmfInput[], objectEncoding: ObjectEncoding): readonly AmfInput[] {
  return objectEncoding === 3 ? values.map(applicationValue) : values;
}

/** The event of a shared object as it is sent. Red5 does likewise: values in AMF3, names as they are in AMF0. */
export function applicationEvent(
  event: SharedObjectEventInput,
  objectEncoding: ObjectEncoding,
): SharedObjectEventInput {
  if (objectEncoding === 0) return event;
  if ('value' in event) return { ...event, value: applicationValue(event.value) };
  return 'args' in event ? { ...event, args: event.args.map(applicationValue) } : event;
}

function applicationValue(value: AmfInput): AmfInput {
  // AMF3 has no "unsupported".
  const isSimple = typeof value !== 'object' || value === null || value instanceof AmfUnsupported;
  return isSimple || value instanceof Amf3Value ? value : new Amf3Value(value);
}
