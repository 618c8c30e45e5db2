import type { RtmpUrl } from '@millrace/client';
import { type ServerPlace, type StreamPath, wellFormed } from '../model/index.js';

/** Where the page connects with RTMP over WebSocket, and the service that bears the stream's name. */
export interface RoomAddress {
  readonly url: RtmpUrl;
  readonly serviceName: string;
}

const securePort = 443;
const plainPort = 80;

/** The page's own query goes along: it may hold what lets the person in. */
export function roomAddress({ pageUrl, query = '' }: ServerPlace, { app, name }: StreamPath): RoomAddress {
  const endpoint = new URL('./rtmp', pageUrl);
  const isSecure = endpoint.protocol === 'https:';
  endpoint.protocol = isSecure ? 'wss:' : 'ws:';
  const queried = `${wellFormed(app)}${query}`;
  return {
    url: {
      scheme: isSecure ? 'wss' : 'ws',
      host: endpoint.hostname,
      port: endpoint.port === '' ? (isSecure ? securePort : plainPort) : Number(endpoint.port),
      app: queried,
      streamName: undefined,
      tcUrl: `${endpoint.href}/${queried}`,
      connectArgs: [],
      webSocketUrl: endpoint.href,
    },
    serviceName: `${wellFormed(name)}${query}`,
  };
}
