import {
  Amf0Decoder,
  Amf3Value,
  type AmfValue,
  ByteReader,
  encodeAmf0,
  messageTypes,
  type RawMessage,
  RtmpRemoteError,
  RtmpUsageError,
  stripSetDataFrame,
} from '@millrace/protocol';
import { encodeAmf0Form } from './amf0-form.js';
import { type LiveMessage, withFormatByte } from './live-message.js';

/** What a data message from a publisher asks of the server. [RTMP §7.1.2], and what encoders send in fact. */
export type PublishedData =
  /** Pass it on; when `handler` is given, late joiners get it too. */
  | { readonly action: 'pass'; readonly message: LiveMessage; readonly handler: string | undefined }
  /** Late joiners no longer get what was set for `handler`; nothing is passed on. */
  | { readonly action: 'clear'; readonly handler: string }
  | { readonly action: 'drop' };

const setDataFrame = '@setDataFrame';
const clearDataFrame = '@clearDataFrame';
/** Before an AMF0 string. */
const stringMarker = 2;
/** Before an AMF3 value among AMF0 ones. */
const amf3Marker = 0x11;
/** Longer handler names than this are passed on but not looked into. */
const maxHandlerBytes = 256;

/**
 * Takes `@setDataFrame` off (players are given the bare `onMetaData`) and recognises `@clearDataFrame`. What holds no
 * AMF3 becomes type 18, whichever type it came in; what does becomes type 15 with an AMF0 form beside it, made here once
 * for all players. Payloads that are not understood pass unchanged: data is the publisher's, not ours. Only to those who
 * read AMF0 alone nothing is given that may hold AMF3.
 */
export function readPublishedData(message: RawMessage): PublishedData {
  const isExtended = message.messageTypeId === messageTypes.dataAmf3;
  let payload = message.payload;
  if (isExtended) {
    // Some senders leave the format byte out: a value comes first then.
    if (payload[0] === 0) payload = payload.subarray(1);
    else if (payload[0] !== stringMarker && payload[0] !== amf3Marker) return { action: 'drop' };
  }
  if (payload.includes(amf3Marker)) {
    const read = readValues(payload);
    if (read.hasAmf3 || (isExtended && !read.complete)) return readAmf3Data(message, payload, read);
  }
  return readAmf0Data(message, payload);
}

function readAmf0Data(message: RawMessage, payload: Uint8Array): PublishedData {
  const bare = stripSetDataFrame(payload);
  const first = readShortString(bare, 0);
  if (bare !== payload) return pass(message, bare, first?.text);
  if (first?.text === clearDataFrame) {
    const handler = readShortString(payload, first.end);
    return handler === undefined ? { action: 'drop' } : { action: 'clear', handler: handler.text };
  }
  // Some encoders send onMetaData bare; it describes the stream all the same.
  return pass(message, payload, first?.text === 'onMetaData' ? first.text : undefined);
}

function pass(message: RawMessage, payload: Uint8Array, handler: string | undefined): PublishedData {
  if (payload.length === 0) return { action: 'drop' };
  return { action: 'pass', message: { ...message, messageTypeId: messageTypes.dataAmf0, payload }, handler };
}

interface ReadValues {
  /** As far as they can be read. */
  readonly values: readonly AmfValue[];
  readonly complete: boolean;
  /** Whether one of them, or of those inside, is in AMF3. */
  readonly hasAmf3: boolean;
}

function readValues(payload: Uint8Array): ReadValues {
  const reader = new ByteReader(payload);
  const decoder = new Amf0Decoder(reader);
  const values: AmfValue[] = [];
  try {
    while (reader.remaining > 0) values.push(decoder.readValue());
  } catch (error) {
    if (!(error instanceof RtmpRemoteError)) throw error;
    return { values, complete: false, hasAmf3: decoder.hasReadAmf3 };
  }
  return { values, complete: true, hasAmf3: decoder.hasReadAmf3 };
}

function readAmf3Data(message: RawMessage, payload: Uint8Array, { values, complete }: ReadValues): PublishedData {
  const [first, second] = values;
  if (first === clearDataFrame) {
    const cleared = handlerOf(second);
    return cleared === undefined ? { action: 'drop' } : { action: 'clear', handler: cleared };
  }
  const isSet = first === setDataFrame;
  const bareValues = isSet ? values.slice(1) : values;
  if (complete && bareValues.length === 0) return { action: 'drop' };
  const bare = isSet ? withoutFirst(payload, bareValues, complete) : payload;
  const extended = bare && withFormatByte(bare);
  if (extended === undefined) return { action: 'drop' };
  const amf0 = complete ? encodeAmf0Form(bareValues, payload.length) : undefined;
  const handler = handlerOf(bareValues[0]);
  return {
    action: 'pass',
    message: { ...message, messageTypeId: messageTypes.dataAmf3, payload: extended, amf0 },
    handler: isSet || handler === 'onMetaData' ? handler : undefined,
  };
}

/** The payload without `@setDataFrame`, of which `values` are what follows it; `undefined`: that cannot be had. */
function withoutFirst(payload: Uint8Array, values: readonly AmfValue[], complete: boolean): Uint8Array | undefined {
  const bare = stripSetDataFrame(payload);
  if (bare !== payload) return bare;
  if (!complete) return undefined;
  // A name in AMF3 is in the message's table of strings, which later ones refer to: without it, all is numbered anew.
  try {
    return encodeAmf0(
      values.map((value) => (typeof value === 'object' && value !== null ? new Amf3Value(value) : value)),
    );
  } catch (error) {
    if (error instanceof RtmpUsageError) return undefined;
    throw error;
  }
}

function handlerOf(value: AmfValue): string | undefined {
  return typeof value === 'string' && Buffer.byteLength(value) <= maxHandlerBytes ? value : undefined;
}

/** An AMF0 string at `offset` and where it ends; `undefined` when something else is there. */
function readShortString(payload: Uint8Array, offset: number): { text: string; end: number } | undefined {
  if (payload[offset] !== stringMarker) return undefined;
  const length = ((payload[offset + 1] ?? 0) << 8) | (payload[offset + 2] ?? 0);
  const end = offset + 3 + length;
  if (length > maxHandlerBytes || end > payload.length) return undefined;
  return { text: Buffer.from(payload.buffer, payload.byteOffset + offset + 3, length).toString('utf8'), end };
}
