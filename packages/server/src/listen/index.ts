export { type BoundAddress, bind } from './bind.js';
export { RtmpListener } from './rtmp-listener.js';
