import {
  Amf3Value,
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  encodeAmf0,
  messageTypes,
  parseMetadata,
  RtmpUsageError,
} from '@millrace/protocol';
import { encodeAmf0Form } from './amf0-form.js';
import { type LiveMessage, maxPayloadBytes, withFormatByte } from './live-message.js';

const property = 'cdn_ip';
/** Before the members of an AMF0 object, and before the count and members of an ECMA array. [AMF0 §2.5, §2.10] */
const objectMarker = 0x03;
const ecmaArrayMarker = 0x08;
const countBytes = 4;

/** What players are to find as `cdn_ip`; `undefined`: nothing. `configured`: `service.cdnIp`. */
export function cdnAddress(configured: string, localAddress: string | undefined): string | undefined {
  if (configured !== 'auto') return configured === '' ? undefined : configured;
  // Nobody else can reach it.
  const isLoopback = localAddress === undefined || localAddress === '::1' || localAddress.startsWith('127.');
  return isLoopback ? undefined : localAddress;
}

/**
 * `onMetaData` with the address in it, in place of another one. All else stays byte for byte where that is possible: in
 * AMF0 without an address. What is malformed or has no members comes back unchanged.
 */
export function withCdnAddress(message: LiveMessage, address: string): LiveMessage {
  const isAmf3 = message.messageTypeId === messageTypes.dataAmf3;
  const payload = isAmf3 ? message.payload.subarray(1) : message.payload;
  const { handler, values, complete } = parseMetadata(payload);
  const [members] = values;
  if (!complete || !(members instanceof AmfObject || members instanceof AmfEcmaArray)) return message;
  if (!isAmf3 && !members.properties.has(property)) {
    const longer = insert(payload, encodeAmf0([handler]).length, address);
    if (longer !== undefined) return { ...message, payload: longer };
  }
  members.properties.set(property, address);
  return encodeAnew(message, [handler, ...values], isAmf3) ?? message;
}

/** `undefined`: something else than members stands at `offset`, or it gets too long. */
function insert(payload: Uint8Array, offset: number, address: string): Uint8Array | undefined {
  const marker = payload[offset];
  if (marker !== objectMarker && marker !== ecmaArrayMarker) return undefined;
  const at = offset + 1 + (marker === ecmaArrayMarker ? countBytes : 0);
  const name = encodeAmf0([property]).subarray(1); // Names have no marker. [AMF0 §2.5]
  const value = encodeAmf0([address]);
  if (payload.length + name.length + value.length > maxPayloadBytes) return undefined;
  const longer = new Uint8Array(payload.length + name.length + value.length);
  longer.set(payload.subarray(0, at));
  longer.set(name, at);
  longer.set(value, at + name.length);
  longer.set(payload.subarray(at), at + name.length + value.length);
  if (marker === ecmaArrayMarker) {
    const view = new DataView(longer.buffer, at - countBytes, countBytes);
    view.setUint32(0, Math.min(view.getUint32(0) + 1, 0xffff_ffff));
  }
  return longer;
}

function encodeAnew(message: LiveMessage, values: readonly AmfValue[], isAmf3: boolean): LiveMessage | undefined {
  try {
    if (!isAmf3) {
      const payload = encodeAmf0(values);
      return payload.length <= maxPayloadBytes ? { ...message, payload } : undefined;
    }
    const inAmf3 = values.map((value) => (typeof value === 'object' && value !== null ? new Amf3Value(value) : value));
    const payload = withFormatByte(encodeAmf0(inAmf3));
    return payload && { ...message, payload, amf0: encodeAmf0Form(values, message.payload.length) };
  } catch (error) {
    if (error instanceof RtmpUsageError) return undefined;
    throw error;
  }
}
