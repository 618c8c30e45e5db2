import { messageTypes, type RawMessage, stripSetDataFrame } from '@millrace/protocol';

/** What a data message from a publisher asks of the server. [RTMP §7.1.2], and what encoders send in fact. */
export type PublishedData =
  /** Pass it on; when `handler` is given, late joiners get it too. */
  | { readonly action: 'pass'; readonly message: RawMessage; readonly handler: string | undefined }
  /** Late joiners no longer get what was set for `handler`; nothing is passed on. */
  | { readonly action: 'clear'; readonly handler: string }
  | { readonly action: 'drop' };

const clearDataFrame = '@clearDataFrame';
/** Before an AMF0 string. */
const stringMarker = 2;
/** Longer handler names than this are passed on but not looked into. */
const maxHandlerBytes = 256;

/**
 * Takes `@setDataFrame` off (players are given the bare `onMetaData`), recognises `@clearDataFrame`, and turns the
 * extended form (type 15, a format byte of 0 before the values) into type 18, which every player reads. Payloads that
 * are not understood pass unchanged: data is the publisher's, not ours.
 */
export function readPublishedData(message: RawMessage): PublishedData {
  let payload = message.payload;
  if (message.messageTypeId === messageTypes.dataAmf3) {
    // Some senders leave the format byte out: a string comes first then.
    if (payload[0] === 0) payload = payload.subarray(1);
    else if (payload[0] !== stringMarker) return { action: 'drop' };
  }
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

/** An AMF0 string at `offset` and where it ends; `undefined` when something else is there. */
function readShortString(payload: Uint8Array, offset: number): { text: string; end: number } | undefined {
  if (payload[offset] !== stringMarker) return undefined;
  const length = ((payload[offset + 1] ?? 0) << 8) | (payload[offset + 2] ?? 0);
  const end = offset + 3 + length;
  if (length > maxHandlerBytes || end > payload.length) return undefined;
  return { text: Buffer.from(payload.buffer, payload.byteOffset + offset + 3, length).toString('utf8'), end };
}
