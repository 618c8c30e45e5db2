export { tunnelPeerOf } from './tunnel-peer.js';
export { TunnelRequests } from './tunnel-requests.js';
export { TunnelServer } from './tunnel-server.js';
export { TunnelSessions } from './tunnel-sessions.js';
