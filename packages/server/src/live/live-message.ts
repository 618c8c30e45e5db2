import { messageTypes, type ObjectEncoding, type RawMessage } from '@millrace/protocol';

/** A message as a broadcast keeps it. Of data messages, those of type 15 hold values in AMF3, those of type 18 none. */
export interface LiveMessage extends RawMessage {
  /** Of type 15 only: the same for those who read AMF0 alone. Absent: it cannot be said in AMF0, and they go without. */
  readonly amf0?: Uint8Array | undefined;
}

/** What the length field of a chunk or an FLV tag can say. */
export const maxPayloadBytes = 0xff_ffff;

/** The payload, without the format byte of type 15, in AMF0; `undefined`: there is none. For audio and video, theirs. */
export function amf0Payload(message: LiveMessage): Uint8Array | undefined {
  return message.messageTypeId === messageTypes.dataAmf3 ? message.amf0 : message.payload;
}

/** Data is of type 15 for players that agreed on object encoding 3, and of type 18 for the rest. [Errata §8.1.1] */
export function typeFor(message: LiveMessage, objectEncoding: ObjectEncoding): number {
  if (!isData(message)) return message.messageTypeId;
  return objectEncoding === 3 ? messageTypes.dataAmf3 : messageTypes.dataAmf0;
}

/** The payload that goes with `typeFor`; `undefined`: such players do not get the message. */
export function payloadFor(message: LiveMessage, objectEncoding: ObjectEncoding): Uint8Array | undefined {
  if (objectEncoding === 0) return amf0Payload(message);
  return message.messageTypeId === messageTypes.dataAmf0 ? withFormatByte(message.payload) : message.payload;
}

/** The body of a message of type 15 [Errata §7.2]; `undefined` where it gets too long for a message. */
export function withFormatByte(values: Uint8Array): Uint8Array | undefined {
  if (values.length >= maxPayloadBytes) return undefined;
  const payload = new Uint8Array(values.length + 1);
  payload.set(values, 1);
  return payload;
}

/** Bytes of the payload in all its forms. */
export function payloadBytes({ payload, amf0 }: LiveMessage): number {
  return payload.length + (amf0?.length ?? 0);
}

function isData({ messageTypeId }: LiveMessage): boolean {
  return messageTypeId === messageTypes.dataAmf0 || messageTypeId === messageTypes.dataAmf3;
}
