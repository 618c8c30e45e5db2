export { type BoundAddress, bind } from './bind.js';
export { Reception } from './reception.js';
export { RtmpConnections } from './rtmp-connections.js';
export { RtmpListener } from './rtmp-listener.js';
export { acceptWebSocket, type WebSocketPeer } from './web-socket-transport.js';
