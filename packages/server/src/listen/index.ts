export { type BoundAddress, bind } from './bind.js';
export { httpHint } from './http-hint.js';
export { Reception } from './reception.js';
export { RtmpConnections } from './rtmp-connections.js';
export { RtmpListener } from './rtmp-listener.js';
export type { RtmpTransport, TransportEvents } from './rtmp-transport.js';
export { RtmpeTransport } from './rtmpe-transport.js';
export type { TcpPeer } from './tcp-transport.js';
export { acceptWebSocket, type WebSocketPeer } from './web-socket-transport.js';
