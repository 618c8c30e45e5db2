import {
  type AmfValue,
  decodeAmf0,
  formatStoredDanmu,
  formatStoredMessage,
  RtmpRemoteError,
  RtmpUsageError,
} from '@millrace/protocol';
import type { SentMessage } from '../service/index.js';

/** What was taken by the limits of the server is not measured by others. */
const limits = { maxContentLength: 65_536, maxUserLength: 65_536, maxRoomLength: 65_536 };

/** The line of a message at a time of a recording, ms; `undefined`: it is too long, or AMF0 has no form for it. */
export function storedLine(message: SentMessage, mediaTimeMs: number): string | undefined {
  const { receivedAtMs, header, danmu } = message;
  try {
    if (danmu !== undefined) return formatStoredDanmu({ mediaTimeMs, receivedAtMs, header, danmu }, limits);
    const content = contentOf(message);
    return content === undefined ? undefined : formatStoredMessage({ mediaTimeMs, receivedAtMs, header, content });
  } catch (error) {
    if (error instanceof RtmpUsageError || error instanceof RtmpRemoteError) return undefined;
    throw error;
  }
}

/** Behind name, transaction id and header. */
function contentOf({ amf0 }: SentMessage): AmfValue {
  return amf0 === undefined ? undefined : decodeAmf0(amf0)[3];
}
