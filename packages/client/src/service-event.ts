import {
  AmfDictionary,
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  type Danmu,
  type RtmpRemoteError,
  type ServiceMessage,
  type StatusInfo,
} from '@millrace/protocol';

export type ServiceStreamEvent =
  | { readonly type: 'danmu'; readonly danmu: Danmu; readonly message: ServiceMessage }
  /** Any other service type, and responses that nothing waits for. */
  | { readonly type: 'message'; readonly message: ServiceMessage }
  /** A service message that does not have the format; `error` names the member. */
  | { readonly type: 'invalid'; readonly error: RtmpRemoteError }
  | { readonly type: 'status'; readonly status: StatusInfo };

const eventBytes = 512;
const valueBytes = 16;

/** About how much memory a waiting event takes. */
export function serviceEventBytes(event: ServiceStreamEvent): number {
  return 'message' in event
    ? eventBytes + valueWeight(event.message.headerValue) + valueWeight(event.message.content)
    : eventBytes;
}

/** References in AMF may make circles: what was seen counts once. */
function valueWeight(value: AmfValue, seen = new Set<AmfValue>()): number {
  if (typeof value === 'string') return valueBytes + 2 * value.length;
  if (typeof value !== 'object' || value === null || seen.has(value)) return valueBytes;
  seen.add(value);
  if (value instanceof Uint8Array) return valueBytes + value.length;
  let bytes = valueBytes;
  for (const [name, member] of membersOf(value)) bytes += valueWeight(name, seen) + valueWeight(member, seen);
  return bytes;
}

function* membersOf(value: AmfValue & object): Generator<readonly [AmfValue, AmfValue]> {
  if (value instanceof AmfObject || value instanceof AmfEcmaArray) yield* value.properties;
  else if (value instanceof AmfDictionary) yield* value.entries;
  const items = Array.isArray(value) ? value : 'items' in value && Array.isArray(value.items) ? value.items : [];
  for (const item of items) yield [null, item];
}
