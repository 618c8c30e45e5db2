import { RtmpUsageError } from '@millrace/protocol';
import type { ByteConnection, OpenOptions } from './byte-connection.js';
import type { Platform } from './platform.js';
import type { RtmpUrl } from './rtmp-url.js';
import { openWebSocket, type WebSocketLike } from './web-socket-connection.js';

/** The little of the page's global object that is used: the types of a whole DOM are not Node's. */
interface BrowserGlobal {
  readonly WebSocket: new (url: string) => WebSocketLike;
  readonly crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
}

const browser = globalThis as unknown as BrowserGlobal;

export const platform: Platform = {
  crypto: {
    randomBytes: (count) => browser.crypto.getRandomValues(new Uint8Array(count)),
    // Browsers compute HMAC only behind a promise, and the sessions have none.
    hmacSha256: () => {
      throw new RtmpUsageError('ERR_RTMP_HANDSHAKE_UNSUPPORTED', 'browsers have the simple handshake only');
    },
  },
  handshakes: ['simple'],
  identifySwf: () => {
    throw new RtmpUsageError('ERR_SWF_UNSUPPORTED', 'browsers cannot answer SWF verification');
  },
  openConnection: open,
};

async function open(url: RtmpUrl, options: OpenOptions): Promise<ByteConnection> {
  if (url.webSocketUrl === undefined) {
    throw new RtmpUsageError(
      'ERR_RTMP_SCHEME_UNSUPPORTED',
      `${url.scheme}: cannot be reached from a browser: use ws: or wss:`,
    );
  }
  const address = url.webSocketUrl;
  const create = (): WebSocketLike => {
    const socket = new browser.WebSocket(address);
    socket.binaryType = 'arraybuffer';
    return socket;
  };
  return await openWebSocket(create, url, options);
}
