import { inflateSync } from 'node:zlib';
import { identifySwf } from '@millrace/protocol';
import { type ClientOptions, WebSocket } from 'ws';
import type { ByteConnection, OpenOptions } from './byte-connection.js';
import { nodeCrypto } from './node-crypto.js';
import { openTcp, tlsOptions } from './open-tcp.js';
import { openTunnel } from './open-tunnel.js';
import type { Platform } from './platform.js';
import type { RtmpUrl } from './rtmp-url.js';
import { RtmpeConnection } from './rtmpe-connection.js';
import { openWebSocket } from './web-socket-connection.js';

/** A server may send as much in one message as it likes to write at a time; ours cuts it at 1 MiB. */
const maxPayload = 64 * 1024 * 1024;
/** Of an SWF file before compression. The largest games had a tenth of it. */
const maxSwfBytes = 256 * 1024 * 1024;

export const platform: Platform = {
  crypto: nodeCrypto,
  handshakes: ['simple', 'digest'],
  identifySwf: (file) => identifySwf(file, { crypto: nodeCrypto, inflate }),
  openConnection: open,
};

async function open(url: RtmpUrl, options: OpenOptions): Promise<ByteConnection> {
  switch (url.scheme) {
    case 'rtmp':
    case 'rtmps':
      return await openTcp(url, options);
    case 'rtmpe':
      return new RtmpeConnection(await openTcp(url, options), nodeCrypto, options.rtmpeVersion);
    case 'rtmpt':
    case 'rtmpts':
      return await openTunnel(url, options);
    case 'rtmpte':
      return new RtmpeConnection(await openTunnel(url, options), nodeCrypto, options.rtmpeVersion);
    case 'ws':
    case 'wss':
      // Not Node's own WebSocket: Node 20 has none, and it cannot be paused.
      return await openWebSocket(() => new WebSocket(url.webSocketUrl ?? '', webSocketOptions(options)), url, options);
    default:
      return url.scheme satisfies never;
  }
}

function inflate(bytes: Uint8Array): Uint8Array {
  return inflateSync(bytes, { maxOutputLength: maxSwfBytes });
}

function webSocketOptions({ tls }: OpenOptions): ClientOptions {
  return { perMessageDeflate: false, maxPayload, ...(tls && tlsOptions(tls)) };
}
