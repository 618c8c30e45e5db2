import type { LiveMessage, WireEncoding } from '../live/index.js';

/** The messages as they go to the client, in memory of its own; nothing where the client gets none of them. */
export function encodeMessages(messages: readonly LiveMessage[], encoding: WireEncoding): Uint8Array {
  const lengths = messages.map((message) => encoding.encodedLength(message));
  const bytes = Buffer.allocUnsafeSlow(lengths.reduce((sum, one) => sum + one, 0));
  let at = 0;
  messages.forEach((message, i) => {
    if (lengths[i] !== 0) at = encoding.write(bytes, at, message);
  });
  return bytes;
}
